import { historyOf } from "./history.ts";
import { isReplaceable, type ScheduleRun } from "./schedule_run.ts";
import { type BackupScheduleWorld, timeOf } from "./world.ts";

/** Names of the runs that may be stopped or deleted, and of the one for whose sake: they are read live. */
export function runsToReadLive(world: BackupScheduleWorld, nowMs: number): readonly string[] {
  const { surplus } = historyOf(world, nowMs);
  const replaced = replacedRuns(world);
  const newest = replaced.length === 0 ? [] : [world.status.lastSchedule?.backupRef.name ?? ""];
  return [...new Set([...newest, ...[...replaced, ...surplus].map(({ name }) => name)])];
}

/**
 * What Replace stops: each run that has not ended and is older than the Backup of the newest slot, once that one
 * stands. It does while it may still save something or did: what is gone, or has failed, takes nobody's place.
 */
export function runsToStop(world: BackupScheduleWorld): readonly ScheduleRun[] {
  const name = world.status.lastSchedule?.backupRef.name;
  const newest = world.runs.find((run) => run.name === name);
  const stands = newest?.resourceVersion !== undefined &&
    (newest.state === "active" || newest.state === "Succeeded");
  return stands ? replacedRuns(world).filter(({ resourceVersion }) => resourceVersion !== undefined) : [];
}

/** At most so many runs are stopped in one pass. */
const STOPS_MAX = 10;

function replacedRuns({ spec, status, runs }: BackupScheduleWorld): readonly ScheduleRun[] {
  const newestMs = timeOf(status.lastSchedule?.at);
  if (spec.schedule.concurrencyPolicy !== "Replace" || newestMs === undefined) return [];
  return runs.filter((run) => isReplaceable(run, newestMs)).toSorted((a, b) => a.slotMs - b.slotMs)
    .slice(0, STOPS_MAX);
}
