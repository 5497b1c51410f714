import { isDeepStrictEqual } from "node:util";
import type { DueSlot } from "./due_slot.ts";
import type { SlotDecision } from "./decide_slot.ts";
import type { History } from "./history.ts";
import { runName } from "./run_name.ts";
import type { ScheduleRun } from "./schedule_run.ts";
import type { Timetable } from "../../api/cron/mod.ts";
import { type BackupScheduleWorld, factsOf, type ScheduleFacts, textOf } from "./world.ts";

/** What a schedule says of its history, whatever else is the matter with it. */
export function factsOfHistory({ status }: BackupScheduleWorld, history: History): ScheduleFacts {
  const facts = factsOf(status);
  return {
    ...facts,
    nextSchedule: undefined,
    lastSuccessfulSchedule: history.lastSuccess,
    consecutiveFailures: history.consecutiveFailures,
    missedSlots: facts.missedSlots ?? { total: 0 },
    skippedSlots: facts.skippedSlots ?? { forbid: 0, startingDeadline: 0 },
    removedRuns: {
      total: facts.removedRuns?.total ?? 0,
      failuresInARow: history.forgottenFailures,
      last: facts.removedRuns?.last ?? [],
    },
  };
}

/** The facts with runs that are deleted. */
export function withRemovals(
  facts: ScheduleFacts,
  { lastSuccessMs, forgottenFailures }: History,
  removals: readonly ScheduleRun[],
): ScheduleFacts {
  if (removals.length === 0) return facts;
  const inARow = removals.filter(({ state, slotMs }) => state === "Failed" && slotMs > lastSuccessMs).length;
  return {
    ...facts,
    removedRuns: {
      total: (facts.removedRuns?.total ?? 0) + removals.length,
      failuresInARow: forgottenFailures + inARow,
      last: removals.map(({ name }) => name),
    },
  };
}

/** True when there is nothing to note: the status says it all. */
export function saysAll({ status }: BackupScheduleWorld, facts: ScheduleFacts): boolean {
  return isDeepStrictEqual(onTheWire(factsOf(status)), onTheWire(facts));
}

/** What the spec means, written out. */
export function resolvedFacts(
  { cron, timezone, intervalSeconds }: Timetable,
): Pick<ScheduleFacts, "resolved"> {
  return { resolved: { cron, timezone, intervalSeconds } };
}

/** The facts with what became of the slots that were due. */
export function withSlots(
  facts: ScheduleFacts,
  { missed, handledUntilMs, repeatsUntilMs }: DueSlot,
  decision: SlotDecision | undefined,
): ScheduleFacts {
  const { missedSlots, skippedSlots } = facts;
  const { forbid = 0, startingDeadline = 0 } = skippedSlots ?? {};
  const counted = {
    ...facts,
    suspendedSince: undefined,
    handledUntil: textOf(handledUntilMs),
    repeatsUntil: repeatsUntilMs === undefined ? undefined : textOf(repeatsUntilMs),
    pendingSlot: undefined,
    ...(missed === undefined
      ? {}
      : { missedSlots: { total: (missedSlots?.total ?? 0) + missed.count, lastAt: textOf(missed.lastMs) } }),
  };
  switch (decision?.kind) {
    case undefined:
    case "known":
      return counted;
    case "held":
      return { ...counted, pendingSlot: textOf(decision.slotMs) };
    case "made":
      return {
        ...counted,
        lastSchedule: { at: textOf(decision.slotMs), backupRef: { name: decision.name } },
      };
    case "skipped": {
      const { reason, slotMs } = decision;
      return {
        ...counted,
        skippedSlots: {
          forbid: forbid + (reason === "Forbid" ? 1 : 0),
          startingDeadline: startingDeadline + (reason === "StartingDeadline" ? 1 : 0),
          lastAt: textOf(slotMs),
          lastReason: reason,
        },
      };
    }
  }
}

/** The Backup that comes next: that of a slot which waits, else of the next slot; nothing when none ever comes. */
export function nextFacts(
  { key }: BackupScheduleWorld,
  timetable: Timetable,
  slotMs: number | undefined,
): Pick<ScheduleFacts, "nextSchedule"> {
  if (slotMs === undefined) return {};
  return {
    nextSchedule: {
      at: textOf(slotMs),
      startAt: textOf(timetable.startOf(slotMs)),
      backupRef: { name: runName(key.name, slotMs) },
    },
  };
}

/** As it looks after a trip over the wire: undefined fields are gone. */
function onTheWire(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
