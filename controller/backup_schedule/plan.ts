import { findCondition } from "../../api/mod.ts";
import type { Outcome } from "../runtime/outcome.ts";
import type { Plan, PlannedEvent } from "../runtime/plan.ts";
import { markRoutine, removeRun } from "../shared/mod.ts";
import { decideSlot } from "./decide_slot.ts";
import { desiredBackup, replacing } from "./desired.ts";
import { dueSlot } from "./due_slot.ts";
import {
  nextSlotStatus,
  resolvedStatus,
  saysAll,
  statusOfHistory,
  withRemovals,
  withSlots,
} from "./next_status.ts";
import { type History, historyOf } from "./history.ts";
import { joinNotices, type Notices, noticesOfHistory, noticesOfMissed, noticesOfSlot } from "./notices.ts";
import { runsToStop } from "./runs_to_read_live.ts";
import { readTimetable, type Timetable } from "../../api/cron/mod.ts";
import { type BackupScheduleWorld, type NextStatus, textOf } from "./world.ts";

/** The longest recheck, so that a jump of the clock is noticed within the hour. */
const RECHECK_MAX_SECONDS = 3600;
const RECHECK_MIN_SECONDS = 1;

/** A plan with the status after it was applied. */
export interface BackupSchedulePlan extends Plan {
  readonly next: NextStatus;
}

/** Makes the Backup of the newest due slot, and deletes runs over the history limits. */
export function planBackupSchedule(world: BackupScheduleWorld, now: Date): BackupSchedulePlan {
  const reading = readTimetable(world.spec.schedule, world.uid);
  if (reading.kind === "senseless") {
    const outcome = { kind: "stalled", reason: "InvalidSpec", message: reading.why } as const;
    return idlePlan(world, now, { outcome, events: [], next: { resolved: undefined } });
  }
  return world.spec.schedule.suspend
    ? planSuspended(world, now, reading.timetable)
    : planSlots(world, now, reading.timetable);
}

/** Makes nothing and records since when, so that slots from then on do not count as missed. */
function planSuspended(world: BackupScheduleWorld, now: Date, timetable: Timetable): BackupSchedulePlan {
  const { suspendedSince } = world.status;
  const message = "The schedule makes no Backups while spec.schedule.suspend is true";
  const event = { type: "Normal", reason: "Suspended", action: "Suspend", note: message } as const;
  return idlePlan(world, now, {
    outcome: { kind: "settled", reason: "Suspended", message, ready: "False" },
    events: suspendedSince === undefined ? [event] : [],
    next: { ...resolvedStatus(timetable), suspendedSince: suspendedSince ?? textOf(now.getTime()) },
  });
}

interface Idle {
  readonly outcome: Extract<Outcome, { kind: "settled" | "stalled" }>;
  readonly events: readonly PlannedEvent[];
  readonly next: Partial<NextStatus>;
}

/** A pass that handles no slot. */
function idlePlan(
  world: BackupScheduleWorld,
  now: Date,
  { outcome, events, next }: Idle,
): BackupSchedulePlan {
  const history = historyOf(world, now.getTime());
  const limits = limiting(world, history, { ...statusOfHistory(world, history), ...next });
  const recheck = limits.isDone ? {} : { recheckAfterSeconds: RECHECK_MIN_SECONDS };
  return {
    annotate: limits.annotate,
    create: [],
    remove: limits.remove,
    conditions: [],
    outcome: { ...outcome, ...recheck },
    ...joinNotices({ events, measures: [] }, limits.notices),
    next: limits.next,
  };
}

