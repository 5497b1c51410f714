import type { BackupConfigStatus } from "../../../api/mod.ts";
import {
  judgeRuns,
  newestWholeRuns,
  repositoryKeyText,
  type RetentionJudgement,
  type RunFacts,
} from "../../shared/mod.ts";
import type { BackupConfigWorld } from "../world.ts";

/** How many Backups of a recipe are deleted at the same time, with those whose snapshots are still being deleted. */
const MOST_GOING = 10;

/** What a pass does with the runs that no rule keeps. */
export interface RetentionChoice extends Pick<RetentionJudgement<RunFacts>, "odd" | "heldBack"> {
  /** No rule keeps them; the oldest first. */
  readonly toDelete: readonly RunFacts[];
  /** Of those: deleted by this pass. */
  readonly going: readonly RunFacts[];
  /** Names of those that are gone and that status still names as pending: their deletion is reported now. */
  readonly gone: readonly string[];
  /** Those that will go later. */
  readonly rest: readonly RunFacts[];
  /**
   * Names of the Backups that decide a deletion now: those that would go, and those that hold the newest whole snapshots
   * of the same sources.
   */
  readonly asks: readonly string[];
}

/**
 * What a pass does with the runs that no rule keeps. A run goes only when status named it long enough, and when it was
 * read live together with the runs that stay in its place.
 */
export function chooseRuns(
  { spec, status, generation, deleting, live }: BackupConfigWorld,
  runs: readonly RunFacts[],
  mayDelete: boolean,
  now: Date,
): RetentionChoice {
  const { prune: toDelete, odd, heldBack } = judgeRuns(spec.retention, runs);
  const shown = shownNames(status.retention, generation, now);
  // Marked and not deleted: a controller died in between, or the cache does not show it yet.
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
    // Marked and no longer named: it was reported already and is going, as the cache will show.
    rest: toDelete.filter((run) => !going.includes(run) && (!run.isMarked || named.has(run.name))),
    asks: [...new Set(due.flatMap((run) => questions(run, newest)))],
  };
}

/** The run, and those that hold the newest whole snapshots of its sources. */
function questions(
  { name, saved }: RunFacts,
  newest: readonly ReadonlyMap<string, string>[],
): readonly string[] {
  return [name, ...newest.flatMap((each) => saved.flatMap(({ path }) => each.get(path) ?? []))];
}

/**
 * The runs that count, newest first: those that Succeeded, and those that Failed but hold a snapshot, in the
 * repository the recipe writes to now. What is in another one, or in one that had the same name before, stays until
 * a person deletes it; a Failed run that holds nothing is for the limits of its schedule.
 */
export function runsThatCount({ key, spec, repository, runs }: BackupConfigWorld): readonly RunFacts[] {
  const writtenTo = repositoryKeyText(spec.repository, key.namespace);
  const uniqueId = repository.kind === "found" ? repository.value.uniqueId : undefined;
  return runs.filter((run) =>
    (!run.hasFailed || run.saved.length > 0) && run.repository === writtenTo && isSame(run.uniqueId)
  );

  // While the repository is unknown nothing is deleted; what would go is still named.
  function isSame(own: string | undefined): boolean {
    return own === undefined || uniqueId === undefined || own === uniqueId;
  }
}

/** What status says of retention. */
export type RetentionStatus = NonNullable<BackupConfigStatus["retention"]>;

/** A Backup that status names as one that will go. */
type PendingRun = NonNullable<RetentionStatus["pending"]>[number];

/** How long a Backup is named in status before it may go, so that a bad edit can be seen and undone. */
const SHOWN_SECONDS = 60;
/** How many Backups status names; the schema's limit. */
const NAMED = 20;

/**
 * The runs that will go and that status names, oldest first. A run that was named before keeps its time, unless the spec
 * was edited since: then the time of all of them starts again.
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

/** Names of the runs that status named long enough. */
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
