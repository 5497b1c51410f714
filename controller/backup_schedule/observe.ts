import {
  backupConfigKind,
  backupKind,
  backupScheduleKind,
  backupScheduleSpec,
  backupScheduleStatus,
} from "../../api/mod.ts";
import type { ObjectKey, Reader } from "../../kube/types.ts";
import { labelValue, parseObject, resourceOf } from "../shared/mod.ts";
import { scheduleRun } from "./schedule_run.ts";
import { INDEX } from "./watches.ts";
import type { BackupScheduleWorld } from "./world.ts";

const BACKUP = resourceOf(backupKind);
const BACKUP_CONFIG = resourceOf(backupConfigKind);
const BACKUP_SCHEDULE = resourceOf(backupScheduleKind);

/**
 * Reads the world of a BackupSchedule, from the caches only; of the Backups those of this schedule. One that is being
 * deleted is as good as gone: it makes nothing more. Throws StalledError for one that cannot be parsed.
 */
export function observeBackupSchedule(key: ObjectKey, reader: Reader): BackupScheduleWorld | undefined {
  const object = reader.get(BACKUP_SCHEDULE, key);
  if (object === undefined) return undefined;
  const { uid, spec, status, isDeleting } = parseObject(object, backupScheduleSpec, backupScheduleStatus);
  if (isDeleting) return undefined;
  const { namespace, name } = key;
  const config = reader.get(BACKUP_CONFIG, { namespace, name: spec.configRef.name });
  const index = { name: INDEX.backupsBySchedule, value: labelValue(name) };
  return {
    object,
    key,
    uid,
    createdMs: Date.parse(object.metadata.creationTimestamp ?? "") || 0,
    spec,
    status,
    hasConfig: config !== undefined && config.metadata.deletionTimestamp === undefined,
    runs: reader.list(BACKUP, { namespace, index }).map(scheduleRun),
  };
}
