import { type BackupScheduleWorld, CLOCK_TOLERANCE_MS, timeOf } from "./world.ts";
import type { Timetable } from "../../api/cron/mod.ts";

/** The most slots that are counted after one absence. */
const MISSED_MAX = 1000;

/** Slots that passed without a Backup and get none any more; at least one. */
export interface MissedSlots {
  readonly count: number;
  /** True when there were more than were counted. */
  readonly isMore: boolean;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** The slot to handle now. All times are milliseconds since the epoch. */
export interface DueSlot {
  /** The newest due slot that was not handled yet; at most one, however much time passed. */
  readonly slotMs: number | undefined;
  readonly missed: MissedSlots | undefined;
  /** Slots up to here are done once this one is handled. */
  readonly handledUntilMs: number;
  /** Slots up to here were handled before the clock was set back; those with a Backup were reported then. */
  readonly repeatsUntilMs: number | undefined;
}

/** The slot that is due at `nowMs`. */
export function dueSlot(world: BackupScheduleWorld, timetable: Timetable, nowMs: number): DueSlot {
  const { handledUntilMs, pendingMs } = beginning(world, timetable, nowMs);
  const repeatsUntilMs = repeatsUntil(world, handledUntilMs);
  let newest = timetable.slotUpTo(nowMs);
  // The jitter of the newest slot may not be over yet.
  while (newest !== undefined && newest > handledUntilMs && timetable.startOf(newest) > nowMs) {
    newest = timetable.slotUpTo(newest - 1000);
  }
  if (newest === undefined || newest <= handledUntilMs) {
    return { slotMs: pendingMs, missed: undefined, handledUntilMs, repeatsUntilMs };
  }
  return {
    slotMs: newest,
    missed: slotsBefore(newest, { handledUntilMs, pendingMs }, timetable),
    handledUntilMs: newest,
    repeatsUntilMs,
  };
}

interface Beginning {
  readonly handledUntilMs: number;
  /** An earlier due slot that still waits. */
  readonly pendingMs: number | undefined;
}

/**
 * Where counting continues. It restarts now when the cron expression or its zone changed, when the schedule was
 * suspended or invalid meanwhile, and when the clock was set back: earlier slots then mean nothing.
 */
function beginning(world: BackupScheduleWorld, timetable: Timetable, nowMs: number): Beginning {
  const { status, spec, createdMs, serverNow } = world;
  const second = Math.floor(nowMs / 1000) * 1000;
  const handled = timeOf(status.handledUntil);
  if (handled === undefined) {
    const isNew = status.observedGeneration === undefined;
    return {
      // The age of the schedule by the API server's clock, as ours may differ.
      handledUntilMs: isNew ? nowMs - Math.max(0, serverNow.getTime() - createdMs) : second,
      pendingMs: spec.schedule.runOnCreate && status.lastSchedule === undefined ? createdMs : undefined,
    };
  }
  const goesOn = status.resolved?.cron === timetable.cron &&
    status.resolved.timezone === timetable.timezone &&
    status.suspendedSince === undefined && handled <= nowMs + CLOCK_TOLERANCE_MS;
  const pending = timeOf(status.pendingSlot);
  return {
    handledUntilMs: goesOn ? handled : second,
    pendingMs: pending !== undefined && pending <= nowMs + CLOCK_TOLERANCE_MS ? pending : undefined,
  };
}

/** How far the slots were handled before the clock was set back, until that time is over. */
function repeatsUntil({ status }: BackupScheduleWorld, handledUntilMs: number): number | undefined {
  const knownMs = Math.max(timeOf(status.repeatsUntil) ?? 0, timeOf(status.handledUntil) ?? 0);
  return knownMs > handledUntilMs ? knownMs : undefined;
}

/** Everything that was due before the newest slot. */
function slotsBefore(
  newestMs: number,
  { handledUntilMs, pendingMs }: Beginning,
  timetable: Timetable,
): MissedSlots | undefined {
  const slots: number[] = pendingMs === undefined ? [] : [pendingMs];
  let slot = timetable.slotAfter(handledUntilMs);
  while (slot !== undefined && slot < newestMs && slots.length < MISSED_MAX) {
    slots.push(slot);
    slot = timetable.slotAfter(slot);
  }
  const [first] = slots;
  if (first === undefined) return undefined;
  const isMore = slot !== undefined && slot < newestMs;
  const lastMs = (isMore ? timetable.slotUpTo(newestMs - 1000) : undefined) ?? slots.at(-1) ?? first;
  return { count: slots.length, isMore, firstMs: first, lastMs };
}
