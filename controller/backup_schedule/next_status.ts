import { isDeepStrictEqual } from "node:util";
import type { DueSlot } from "./due_slot.ts";
import type { SlotDecision } from "./decide_slot.ts";
import type { History } from "./history.ts";
import { runName } from "./run_name.ts";
import type { ScheduleRun } from "./schedule_run.ts";
import type { Timetable } from "../../api/cron/mod.ts";
import { type BackupScheduleWorld, type NextStatus, recordedStatus, textOf } from "./world.ts";

/** The status with the history, whatever else the pass finds. */
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

/** The status after runs were deleted. */
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

/** True when the status needs no write. */
export function saysAll({ status }: BackupScheduleWorld, next: NextStatus): boolean {
  return isDeepStrictEqual(onTheWire(recordedStatus(status)), onTheWire(next));
}

/** The resolved spec: cron without H, and time zone. */
export function resolvedStatus(
  { cron, timezone, intervalSeconds }: Timetable,
): Pick<NextStatus, "resolved"> {
  return { resolved: { cron, timezone, intervalSeconds } };
}

/** The status after the due slots were decided. */
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

/** The next Backup: of a waiting slot, else of the next slot; undefined when none ever comes. */
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

/** The value as JSON has it: without undefined fields. */
function onTheWire(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
