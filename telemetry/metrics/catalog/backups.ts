/** What was backed up, how it went and what is not covered. */
import { type MetricEntry, ofObject, open } from "./entry.ts";

const minute = 60;
const hour = 3600;
const runBuckets = [
  ...[15, 30, minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute],
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((hours) => hours * hour),
] as const;

/** By exported name. */
export const backupMetrics = {
  kopiur_backup_last_success_timestamp_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "object",
    labels: ofObject,
    help:
      "Unix time at which the newest successful backup of a BackupConfig ended, of those whose snapshots are not said to be gone.",
    promised: "observability",
  },
  kopiur_backup_consecutive_failures: {
    instrument: "gauge",
    unit: "{run}",
    scope: "object",
    labels: ofObject,
    help: "Failed backups of a BackupConfig since its newest successful one.",
    promised: "observability",
  },
  kopiur_backup_size_bytes: {
    instrument: "gauge",
    unit: "By",
    scope: "object",
    labels: ofObject,
    help: "Logical size of the newest successful backup of a BackupConfig.",
    promised: "observability",
  },
  kopiur_backup_files: {
    instrument: "gauge",
    unit: "{file}",
    scope: "object",
    labels: ofObject,
    help: "Files in the newest successful backup of a BackupConfig; absent when unknown.",
    promised: "observability",
  },
  kopiur_backup_duration_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "object",
    labels: ofObject,
    help: "Time the newest successful backup of a BackupConfig took.",
    promised: "observability",
  },
  kopiur_backups_waiting: {
    instrument: "gauge",
    unit: "{run}",
    scope: "object",
    labels: { namespace: open, reason: open },
    help: "Backups that have not started, by what they wait for.",
  },
  kopiur_backup_last_attempt_timestamp_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "object",
    labels: ofObject,
    help: "Unix time at which the newest finished backup of a BackupConfig ended, however it ended.",
  },
  kopiur_backup_last_status: {
    instrument: "gauge",
    unit: "{run}",
    scope: "object",
    labels: ofObject,
    help: "1 when the newest finished backup of a BackupConfig succeeded, 0 when it failed.",
  },
  kopiur_backup_last_files: {
    instrument: "gauge",
    unit: "{file}",
    scope: "object",
    labels: { ...ofObject, state: ["new", "unchanged"] },
    help:
      "Files of the newest successful backup of a BackupConfig that were read (new or changed) or taken over.",
    promised: "operations",
  },
  kopiur_backup_last_new_bytes: {
    instrument: "gauge",
    unit: "By",
    scope: "object",
    labels: ofObject,
    help: "Bytes the newest successful backup of a BackupConfig added to the repository.",
    promised: "runs",
  },
  kopiur_backup_unreadable_files: {
    instrument: "gauge",
    unit: "{file}",
    scope: "object",
    labels: ofObject,
    zero: "absent",
    help: "Files and folders the newest finished backup of a BackupConfig could not read; absent while 0.",
  },
  kopiur_backup_names_not_kept: {
    instrument: "gauge",
    unit: "{file}",
    scope: "object",
    labels: { ...ofObject, state: ["renamed", "lost"] },
    zero: "absent",
    help:
      "Files the newest finished backup of a BackupConfig saved under another name, or lost to the name of another, as theirs is not UTF-8; absent while 0.",
  },
  kopiur_backup_stuck_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "object",
    labels: { ...ofObject, phase: ["Pending", "Running", "Deleting"] },
    help:
      "How long the oldest Backup of a BackupConfig has been in a phase it should leave; none when there is no such Backup.",
  },
  kopiur_backup_active_runs: {
    instrument: "gauge",
    unit: "{run}",
    scope: "object",
    labels: ofObject,
    help: "Succeeded Backups of a BackupConfig that are kept.",
  },
  kopiur_backup_consecutive_incomplete: {
    instrument: "gauge",
    unit: "{run}",
    scope: "object",
    labels: ofObject,
    zero: "absent",
    help:
      "Backups of a BackupConfig since the newest one that lacks nothing: failed and partial ones; absent while 0.",
  },
  kopiur_backup_oldest_source_last_success_timestamp_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "object",
    labels: ofObject,
    help:
      "Unix time at which that source of a BackupConfig was last backed up whose last success is the oldest; 0 when one was tried and never succeeded.",
  },
  kopiur_backup_sources_without_success: {
    instrument: "gauge",
    unit: "{source}",
    scope: "object",
    labels: ofObject,
    zero: "absent",
    help:
      "Sources of a BackupConfig that no backup ever saved, also those that none has tried yet; absent while 0.",
  },
  kopiur_pvc_unprotected: {
    instrument: "gauge",
    unit: "{claim}",
    scope: "object",
    labels: { namespace: open },
    help:
      "PersistentVolumeClaims that no BackupConfig covers and that do not say that none is wanted; raw block devices, which none can cover, included.",
  },
  kopiur_backups_total: {
    instrument: "counter",
    unit: "{run}",
    scope: "object",
    labels: { ...ofObject, outcome: ["success", "failure", "partial"] },
    help: "Finished backups of a BackupConfig by outcome; 0 from the moment the BackupConfig is first seen.",
    promised: "operations",
  },
  kopiur_backup_saved_files_total: {
    instrument: "counter",
    unit: "{file}",
    scope: "object",
    labels: ofObject,
    help: "Files in the snapshots that finished backups of a BackupConfig made, however each backup ended.",
    promised: "operations",
  },
  kopiur_backup_saved_bytes_total: {
    instrument: "counter",
    unit: "By",
    scope: "object",
    labels: ofObject,
    help:
      "Logical bytes in the snapshots that finished backups of a BackupConfig made, however each backup ended.",
    promised: "operations",
  },
  kopiur_backup_run_duration_seconds: {
    instrument: "histogram",
    unit: "s",
    scope: "object",
    labels: ofObject,
    buckets: runBuckets,
    help:
      "Time finished backups of a BackupConfig took, from the start of the first mover to the end of the last; one series without labels for all where there are more BackupConfigs than KOPIUR_DURATION_RECIPES.",
    promised: "operations",
  },
  kopiur_metrics_folded_recipes: {
    instrument: "gauge",
    unit: "{recipe}",
    scope: "process",
    labels: {},
    help:
      "BackupConfigs whose kopiur_backup_run_duration_seconds is one series for all, as there are more than KOPIUR_DURATION_RECIPES; 0 while each has its own.",
  },
} as const satisfies Readonly<Record<string, MetricEntry>>;
