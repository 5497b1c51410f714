import { isDeepStrictEqual } from "node:util";
import type { DueSlot } from "./due_slot.ts";
import type { SlotDecision } from "./decide_slot.ts";
import type { History } from "./history.ts";
import { runName } from "./run_name.ts";
import type { ScheduleRun } from "./schedule_run.ts";
import type { Timetable } from "../../api/cron/mod.ts";
import { type BackupScheduleWorld, type NextStatus, recordedStatus, textOf } from "./world.ts";

/** What a schedule says of its history, whatever else is the matter with it. */
export function statusOfHistory({ status }: BackupScheduleWorld, history: History): NextStatus {
  const next = recordedStatus(status);
  return {
    ...next,
    nextSchedule: undefined,
    lastSuccessfulSchedule: history.lastSuccess,
    consecutiveFailures: history.consecutiveFailures,
    missedSlots: next.missedSlots ?? { total: 0 },
    skippedSlots: next.skippedSlots ?? { forbid: 0, startingDeadline: 0 },
    removedRuns: {
      total: next.removedRuns?.total ?? 0,
      failuresInARow: history.forgottenFailures,
      last: next.removedRuns?.last ?? [],
    },
  };
}

/** The facts with runs that are deleted. */
export function withRemovals(
  next: NextStatus,
  { lastSuccessMs, forgottenFailures }: History,
  removals: readonly ScheduleRun[],
): NextStatus {
  if (removals.length === 0) return next;
  const inARow = removals.filter(({ state, slotMs }) => state === "Failed" && slotMs > lastSuccessMs).length;
  return {
    ...next,
    removedRuns: {
      total: (next.removedRuns?.total ?? 0) + removals.length,
      failuresInARow: forgottenFailures + inARow,
      last: removals.map(({ name }) => name),
    },
  };
}

/** True when there is nothing to note: the status says it all. */
export function saysAll({ status }: BackupScheduleWorld, next: NextStatus): boolean {
  return isDeepStrictEqual(onTheWire(recordedStatus(status)), onTheWire(next));
}

/** What the spec means, written out. */
export function resolvedStatus(
  { cron, timezone, intervalSeconds }: Timetable,
): Pick<NextStatus, "resolved"> {
  return { resolved: { cron, timezone, intervalSeconds } };
}

/** The facts with what became of the slots that were due. */
export function withSlots(
  next: NextStatus,
  { missed, handledUntilMs, repeatsUntilMs }: DueSlot,
  decision: SlotDecision | undefined,
): NextStatus {
  const { missedSlots, skippedSlots } = next;
  const { forbid = 0, startingDeadline = 0 } = skippedSlots ?? {};
  const counted = {
    ...next,
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
    case "waiting":
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
export function nextSlotStatus(
  { key }: BackupScheduleWorld,
  timetable: Timetable,
  slotMs: number | undefined,
): Pick<NextStatus, "nextSchedule"> {
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
