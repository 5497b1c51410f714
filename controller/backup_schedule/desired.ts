import { ANNOTATION, API_VERSION, backupKind, LABEL } from "../../api/mod.ts";
import type { Annotating, DesiredObject, Removal } from "../../kube/types.ts";
import { labelValue, resourceOf } from "../shared/mod.ts";
import type { ScheduleRun } from "./schedule_run.ts";
import type { BackupScheduleWorld } from "./world.ts";

const BACKUP = resourceOf(backupKind);

/**
 * The Backup of a slot. It is tied to its schedule by label and has no owner: whoever deletes a schedule does not mean
 * the backups (design D8).
 */
export function desiredBackup({ key, spec }: BackupScheduleWorld, name: string): DesiredObject {
  const { configRef, backupTemplate: { tags, description, deletionPolicy, failurePolicy } = {} } = spec;
  return {
    apiVersion: API_VERSION,
    kind: backupKind.kind,
    metadata: {
      name,
      namespace: key.namespace,
      labels: {
        [LABEL.origin]: "scheduled",
        [LABEL.schedule]: labelValue(key.name),
        [LABEL.config]: labelValue(configRef.name),
      },
    },
    spec: {
      configRef: { name: configRef.name },
      ...(tags === undefined ? {} : { tags }),
      ...(description === undefined ? {} : { description }),
      ...(deletionPolicy === undefined ? {} : { deletionPolicy }),
      ...(failurePolicy === undefined ? {} : { failurePolicy }),
    },
  };
}

/** The word to a run that it is to be stopped for a newer one. */
export function replacing({ key }: BackupScheduleWorld, { name, uid }: ScheduleRun): Annotating {
  return annotating(key.namespace, { name, uid }, { [ANNOTATION.cancelRun]: "Replaced" });
}

/** The word that a run is deleted as a matter of routine. */
export function forgetting({ key }: BackupScheduleWorld, { name, uid }: ScheduleRun): Annotating {
  return annotating(key.namespace, { name, uid }, { [ANNOTATION.deletedBy]: "history" });
}

/** The deletion of a run. */
export function removalOf({ key }: BackupScheduleWorld, { name, uid }: ScheduleRun): Removal {
  return { resource: BACKUP, key: { namespace: key.namespace, name }, uid, propagation: "Background" };
}

function annotating(
  namespace: string,
  { name, uid }: { readonly name: string; readonly uid: string },
  annotations: Annotating["annotations"],
): Annotating {
  return { resource: BACKUP, key: { namespace, name }, uid, annotations };
}
