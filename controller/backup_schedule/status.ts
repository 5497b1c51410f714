import type { Applied } from "../runtime/plan.ts";
import type { BackupSchedulePlan } from "./plan.ts";
import { type BackupScheduleWorld, type NextStatus, recordedStatus } from "./world.ts";

/**
 * The status of a BackupSchedule. A failed step is repeated as a whole, so nothing of it is recorded: the Backup
 * it may have made is found by its name.
 */
export function backupScheduleStatusOf(
  { status }: BackupScheduleWorld,
  { next }: BackupSchedulePlan,
  { error }: Applied,
): NextStatus {
  return error === undefined ? next : recordedStatus(status);
}
