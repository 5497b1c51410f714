import { type BackupScheduleWorld, CLOCK_TOLERANCE_MS, timeOf } from "./world.ts";
import type { Timetable } from "../../api/cron/mod.ts";

/** Of a longer absence no more slots are counted one by one. */
const MISSED_MAX = 1000;

/** Slots that passed without a Backup, and for which none is made any more; there is at least one. */
export interface MissedSlots {
  readonly count: number;
  /** True when there were more than were counted. */
  readonly isMore: boolean;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Which slot is to be dealt with now. All times are milliseconds since the epoch. */
export interface DueSlot {
  /** The newest slot that is due and was not dealt with; at most one, whatever the time that passed. */
  readonly slotMs: number | undefined;
  readonly missed: MissedSlots | undefined;
  /** Slots up to here need no second look, once this one is dealt with. */
  readonly handledUntilMs: number;
  /** Slots up to here were dealt with before the clock was put back; those that have a Backup were reported then. */
  readonly repeatsUntilMs: number | undefined;
}

/** The slot that is due at a moment. */
export function dueSlot(world: BackupScheduleWorld, timetable: Timetable, nowMs: number): DueSlot {
  const { handledUntilMs, pendingMs } = beginning(world, timetable, nowMs);
  const repeatsUntilMs = repeatsUntil(world, handledUntilMs);
  let newest = timetable.slotUpTo(nowMs);
  // Its jitter may still be running.
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
  /** A slot from before that was due and still waits. */
  readonly pendingMs: number | undefined;
}

/**
 * Where counting goes on. It begins anew, now, when the cron expression or its zone was changed, when the schedule was
 * suspended or made no sense meanwhile, and when the clock was put back: slots from before then mean nothing.
 */
function beginning(world: BackupScheduleWorld, timetable: Timetable, nowMs: number): Beginning {
  const { status, spec, createdMs, serverNow } = world;
  const second = Math.floor(nowMs / 1000) * 1000;
  const handled = timeOf(status.handledUntil);
  if (handled === undefined) {
    const isNew = status.observedGeneration === undefined;
    return {
      // How long ago it was made its own clock tells; that one may be any.
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

/** How far the slots were dealt with before the clock was put back, until that is past. */
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
