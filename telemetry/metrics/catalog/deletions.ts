/** What retention keeps, what is deleted and what is left behind. */
import { type MetricEntry, ofObject, open } from "./entry.ts";

/** By exported name. */
export const deletionMetrics = {
  kopiur_backup_snapshots_not_whole: {
    instrument: "gauge",
    unit: "{snapshot}",
    scope: "object",
    labels: { ...ofObject, state: ["partial", "empty", "shrunken"] },
    zero: "absent",
    help: "Snapshots of a BackupConfig that take no place from whole ones in its retention; absent while 0.",
  },
  kopiur_backup_retention_held_back: {
    instrument: "gauge",
    unit: "{run}",
    scope: "object",
    labels: ofObject,
    zero: "absent",
    help:
      "Backups of a BackupConfig that retention keeps only because other snapshots are not whole; absent while 0.",
  },
  kopiur_backup_retention_pending: {
    instrument: "gauge",
    unit: "{run}",
    scope: "object",
    labels: ofObject,
    zero: "absent",
    help: "Backups of a BackupConfig that retention is about to delete; absent while 0.",
  },
  kopiur_deletions_held: {
    instrument: "gauge",
    unit: "{run}",
    scope: "object",
    labels: { namespace: open },
    help:
      "Deleted Backups whose snapshots stay until a person decides: many were deleted, they are the last ones, put back or pinned.",
  },
  kopiur_backup_pruned_total: {
    instrument: "counter",
    unit: "{run}",
    scope: "object",
    labels: { ...ofObject, by: ["retention", "history"] },
    help: "Backups of a BackupConfig that were deleted as a matter of routine; none before the first.",
  },
  kopiur_orphaned_snapshots_total: {
    instrument: "counter",
    unit: "{snapshot}",
    scope: "object",
    labels: { namespace: open },
    help: "Snapshots left in their repository when their Backup was deleted.",
    promised: "observability",
  },
  kopiur_snapshot_deletion_failures_total: {
    instrument: "counter",
    unit: "{attempt}",
    scope: "object",
    labels: { namespace: open },
    help: "Failed attempts to delete the snapshot of a deleted Backup.",
    promised: "observability",
  },
} as const satisfies Readonly<Record<string, MetricEntry>>;
