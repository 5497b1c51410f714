/** When BackupSchedules make Backups, and which slots they missed or skipped. */
import { type MetricEntry, ofObject, open } from "./entry.ts";

/** By exported name. */
export const scheduleMetrics = {
  kopiur_schedule_expected_interval_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "object",
    labels: { ...ofObject, config: open },
    help:
      "Longest time between two coming slots of a BackupSchedule, with the BackupConfig it runs; none while it is suspended.",
  },
  kopiur_schedule_next_run_timestamp_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "object",
    labels: ofObject,
    help: "Unix time at which a BackupSchedule makes its next Backup; none while it is suspended.",
  },
  kopiur_schedule_suspended: {
    instrument: "gauge",
    unit: "{schedule}",
    scope: "object",
    labels: ofObject,
    help: "1 while a BackupSchedule is suspended, else 0.",
  },
  kopiur_schedule_backups_created_total: {
    instrument: "counter",
    unit: "{run}",
    scope: "object",
    labels: ofObject,
    help: "Backups a BackupSchedule made.",
    promised: "observability",
  },
  kopiur_schedule_missed_total: {
    instrument: "counter",
    unit: "{slot}",
    scope: "object",
    labels: ofObject,
    help:
      "Slots of a BackupSchedule that passed without a Backup because the controller was not there in time.",
  },
  kopiur_schedule_skipped_total: {
    instrument: "counter",
    unit: "{slot}",
    scope: "object",
    labels: { ...ofObject, reason: ["Forbid", "StartingDeadline"] },
    help: "Slots of a BackupSchedule that were left out on purpose, by reason.",
  },
} as const satisfies Readonly<Record<string, MetricEntry>>;
