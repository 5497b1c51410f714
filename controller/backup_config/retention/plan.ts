import type { ConditionValue } from "../../../api/mod.ts";
import type { Outcome } from "../../runtime/outcome.ts";
import type { Plan } from "../../runtime/plan.ts";
import { removeRun, withoutMissing } from "../../shared/mod.ts";
import { inheritedCondition, inheritedEvents } from "./inherited.ts";
import { notWholeEvents, wholeCondition } from "./not_whole.ts";
import { type RetentionStatus, secondsUntilShown } from "./pending_runs.ts";
import { chooseRuns, runsThatCount } from "./choice.ts";
import { isKnownActive, retentionCondition } from "./condition.ts";
import { retentionStatus } from "./status.ts";
import { goneEvents, goneMeasures, heldEvents } from "./telling.ts";
import { marks, withdrawnMarks } from "./writes.ts";
import type { BackupConfigWorld } from "../world.ts";

/** Watches say when a Backup went; this is for the change no watch shows. */
const GOING_RECHECK_SECONDS = 30;
/** A doubt may end by time alone. */
const HELD_RECHECK_SECONDS = 300;

/** The part of a plan that retention decides. */
export interface RetentionStep
  extends Required<Pick<Plan, "annotate" | "remove" | "conditions" | "events" | "measures">> {
  readonly status: RetentionStatus;
  /** Names of the Backups that must be read live before anything is deleted. */
  readonly asks: readonly string[];
  /** When there may be more to do though nothing changes. */
  readonly recheckAfterSeconds: number | undefined;
}

/**
 * What retention does in a pass: it names in status what is to go, and lets go, a few at a time, what was named long
 * enough. `outcome` is how the recipe stands; `hasNews` that the pass has something else to write down: it then
 * deletes nothing, so that a deletion that fails halfway is told by the pass that finds it done, and once.
 */
export function planRetention(
  world: BackupConfigWorld,
  outcome: Outcome,
  hasNews: boolean,
  now: Date,
): RetentionStep {
  const runs = runsThatCount(world);
  const saved = withoutMissing(runs).filter(({ saved }) => saved.length > 0);
  const condition = retentionCondition(world, saved, outcome, now);
  const mayDelete = condition?.status === "True" && isKnownActive(world) && !hasNews;
  const choice = chooseRuns(world, runs, mayDelete, now);
  const status = retentionStatus(world, saved, choice, now);
  const whole = wholeCondition(world, choice);
  const inherited = inheritedCondition(world, saved);
  return {
    annotate: [...marks(world.key, choice.going), ...withdrawnMarks(world, choice.doomed)],
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
      ...heldEvents(world.status, condition),
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
  if (condition?.reason === "RetentionHeld") return HELD_RECHECK_SECONDS;
  if (condition?.status !== "True" || pending.length === 0) return undefined;
  const shownLater = mayDelete ? GOING_RECHECK_SECONDS : 1;
  const waits = pending.map((run) => {
    const seconds = Math.ceil(secondsUntilShown(run, now));
    return seconds > 0 ? seconds : shownLater;
  });
  return Math.min(...waits);
}
