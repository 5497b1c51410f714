import type { PlannedEvent, PlannedMeasure } from "../runtime/plan.ts";
import type { SlotDecision } from "./decide_slot.ts";
import type { MissedSlots } from "./due_slot.ts";
import type { ScheduleRun } from "./schedule_run.ts";
import { type BackupScheduleWorld, textOf } from "./world.ts";

const ACTION = "Schedule";

/** Events and measures of a pass; sent once, with the write of the status that records them. */
export interface Notices {
  readonly events: readonly PlannedEvent[];
  readonly measures: readonly PlannedMeasure[];
}

/** The report of missed slots. */
export function noticesOfMissed(world: BackupScheduleWorld, missed: MissedSlots | undefined): Notices {
  if (missed === undefined) return { events: [], measures: [] };
  const { count, isMore, firstMs, lastMs } = missed;
  const slots = count === 1
    ? `The slot ${textOf(firstMs)} passed without a Backup`
    : `${isMore ? "More than " : ""}${count} slots from ${textOf(firstMs)} to ${
      textOf(lastMs)
    } passed without a Backup`;
  const why =
    `${slots}: the controller or the BackupConfig was not there in time. Only the newest slot is made up for`;
  return {
    events: [{ type: "Warning", reason: "MissedSchedule", action: ACTION, note: why }],
    measures: [{
      kind: "add",
      metric: "kopiur_schedule_missed_total",
      labels: labelsOf(world),
      value: count,
    }],
  };
}

/** The report of the decision about a slot. */
export function noticesOfSlot(world: BackupScheduleWorld, decision: SlotDecision | undefined): Notices {
  switch (decision?.kind) {
    case undefined:
    case "waiting":
    case "known":
      return { events: [], measures: [] };
    case "made":
      return {
        events: [{ type: "Normal", reason: "BackupCreated", action: ACTION, note: madeText(decision) }],
        measures: [
          { kind: "add", metric: "kopiur_schedule_backups_created_total", labels: labelsOf(world), value: 1 },
        ],
      };
    case "skipped": {
      const labels = { ...labelsOf(world), reason: decision.reason };
      return {
        events: [skippedEvent(world, decision)],
        measures: [{ kind: "add", metric: "kopiur_schedule_skipped_total", labels, value: 1 }],
      };
    }
  }
}

/** The report of deleted runs. Those of a missing BackupConfig have no series to count in. */
export function noticesOfHistory(
  { key, spec, hasConfig }: BackupScheduleWorld,
  removals: readonly ScheduleRun[],
): Notices {
  if (removals.length === 0) return { events: [], measures: [] };
  const config = spec.configRef.name;
  const counted = hasConfig ? removals.filter((run) => run.config === config).length : 0;
  const labels = { namespace: key.namespace, name: config, by: "history" } as const;
  const names = removals.map(({ name }) => `"${name}"`).join(", ");
  const note = `Deleted ${removals.length} old ${
    removals.length === 1 ? "run" : "runs"
  } without a snapshot: ${names}`;
  return {
    events: [{ type: "Normal", reason: "HistoryLimited", action: "LimitHistory", note }],
    measures: counted === 0
      ? []
      : [{ kind: "add", metric: "kopiur_backup_pruned_total", labels, value: counted }],
  };
}

/** All of it, in order. */
export function joinNotices(...notices: readonly Notices[]): Notices {
  return {
    events: notices.flatMap(({ events }) => events),
    measures: notices.flatMap(({ measures }) => measures),
  };
}

function madeText(decision: Extract<SlotDecision, { kind: "made" }>): string {
  const { name, slotMs, lateSeconds, replaces } = decision;
  const late = lateSeconds < 60 ? "" : `, ${lateSeconds} seconds late`;
  const instead = replaces.length === 0
    ? ""
    : `, in the place of ${replaces.map((run) => `"${run.name}"`).join(", ")}`;
  return `Made Backup "${name}" for the slot ${textOf(slotMs)}${late}${instead}`;
}

function skippedEvent(
  { spec }: BackupScheduleWorld,
  decision: Extract<SlotDecision, { kind: "skipped" }>,
): PlannedEvent {
  const slot = `The slot ${textOf(decision.slotMs)} is left out`;
  switch (decision.reason) {
    case "Forbid": {
      const note = `${slot}: Backup "${decision.by}" has not ended`;
      return { type: "Warning", reason: "SkippedSchedule", action: ACTION, note };
    }
    case "StartingDeadline": {
      const { startingDeadlineSeconds } = spec.schedule;
      const note =
        `${slot}: it is ${decision.lateSeconds} seconds late, more than startingDeadlineSeconds (${startingDeadlineSeconds})`;
      return { type: "Warning", reason: "MissedSchedule", action: ACTION, note };
    }
  }
}

function labelsOf({ key: { namespace, name } }: BackupScheduleWorld) {
  return { namespace, name } as const;
}