function planSlots(world: BackupScheduleWorld, now: Date, timetable: Timetable): BackupSchedulePlan {
  const nowMs = now.getTime();
  const due = dueSlot(world, timetable, nowMs);
  const { slotMs, repeatsUntilMs, handledUntilMs, missed } = due;
  const decision = slotMs === undefined
    ? undefined
    : decideSlot(world, { slotMs, repeatsUntilMs }, timetable, nowMs);
  const made = decision?.kind === "made" ? decision : undefined;
  const coming = timetable.slotAfter(handledUntilMs);
  const nextSlot = nextSlotStatus(world, timetable, decision?.kind === "waiting" ? decision.slotMs : coming);
  const history = historyOf(world, nowMs);
  const limits = limiting(world, history, {
    ...withSlots(statusOfHistory(world, history), due, decision),
    ...resolvedStatus(timetable),
    ...nextSlot,
  });
  const recheckAfterSeconds = limits.isDone && (made?.replaces ?? []).length === 0
    ? secondsUntil(coming === undefined ? undefined : timetable.startOf(coming), nowMs)
    : RECHECK_MIN_SECONDS;
  const notices = joinNotices(noticesOfMissed(world, missed), noticesOfSlot(world, decision), limits.notices);
  return {
    annotate: limits.annotate,
    create: made === undefined || made.isThere ? [] : [desiredBackup(world, made.name)],
    remove: limits.remove,
    conditions: [],
    ...outcomeOf(world, nextSlot.nextSchedule, recheckAfterSeconds, notices),
    next: limits.next,
  };
}

interface Limits extends Required<Pick<Plan, "annotate" | "remove">> {
  readonly next: NextStatus;
  readonly notices: Notices;
  /** False when another pass must stop or delete more. */
  readonly isDone: boolean;
}

/**
 * Stops replaced runs and deletes those over the history limits. A deletion is marked as
 * routine, so that it never counts as a mistake. Only runs that were read live, and only in that
 * version. Nothing while the status has another change: a failed write ends a pass, and must not hide what else the pass
 * did. So a new Backup is made and recorded in a pass before the one that stops the runs it replaces.
 */
function limiting(world: BackupScheduleWorld, history: History, next: NextStatus): Limits {
  const stops = runsToStop(world);
  const removals = history.surplus.filter(({ resourceVersion }) => resourceVersion !== undefined);
  if (!saysAll(world, next)) {
    const isDone = stops.length === 0 && history.surplus.length === 0;
    return { annotate: [], remove: [], next, notices: noticesOfHistory(world, []), isDone };
  }
  const { namespace } = world.key;
  return {
    annotate: [
      ...stops.map((run) => replacing(world, run)),
      ...removals.map((run) => markRoutine(namespace, run, "history")),
    ],
    remove: removals.map((run) => removeRun(namespace, run)),
    next: withRemovals(next, history, removals),
    notices: noticesOfHistory(world, removals),
    isDone: stops.length === 0 && removals.length === history.surplus.length && !history.isMore,
  };
}

/** A schedule is ready when it will make a Backup. */
function outcomeOf(
  { key, spec, hasConfig, status }: BackupScheduleWorld,
  nextSlot: NextStatus["nextSchedule"],
  recheckAfterSeconds: number,
  notices: Notices,
): Notices & { readonly outcome: Outcome } {
  const config = spec.configRef.name;
  if (!hasConfig) {
    const message =
      `BackupConfig "${config}" does not exist in namespace "${key.namespace}", expected the one ` +
      "this BackupSchedule names; the newest slot is made up for once it is there";
    const event = {
      type: "Warning",
      reason: "ConfigNotFound",
      action: "CreateBackupConfig",
      note: message,
    } as const;
    const isNew = findCondition(status.conditions, "Ready")?.reason !== "ConfigNotFound";
    return {
      outcome: { kind: "waiting", reason: "ConfigNotFound", message, recheckAfterSeconds },
      ...(isNew ? joinNotices(notices, { events: [event], measures: [] }) : notices),
    };
  }
  if (nextSlot === undefined) {
    const message =
      `Cannot make Backups by "${spec.schedule.cron}": there is no such day in any year, expected days that a month has`;
    return { outcome: { kind: "stalled", reason: "NeverDue", message }, ...notices };
  }
  const message = `The next Backup is made at ${nextSlot.startAt}`;
  return {
    outcome: {
      kind: "settled",
      reason: "Ready",
      message,
      ready: "True",
      recheckAfterSeconds,
      isPunctual: true,
    },
    ...notices,
  };
}

function secondsUntil(momentMs: number | undefined, nowMs: number): number {
  const seconds = momentMs === undefined ? RECHECK_MAX_SECONDS : (momentMs - nowMs) / 1000;
  return Math.min(RECHECK_MAX_SECONDS, Math.max(RECHECK_MIN_SECONDS, seconds));
}
