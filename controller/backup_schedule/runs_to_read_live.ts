import { historyOf } from "./history.ts";
import { isReplaceable, type ScheduleRun } from "./schedule_run.ts";
import { type BackupScheduleWorld, timeOf } from "./world.ts";

/** Names of the runs to read live: those that may be stopped or deleted, and the one that replaces them. */
export function runsToReadLive(world: BackupScheduleWorld, nowMs: number): readonly string[] {
  const { surplus } = historyOf(world, nowMs);
  const replaced = replacedRuns(world);
  const newest = replaced.length === 0 ? [] : [world.status.lastSchedule?.backupRef.name ?? ""];
  return [...new Set([...newest, ...[...replaced, ...surplus].map(({ name }) => name)])];
}

/**
 * The runs that Replace stops: each one that has not ended and is older than the Backup of the newest slot, once that
 * exists and has not failed: a Backup that is gone or has failed replaces nothing.
 */
export function runsToStop(world: BackupScheduleWorld): readonly ScheduleRun[] {
  const name = world.status.lastSchedule?.backupRef.name;
  const newest = world.runs.find((run) => run.name === name);
  const stands = newest?.resourceVersion !== undefined &&
    (newest.state === "active" || newest.state === "Succeeded");
  return stands ? replacedRuns(world).filter(({ resourceVersion }) => resourceVersion !== undefined) : [];
}

/** The most runs stopped in one pass. */
const STOPS_MAX = 10;

function replacedRuns({ spec, status, runs }: BackupScheduleWorld): readonly ScheduleRun[] {
  const newestMs = timeOf(status.lastSchedule?.at);
  if (spec.schedule.concurrencyPolicy !== "Replace" || newestMs === undefined) return [];
  return runs.filter((run) => isReplaceable(run, newestMs)).toSorted((a, b) => a.slotMs - b.slotMs)
    .slice(0, STOPS_MAX);
}
