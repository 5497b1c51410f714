import { type ConditionValue, isoSeconds } from "../../../api/mod.ts";
import type { Annotating, ObjectKey } from "../../../kube/types.ts";
import type { Outcome } from "../../runtime/outcome.ts";
import type { Plan, PlannedEvent, PlannedMeasure } from "../../runtime/plan.ts";
import { keepsEverything, markRoutine, removeRun, type RunFacts, withoutMissing } from "../../shared/mod.ts";
import type { BackupConfigWorld } from "../world.ts";
import { doubtEvents, isKnownActive, newestSeen, retentionCondition } from "./active.ts";
import {
  chooseRuns,
  pendingRuns,
  type RetentionChoice,
  type RetentionStatus,
  runsThatCount,
  secondsUntilShown,
} from "./choice.ts";
import { inheritedCondition, inheritedEvents } from "./inherited.ts";
import { notWholeEvents, notWholeStatus, wholeCondition } from "./not_whole.ts";

/** A safety net: normally a watch shows that a Backup is gone. */
const GOING_RECHECK_SECONDS = 30;
/** A doubt may end without a watched change. */
const DOUBT_RECHECK_SECONDS = 300;

/** The part of a plan that retention decides. */
interface RetentionStep
  extends Required<Pick<Plan, "annotate" | "remove" | "conditions" | "events" | "measures">> {
  readonly status: RetentionStatus;
  /** Names of the Backups to read live before anything is deleted. */
  readonly asks: readonly string[];
  /** When there may be more to do without a change. */
  readonly recheckAfterSeconds: number | undefined;
}

/**
 * What retention does in a pass. It lists in status the Backups that will go. It deletes, a few at a time, those that
 * were listed long enough. `outcome` is the state of the recipe. With `hasChanges` the pass has something else to write,
 * and deletes nothing: if a deletion then fails halfway, the pass that finds it done reports it, and only that one.
 */
export function planRetention(
  world: BackupConfigWorld,
  outcome: Outcome,
  hasChanges: boolean,
  now: Date,
): RetentionStep {
  const runs = runsThatCount(world);
  const saved = withoutMissing(runs).filter(({ saved }) => saved.length > 0);
  const condition = retentionCondition(world, saved, outcome, now);
  const mayDelete = condition?.status === "True" && isKnownActive(world) && !hasChanges;
  const choice = chooseRuns(world, runs, mayDelete, now);
  const status = retentionStatus(world, saved, choice, now);
  const whole = wholeCondition(world, choice);
  const inherited = inheritedCondition(world, saved);
  return {
    annotate: [...marks(world.key, choice.going), ...withdrawnMarks(world, choice.toDelete)],
    remove: choice.going.map((run) => removeRun(world.key.namespace, run)),
    conditions: [
      condition === undefined
        ? { kind: "remove", type: "RetentionActive" }
        : { kind: "set", value: condition },
      whole,
      inherited,
    ],
    events: [
      ...goneEvents(choice.gone),
      ...doubtEvents(world.status, condition),
      ...notWholeEvents(world, choice, whole),
      ...inheritedEvents(world, inherited),
    ],
    measures: goneMeasures(world.key, choice.gone),
    status,
    asks: choice.asks,
    recheckAfterSeconds: recheckAfter(status, condition, mayDelete, now),
  };
}

function recheckAfter(
  { pending = [] }: RetentionStatus,
  condition: ConditionValue | undefined,
  mayDelete: boolean,
  now: Date,
): number | undefined {
  if (condition?.reason === "RetentionHeld") return DOUBT_RECHECK_SECONDS;
  if (condition?.status !== "True" || pending.length === 0) return undefined;
  const shownLater = mayDelete ? GOING_RECHECK_SECONDS : 1;
  const waits = pending.map((run) => {
    const seconds = Math.ceil(secondsUntilShown(run, now));
    return seconds > 0 ? seconds : shownLater;
  });
  return Math.min(...waits);
}

/** The retention part of the status after the chosen deletions. */
function retentionStatus(
  world: BackupConfigWorld,
  saved: readonly RunFacts[],
  choice: RetentionChoice,
  now: Date,
): RetentionStatus {
  const { spec, generation, status: { retention: before } } = world;
  const { going, gone, rest } = choice;
  const active = world.runs.filter((run) => !run.hasFailed && !going.includes(run));
  const pending = pendingRuns(rest, before, generation, now);
  const [pendingSince] = pending.map(({ since }) => since).toSorted();
  const { notWhole } = notWholeStatus(choice);
  const newest = newestSeen({ runs: saved, remembered: before?.newest, now });
  return {
    activeBackupCount: active.length,
    pendingCount: rest.length,
    ...(keepsEverything(spec.retention) ? {} : { forGeneration: generation }),
    ...(pendingSince === undefined ? {} : { pending: [...pending], pendingSince }),
    ...(newest === undefined ? {} : { newest }),
    ...(notWhole === undefined ? {} : { notWhole }),
    ...lastPrune(gone, before, now),
  };
}

function lastPrune(
  gone: readonly string[],
  before: RetentionStatus | undefined,
  now: Date,
): Pick<RetentionStatus, "lastPruneAt" | "lastPruneDeleted"> {
  if (gone.length > 0) return { lastPruneAt: isoSeconds(now), lastPruneDeleted: gone.length };
  const { lastPruneAt, lastPruneDeleted } = before ?? {};
  return {
    ...(lastPruneAt === undefined ? {} : { lastPruneAt }),
    ...(lastPruneDeleted === undefined ? {} : { lastPruneDeleted }),
  };
}

/** Marks runs as deleted by retention, so that the breaker does not ask a person. */
function marks(
  { namespace }: ObjectKey,
  going: readonly RunFacts[],
): readonly Annotating[] {
  return going.filter(({ isMarked }) => !isMarked).map((run) => markRoutine(namespace, run, "retention"));
}

/** Removes the mark from runs that are kept after all: if a person deletes one of them, the breaker counts it. */
function withdrawnMarks(
  { key, runs }: BackupConfigWorld,
  toDelete: readonly RunFacts[],
): readonly Annotating[] {
  const marked = runs.filter(({ isMarked }) => isMarked);
  return marked.filter((run) => !toDelete.includes(run)).map((run) => markRoutine(key.namespace, run, null));
}

const MOST_NAMED = 5;

/** The Event with the number of deleted runs and the first names. */
function goneEvents(gone: readonly string[]): readonly PlannedEvent[] {
  if (gone.length === 0) return [];
  const names = gone.slice(0, MOST_NAMED).map((name) => `"${name}"`).join(", ");
  const more = gone.length > MOST_NAMED ? ` and ${gone.length - MOST_NAMED} more` : "";
  const noun = gone.length === 1 ? "Backup" : "Backups";
  return [{
    type: "Normal",
    reason: "RetentionApplied",
    action: "Prune",
    note: `Deleted ${gone.length} ${noun} that no rule of spec.retention keeps: ${names}${more}`,
  }];
}

/** Counts the deleted runs. */
function goneMeasures(
  { namespace, name }: ObjectKey,
  gone: readonly string[],
): readonly PlannedMeasure[] {
  if (gone.length === 0) return [];
  const labels = { namespace, name, by: "retention" } as const;
  return [{ kind: "add", metric: "kopiur_backup_pruned_total", labels, value: gone.length }];
}
