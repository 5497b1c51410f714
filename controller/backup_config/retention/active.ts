import { type BackupConfigStatus, type ConditionValue, findCondition } from "../../../api/mod.ts";
import type { Outcome } from "../../runtime/outcome.ts";
import type { PlannedEvent } from "../../runtime/plan.ts";
import { keepsEverything, type RunFacts } from "../../shared/mod.ts";
import type { BackupConfigWorld } from "../world.ts";

type Says = Pick<ConditionValue, "status" | "reason" | "message">;

/**
 * The condition RetentionActive: whether retention may delete now; undefined when every Backup is kept. It deletes
 * nothing while a person must act, while the order of the runs is in doubt, or while snapshots cannot be deleted, for
 * then Backups would only pile up in phase Deleting.
 */
export function retentionCondition(
  world: BackupConfigWorld,
  runs: readonly RunFacts[],
  outcome: Outcome,
  now: Date,
): ConditionValue | undefined {
  if (keepsEverything(world.spec.retention)) return undefined;
  return { type: "RetentionActive", ...saysOf(world, runs, outcome, now) };
}

/** Whether the status already has RetentionActive=True. */
export function isKnownActive({ status }: BackupConfigWorld): boolean {
  return findCondition(status.conditions, "RetentionActive")?.status === "True";
}

/** The Event for a new doubt about the order of the runs. */
export function doubtEvents(
  { conditions }: BackupConfigStatus,
  condition: ConditionValue | undefined,
): readonly PlannedEvent[] {
  if (condition?.reason !== "RetentionHeld") return [];
  if (findCondition(conditions, "RetentionActive")?.reason === "RetentionHeld") return [];
  return [{ type: "Warning", reason: "RetentionHeld", action: "Prune", note: condition.message }];
}

function saysOf(
  { object, status, comingBack }: BackupConfigWorld,
  runs: readonly RunFacts[],
  outcome: Outcome,
  now: Date,
): Says {
  if (object.metadata.deletionTimestamp !== undefined) {
    return no("Deleting", "The BackupConfig is being deleted: nothing else is");
  }
  const { reason, message } = outcome;
  const isBlind = reason === "RepositoryNotFound" || reason === "RepositoryNotReady";
  if (outcome.kind === "stalled" || isBlind) return no(reason, `Nothing is deleted meanwhile: ${message}`);
  const doubt = doubtOf({ runs, remembered: status.retention?.newest, comingBack, now });
  if (doubt !== undefined) return no("RetentionHeld", doubt);
  return {
    status: "True",
    reason: "RetentionApplied",
    message: "Backups that no rule of spec.retention keeps are deleted, after status.retention named them",
  };
}

function no(reason: Says["reason"], message: string): Says {
  return { status: "False", reason, message };
}

type Newest = NonNullable<NonNullable<BackupConfigStatus["retention"]>["newest"]>;

/** How much the clocks of nodes, API server and controller may differ. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** What decides whether the order of a recipe's runs is in doubt. */
interface RunOrder {
  /** Runs with a snapshot, newest first. */
  readonly runs: readonly RunFacts[];
  /** The newest run that succeeded and was ever seen. */
  readonly remembered: Newest | undefined;
  /** Names of Backups that were put back and have not adopted their snapshots yet. */
  readonly comingBack: readonly string[];
  readonly now: Date;
}

/**
 * Why the order of the runs is in doubt, as a sentence; undefined when it is not. With a wrong clock retention could
 * delete the newest data as the oldest. After the newest runs were lost it would delete what is left.
 */
export function doubtOf(order: RunOrder): string | undefined {
  const { runs, now, comingBack: [first, ...more] } = order;
  if (first !== undefined) {
    const others = more.length === 0 ? "" : ` and ${more.length} more`;
    return `Backup "${first}"${others} of this BackupConfig ${
      more.length === 0 ? "was" : "were"
    } put back and ` +
      "did not take up the snapshots yet: nothing is deleted until then";
  }
  const early = runs.find(({ timeMs, isExempt }) => !isExempt && timeMs > now.getTime() + CLOCK_TOLERANCE_MS);
  if (early !== undefined) {
    return `Backup "${early.name}" ended at ${
      isoOf(early.timeMs)
    }, which is still to come, so a clock is wrong: ` +
      "nothing is deleted until then, expected it to be pinned or deleted";
  }
  // A Backup that was put back ended before it was made, without a wrong clock.
  const late = runs.find(({ timeMs, createdMs, isExempt, isInherited }) =>
    !isExempt && !isInherited && timeMs < createdMs - CLOCK_TOLERANCE_MS
  );
  if (late !== undefined) {
    return `Backup "${late.name}" ended at ${isoOf(late.timeMs)}, before it was made at ` +
      `${
        isoOf(late.createdMs)
      }, so a clock is wrong: nothing is deleted, expected it to be pinned or deleted`;
  }
  const newest = newestSeen(order);
  const whole = newestWhole(runs);
  // Without a run there is nothing to delete.
  if (runs.length === 0 || newest === undefined || newest.name === whole?.name) return undefined;
  return `Backup "${newest.name}" of ${newest.endTime} was the newest and is not there any more, and none is as ` +
    "new: nothing is deleted, expected a newer Backup to succeed first";
}

/**
 * The newest successful run with a snapshot ever seen, even if it is gone. One whose end is in the future is
 * forgotten together with its run.
 */
export function newestSeen(
  { runs, remembered, now }: Omit<RunOrder, "comingBack">,
): Newest | undefined {
  const first = newestWhole(runs);
  const known = first === undefined ? undefined : { name: first.name, endTime: isoOf(first.timeMs) };
  const rememberedMs = Date.parse(remembered?.endTime ?? "");
  if (remembered === undefined || rememberedMs > now.getTime() + CLOCK_TOLERANCE_MS) return known;
  return first === undefined || rememberedMs > first.timeMs ? remembered : known;
}

/** Stopped runs do not count: losing one makes retention delete no other. */
function newestWhole(runs: readonly RunFacts[]): RunFacts | undefined {
  return runs.find(({ hasFailed }) => !hasFailed);
}

function isoOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
