import {
  ANNOTATION,
  type BackupSpec,
  backupSpec,
  type BackupStatus,
  backupStatus,
  FINALIZER,
  StalledError,
} from "../../api/mod.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../../kube/types.ts";

/** A Backup, parsed. */
export interface BackupObject {
  readonly key: ObjectKey;
  readonly uid: string;
  readonly generation: number;
  readonly spec: BackupSpec;
  readonly status: BackupStatus;
  readonly isDeleting: boolean;
  readonly holdsFinalizer: boolean;
  /** A person asked to drop the finalizer without touching the repository. */
  readonly skipsCleanup: boolean;
}

/** Parses a Backup. Throws StalledError (InvalidSpec) for one this version cannot understand. */
export function parseBackup(object: KubeObject): BackupObject {
  const { metadata } = object;
  const spec = backupSpec.safeParse(object.spec);
  if (!spec.success) throw unreadable(object, "spec", spec.error);
  const status = backupStatus.safeParse(object.status ?? {});
  if (!status.success) throw unreadable(object, "status", status.error);
  return {
    key: keyOf(object),
    uid: metadata.uid ?? "",
    generation: metadata.generation ?? 0,
    spec: spec.data,
    status: status.data,
    isDeleting: metadata.deletionTimestamp !== undefined,
    holdsFinalizer: metadata.finalizers?.includes(FINALIZER) === true,
    skipsCleanup: metadata.annotations?.[ANNOTATION.skipSnapshotCleanup] === "true",
  };
}

type ParseError = NonNullable<ReturnType<typeof backupSpec.safeParse>["error"]>;

function unreadable(
  object: KubeObject,
  half: "spec" | "status",
  error: Pick<ParseError, "issues">,
): StalledError {
  const issue = error.issues[0];
  const at = [half, ...(issue?.path ?? [])].join(".");
  return new StalledError(
    "InvalidSpec",
    `Cannot read Backup "${object.metadata.name}": ${at}: ${issue?.message ?? "is not as the schema says"}`,
    { cause: error },
  );
}
