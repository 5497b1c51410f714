import type { BackupConfigStatus } from "../../../api/mod.ts";
import {
  judgeRuns,
  newestWholeRuns,
  repositoryKeyText,
  type RetentionJudgement,
  type RunFacts,
} from "../../shared/mod.ts";
import type { BackupConfigWorld } from "../world.ts";

/** The most Backups of a recipe in deletion at the same time, until their snapshots are deleted. */
const MOST_GOING = 10;

/** The runs that no rule keeps, and which of them go now. */
export interface RetentionChoice extends Pick<RetentionJudgement<RunFacts>, "odd" | "heldBack"> {
  /** All of them, the oldest first. */
  readonly toDelete: readonly RunFacts[];
  /** Those deleted by this pass. */
  readonly going: readonly RunFacts[];
  /** Names of deleted ones that status still lists as pending: their deletion is reported now. */
  readonly gone: readonly string[];
  /** Those that will go later. */
  readonly rest: readonly RunFacts[];
  /**
   * Names of the Backups that decide a deletion now: those that would go, and those with the newest whole snapshots
   * of the same sources.
   */
  readonly asks: readonly string[];
}

/**
 * Decides which of the runs that no rule keeps go now. A run goes only when status listed it long enough, and when it was
 * read live together with the runs that stay.
 */
export function chooseRuns(
  { spec, status, generation, deleting, live }: BackupConfigWorld,
  runs: readonly RunFacts[],
  mayDelete: boolean,
  now: Date,
): RetentionChoice {
  const { prune: toDelete, odd, heldBack } = judgeRuns(spec.retention, runs);
  const shown = shownNames(status.retention, generation, now);
  // Marked but not deleted: a controller died in between, or the cache lags.
  const resumed = toDelete.filter(({ isMarked }) => isMarked).slice(0, MOST_GOING);
  const room = Math.max(0, MOST_GOING - deleting.length - resumed.length);
  const batch = toDelete.filter(({ name, isMarked }) => !isMarked && shown.has(name)).slice(0, room);
  const due = mayDelete ? [...resumed, ...batch] : [];
  const newest = due.length === 0 ? [] : newestWholeRuns(runs);
  const going = due.filter((run) => questions(run, newest).every((name) => live.has(name)));
  const named = new Set(status.retention?.pending?.map(({ name }) => name));
  return {
    odd,
    heldBack,
    toDelete,
    going,
    gone: [...deleting, ...going.map(({ name }) => name)].filter((name) => named.has(name)),
    // Marked and not listed any more: its deletion was reported already, and the cache lags.
    rest: toDelete.filter((run) => !going.includes(run) && (!run.isMarked || named.has(run.name))),
    asks: [...new Set(due.flatMap((run) => questions(run, newest)))],
  };
}

/** The run, and those with the newest whole snapshots of its sources. */
function questions(
  { name, saved }: RunFacts,
  newest: readonly ReadonlyMap<string, string>[],
): readonly string[] {
  return [name, ...newest.flatMap((each) => saved.flatMap(({ path }) => each.get(path) ?? []))];
}

/**
 * The runs that count, newest first: those that Succeeded, and those that Failed but have a snapshot, in the
 * recipe's current repository. Runs in another one, or in an earlier one of the same name, stay until
 * a person deletes them; a Failed run without a snapshot is under the limits of its schedule.
 */
export function runsThatCount({ key, spec, repository, runs }: BackupConfigWorld): readonly RunFacts[] {
  const writtenTo = repositoryKeyText(spec.repository, key.namespace);
  const uniqueId = repository.kind === "found" ? repository.value.uniqueId : undefined;
  return runs.filter((run) =>
    (!run.hasFailed || run.saved.length > 0) && run.repository === writtenTo && isSame(run.uniqueId)
  );

  // While the repository is unknown nothing is deleted, but status still lists what would go.
  function isSame(own: string | undefined): boolean {
    return own === undefined || uniqueId === undefined || own === uniqueId;
  }
}

/** The retention part of the status. */
export type RetentionStatus = NonNullable<BackupConfigStatus["retention"]>;

/** A Backup that status lists as pending deletion. */
type PendingRun = NonNullable<RetentionStatus["pending"]>[number];

/** How long status lists a Backup before it may go, so that a wrong edit can be seen and undone. */
const SHOWN_SECONDS = 60;
/** The most Backups that status lists; the schema's limit. */
const NAMED = 20;

/**
 * The pending runs that status lists, oldest first. A run that was listed before keeps its time, unless the spec
 * was edited since: then the time of all starts again.
 */
export function pendingRuns(
  runs: readonly RunFacts[],
  before: RetentionStatus | undefined,
  generation: number,
  now: Date,
): readonly PendingRun[] {
  const since = new Map(stillPending(before, generation).map((each) => [each.name, each.since]));
  return runs.slice(0, NAMED).map(({ name, timeMs }) => ({
    name,
    endTime: new Date(timeMs).toISOString(),
    since: since.get(name) ?? now.toISOString(),
  }));
}

/** Names of the runs that status listed long enough. */
function shownNames(
  before: RetentionStatus | undefined,
  generation: number,
  now: Date,
): ReadonlySet<string> {
  const shown = stillPending(before, generation).filter((run) => secondsUntilShown(run, now) <= 0);
  return new Set(shown.map(({ name }) => name));
}

/** Seconds until a run may go; not positive when it may. */
export function secondsUntilShown({ since }: PendingRun, now: Date): number {
  return SHOWN_SECONDS - (now.getTime() - Date.parse(since)) / 1000;
}

function stillPending(before: RetentionStatus | undefined, generation: number): readonly PendingRun[] {
  return before?.forGeneration === generation ? before.pending ?? [] : [];
}
