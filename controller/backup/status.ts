import type { SnapshotEntry } from "../../api/mod.ts";
import type { Applied } from "../runtime/plan.ts";
import { type BackupPlan, type BackupWorld, currentStatus, type NextStatus } from "./world/world.ts";

/**
 * The status of a Backup after a pass.
 * - A Job could not be made: status names only the Jobs that were made.
 * - The finalizer could not be dropped: status stays as it is, so that the pass that drops it reports the end.
 * - A removal failed: status still says everything that was found.
 */
export function backupStatusOf(
  world: BackupWorld,
  plan: BackupPlan,
  applied: Applied,
): Readonly<Record<string, unknown>> {
  const { backup, object } = world;
  // Fields this release does not know are kept; the engine fills in the conditions.
  if (backup.unreadable !== undefined) {
    return typeof object.status === "object" && object.status !== null ? { ...object.status } : {};
  }
  if (applied.error === undefined) return { ...plan.next, origin: backup.origin };
  const failed = afterFailure(world, plan, applied);
  return plan.finalizer === "absent" ? { ...failed } : { ...failed, origin: backup.origin };
}

function afterFailure({ backup }: BackupWorld, plan: BackupPlan, { objects }: Applied): NextStatus {
  const before = currentStatus(backup.status);
  if (plan.finalizer === "absent") return before;
  if (objects.length === plan.create.length) return plan.next;
  const made = new Set(objects.map(({ desired }) => desired.metadata.name));
  const { resolved, snapshots, timing, traceId } = plan.next;
  const isRun = snapshots?.some(({ job }) => job !== undefined && made.has(job.name)) === true;
  if (!isRun || resolved === undefined) {
    return { ...before, phase: backup.isDeleting ? "Deleting" : before.phase ?? "Pending" };
  }
  const entries =
    snapshots?.map((entry): SnapshotEntry =>
      entry.job !== undefined && made.has(entry.job.name)
        ? entry
        : before.snapshots?.find(({ source }) => source === entry.source) ??
          { source: entry.source, sourcePath: entry.sourcePath, phase: "Pending" }
    ) ?? [];
  return {
    ...before,
    phase: "Running",
    ...(traceId === undefined ? {} : { traceId }),
    resolved,
    snapshots: entries,
    ...(timing === undefined ? {} : { timing: { startTime: timing.startTime } }),
  };
}
