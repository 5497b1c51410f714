import {
  ANNOTATION,
  type BackupSpec,
  backupSpec,
  type BackupStatus,
  backupStatus,
  FINALIZER,
} from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { type ParsedObject, parseObject } from "../shared/mod.ts";

/** A Backup, parsed. */
export interface BackupObject extends ParsedObject<BackupSpec, BackupStatus> {
  readonly holdsFinalizer: boolean;
  /** A person asked to drop the finalizer without touching the repository. */
  readonly skipsCleanup: boolean;
}

/** Parses a Backup. Throws StalledError (InvalidSpec) for one this version cannot understand. */
export function parseBackup(object: KubeObject): BackupObject {
  const { finalizers, annotations } = object.metadata;
  return {
    ...parseObject(object, backupSpec, backupStatus),
    holdsFinalizer: finalizers?.includes(FINALIZER) === true,
    skipsCleanup: annotations?.[ANNOTATION.skipSnapshotCleanup] === "true",
  };
}
