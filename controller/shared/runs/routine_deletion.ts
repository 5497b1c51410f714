import { ANNOTATION, backupKind } from "../../../api/mod.ts";
import type { Annotating, Removal } from "../../../kube/types.ts";
import { resourceOf } from "../objects/resources.ts";

/** The routines that delete Backups; any other value of the annotation is a person's. */
const ROUTINES = ["retention", "history"] as const;
type Routine = typeof ROUTINES[number];

/** A Backup of this uid; with a version, only if it did not change since. */
interface Run {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion?: string | undefined;
}

const BACKUP = resourceOf(backupKind);

/** True for the value of a Backup's {@link ANNOTATION}.deletedBy that names a routine. */
export function isRoutine(deletedBy: string | undefined): boolean {
  return ROUTINES.some((routine) => routine === deletedBy);
}

/** Sets annotations on a Backup. */
export function annotateRun(
  namespace: string,
  run: Run,
  annotations: Annotating["annotations"],
): Annotating {
  return { ...meant(namespace, run), annotations };
}

/** Marks a Backup as deleted by a routine; null removes the mark. */
export function markRoutine(namespace: string, run: Run, routine: Routine | null): Annotating {
  return annotateRun(namespace, run, { [ANNOTATION.deletedBy]: routine });
}

/** The deletion of a Backup; its own pass decides about its snapshots. */
export function removeRun(namespace: string, run: Run): Removal {
  return { ...meant(namespace, run), propagation: "Background" };
}

function meant(namespace: string, { name, uid, resourceVersion }: Run): Omit<Annotating, "annotations"> {
  const seen = resourceVersion === undefined ? {} : { resourceVersion };
  return { resource: BACKUP, key: { namespace, name }, uid, ...seen };
}
