import type { ScheduleRun } from "./schedule_run.ts";
import { type BackupScheduleWorld, CLOCK_TOLERANCE_MS, type NextStatus, textOf, timeOf } from "./world.ts";

/** The most runs deleted in one pass, so that a limit that was lowered by mistake can still be raised. */
const REMOVALS_MAX = 10;

/** The history of a schedule's runs, and which of them are over the limits. */
export interface History {
  readonly lastSuccess: NextStatus["lastSuccessfulSchedule"];
  readonly consecutiveFailures: number;
  /** Failures in a row whose Backup is gone. */
  readonly forgottenFailures: number;
  readonly lastSuccessMs: number;
  /** Runs to delete in this pass, oldest first. */
  readonly surplus: readonly ScheduleRun[];
  /** True when there are more of them. */
  readonly isMore: boolean;
}

/**
 * The history of a schedule. Deleted runs still count: the status remembers the last success, and how many
 * of the failures since were deleted. Times in the future are of a wrong clock and are ignored.
 */
export function historyOf(world: BackupScheduleWorld, nowMs: number): History {
  const { status, spec } = world;
  const removed = new Set(status.removedRuns?.last);
  // The cache may still have deleted runs.
  const runs = world.runs.filter(({ name, slotMs }) => !removed.has(name) && !isAhead(slotMs, nowMs));
  const remembered = status.lastSuccessfulSchedule;
  const rememberedMs = timeOf(remembered?.at) ?? Number.NEGATIVE_INFINITY;
  const newest = newestSuccess(runs);
  const isNewer = newest !== undefined && (newest.slotMs > rememberedMs || isAhead(rememberedMs, nowMs));
  const lastSuccessMs = isNewer
    ? newest.slotMs
    : isAhead(rememberedMs, nowMs)
    ? Number.NEGATIVE_INFINITY
    : rememberedMs;
  const failed = runs.filter(({ state }) => state === "Failed");
  const bare = newestFirst(failed.filter(({ hasSnapshot }) => !hasSnapshot));
  const unchanged = newestFirst(
    runs.filter(({ state, hasSnapshot }) => state === "Succeeded" && !hasSnapshot),
  );
  const inARow = failed.filter(({ slotMs }) => slotMs > lastSuccessMs).length;
  const forgottenFailures = isNewer ? 0 : Math.max(
    status.removedRuns?.failuresInARow ?? 0,
    // Retention, or a person, may have deleted some as well.
    (status.consecutiveFailures ?? 0) - inARow,
  );
  const surplus = [
    ...bare.slice(spec.failedJobsHistoryLimit),
    ...unchanged.slice(spec.successfulJobsHistoryLimit),
  ].filter(({ isKept }) => !isKept).toSorted((a, b) => a.slotMs - b.slotMs);
  return {
    lastSuccess: isNewer
      ? { at: textOf(newest.slotMs), backupRef: { name: newest.name } }
      : lastSuccessMs === rememberedMs
      ? remembered
      : undefined,
    consecutiveFailures: inARow + forgottenFailures,
    forgottenFailures,
    lastSuccessMs,
    surplus: surplus.slice(0, REMOVALS_MAX),
    isMore: surplus.length > REMOVALS_MAX,
  };
}

function newestSuccess(runs: readonly ScheduleRun[]): ScheduleRun | undefined {
  let newest: ScheduleRun | undefined;
  for (const run of runs) {
    if (run.state === "Succeeded" && (newest === undefined || run.slotMs > newest.slotMs)) newest = run;
  }
  return newest;
}

function newestFirst(runs: readonly ScheduleRun[]): readonly ScheduleRun[] {
  return runs.toSorted((a, b) => b.slotMs - a.slotMs);
}

function isAhead(timeMs: number, nowMs: number): boolean {
  return timeMs > nowMs + CLOCK_TOLERANCE_MS;
}
