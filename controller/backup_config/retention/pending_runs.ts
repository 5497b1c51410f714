import type { BackupConfigStatus } from "../../../api/mod.ts";
import type { RunFacts } from "../../shared/mod.ts";

/** What status says of retention. */
export type RetentionStatus = NonNullable<BackupConfigStatus["retention"]>;

/** A Backup that status names as one that will go. */
export type PendingRun = NonNullable<RetentionStatus["pending"]>[number];

/** How long a Backup stands in status before it may go, so that a bad edit can be seen and taken back. */
const SHOWN_SECONDS = 60;
/** How many Backups status names; the schema's limit. */
const NAMED = 20;

/**
 * Of the runs that are to go, those that status names, the oldest first. One that stood there before keeps its time,
 * unless the spec was edited since: then every one begins anew.
 */
export function pendingRuns(
  runs: readonly RunFacts[],
  before: RetentionStatus | undefined,
  generation: number,
  now: Date,
): readonly PendingRun[] {
  const since = new Map(standing(before, generation).map((each) => [each.name, each.since]));
  return runs.slice(0, NAMED).map(({ name, timeMs }) => ({
    name,
    endTime: new Date(timeMs).toISOString(),
    since: since.get(name) ?? now.toISOString(),
  }));
}

/** Names of the runs that stood in status long enough. */
export function shownNames(
  before: RetentionStatus | undefined,
  generation: number,
  now: Date,
): ReadonlySet<string> {
  const shown = standing(before, generation).filter((run) => secondsUntilShown(run, now) <= 0);
  return new Set(shown.map(({ name }) => name));
}

/** Seconds until a run may go; not positive when it may. */
export function secondsUntilShown({ since }: PendingRun, now: Date): number {
  return SHOWN_SECONDS - (now.getTime() - Date.parse(since)) / 1000;
}

function standing(before: RetentionStatus | undefined, generation: number): readonly PendingRun[] {
  return before?.forGeneration === generation ? before.pending ?? [] : [];
}
