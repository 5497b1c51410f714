import {
  backupConfigKind,
  backupKind,
  backupScheduleKind,
  backupScheduleSpec,
  backupScheduleStatus,
  LABEL,
} from "../../api/mod.ts";
import type { ObjectKey, Reader } from "../../kube/types.ts";
import { labelValue, parseObject, resourceOf } from "../shared/mod.ts";
import { runsToReadLive } from "./runs_to_read_live.ts";
import { type ScheduleRun, scheduleRun } from "./schedule_run.ts";
import { INDEX } from "./watches.ts";
import type { BackupScheduleWorld } from "./world.ts";

const BACKUP = resourceOf(backupKind);
const BACKUP_CONFIG = resourceOf(backupConfigKind);
const BACKUP_SCHEDULE = resourceOf(backupScheduleKind);

/**
 * Reads the world of a BackupSchedule from the caches, with the Backups of this schedule. Each Backup that may
 * be stopped or deleted is read live. A schedule that is being deleted counts as gone. Throws StalledError for
 * a schedule that cannot be parsed.
 */
export async function observeBackupSchedule(
  key: ObjectKey,
  reader: Reader,
  signal: AbortSignal,
  now: Date,
): Promise<BackupScheduleWorld | undefined> {
  const object = reader.get(BACKUP_SCHEDULE, key);
  if (object === undefined) return undefined;
  const { uid, spec, status, isDeleting } = parseObject(object, backupScheduleSpec, backupScheduleStatus);
  if (isDeleting) return undefined;
  const { namespace, name } = key;
  const config = reader.get(BACKUP_CONFIG, { namespace, name: spec.configRef.name });
  const index = { name: INDEX.backupsBySchedule, value: labelValue(name) };
  const world: BackupScheduleWorld = {
    object,
    key,
    uid,
    createdMs: Date.parse(object.metadata.creationTimestamp ?? "") || 0,
    serverNow: reader.serverNow() ?? now,
    spec,
    status,
    hasConfig: config !== undefined && config.metadata.deletionTimestamp === undefined,
    runs: reader.list(BACKUP, { namespace, index }).map(scheduleRun),
  };
  const names = runsToReadLive(world, now.getTime());
  if (names.length === 0) return world;
  const asked = await Promise.all(names.map((each) => readRun(key, each, reader, signal)));
  const others = world.runs.filter((run) => !names.includes(run.name));
  return { ...world, runs: [...others, ...asked.filter((run) => run !== undefined)] };
}

/** A run, read live; undefined when it is gone, or not of this schedule any more. */
async function readRun(
  { namespace, name: schedule }: ObjectKey,
  name: string,
  reader: Reader,
  signal: AbortSignal,
): Promise<ScheduleRun | undefined> {
  const backup = await reader.read(BACKUP, { namespace, name }, signal);
  if (backup?.metadata.labels?.[LABEL.schedule] !== labelValue(schedule)) return undefined;
  const { resourceVersion } = backup.metadata;
  return { ...scheduleRun(backup), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
}
