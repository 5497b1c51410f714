import {
  ANNOTATION,
  type BackupOrigin,
  type BackupSpec,
  backupSpec,
  type BackupStatus,
  backupStatus,
  FINALIZER,
  LABEL,
  type Reason,
  StalledError,
} from "../../../api/mod.ts";
import { keyOf, type KubeObject } from "../../../kube/types.ts";
import {
  isConfirmed,
  isRoutine,
  type MissingNote,
  missingNote,
  type ParsedObject,
  parseObject,
  type PutBack,
  putBack,
} from "../../shared/mod.ts";

/** A Backup, parsed. */
export interface BackupObject extends ParsedObject<BackupSpec, BackupStatus> {
  readonly origin: BackupOrigin;
  /** Name of its BackupConfig; empty for a discovered one. */
  readonly configName: string;
  readonly hasFinalizer: boolean;
  /** A person asked to drop the finalizer without touching the repository. */
  readonly skipsCleanup: boolean;
  /** A person confirmed the deletion of its snapshots. */
  readonly confirmsDeletion: boolean;
  /** Retention or the history limit of a schedule deletes it, not a person. */
  readonly isRoutineDeletion: boolean;
  /** Why its run must be stopped, if so. */
  readonly cancelReason: Extract<Reason, "Replaced" | "Cancelled"> | undefined;
  /** The catalog's note about missing snapshots. */
  readonly missingNote: MissingNote | "unreadable" | undefined;
  /** The uid its run was started under, by its annotation. */
  readonly ranAs: string | undefined;
  /** Set when it was put back without its status. */
  readonly putBack: PutBack | undefined;
  /** Why spec and status are empty here: this version cannot read them. */
  readonly unreadable?: string;
}

/**
 * Parses a Backup. Throws StalledError (InvalidSpec) for one this version cannot understand, unless it is being
 * deleted and a person asked to leave its snapshots alone: that needs neither spec nor status.
 */
export function parseBackup(object: KubeObject): BackupObject {
  try {
    return withMarks(object, parseObject(object, backupSpec, backupStatus));
  } catch (error) {
    const mayGo = object.metadata.deletionTimestamp !== undefined && skipsCleanup(object);
    if (!(error instanceof StalledError) || !mayGo) throw error;
    const { uid = "", generation = 0 } = object.metadata;
    const empty = { key: keyOf(object), uid, generation, spec: {}, status: {}, isDeleting: true };
    return { ...withMarks(object, empty), unreadable: error.message };
  }
}

function withMarks(object: KubeObject, parsed: ParsedObject<BackupSpec, BackupStatus>): BackupObject {
  const { finalizers, annotations } = object.metadata;
  const cancel = annotations?.[ANNOTATION.cancelRun];
  return {
    ...parsed,
    origin: originOf(object, parsed.spec),
    configName: parsed.spec.configRef?.name ?? "",
    hasFinalizer: finalizers?.includes(FINALIZER) === true,
    skipsCleanup: skipsCleanup(object),
    confirmsDeletion: isConfirmed(object),
    isRoutineDeletion: isRoutine(annotations?.[ANNOTATION.deletedBy]),
    cancelReason: cancel === undefined ? undefined : cancel === "Replaced" ? "Replaced" : "Cancelled",
    missingNote: missingNote(object),
    ranAs: annotations?.[ANNOTATION.ranAs],
    putBack: putBack(object),
  };
}

function skipsCleanup({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[ANNOTATION.skipSnapshotCleanup] === "true";
}

/** The origin of a Backup. Only the spec makes a Backup discovered; a label cannot. */
export function originOf({ metadata }: KubeObject, { discovered }: BackupSpec): BackupOrigin {
  if (discovered !== undefined) return "discovered";
  const label = metadata.labels?.[LABEL.origin];
  if (label === "scheduled" || label === "manual") return label;
  return metadata.labels?.[LABEL.schedule] === undefined ? "manual" : "scheduled";
}
