/** How every entry of the catalog is seen to take two different values: a number that never moves says nothing. */
import type { MetricName } from "../../telemetry/mod.ts";

/** Always 1: what they say is in their labels. */
export const constants: readonly MetricName[] = ["kopiur_build_info", "target_info"];

/**
 * What a healthy controller shows for milliseconds or never, and what takes it hours. `two_values_test.ts` provokes
 * these, and fails for one it did not see move; all others are seen to move in `tests/scenario/observability_cluster_test.ts`.
 */
export const provoked: readonly MetricName[] = [
  "kopiur_controller_panics_total",
  "kopiur_workqueue_depth",
  "kopiur_workqueue_unfinished_work_seconds",
  "kopiur_workqueue_longest_running_processor_seconds",
  "kopiur_informer_synced",
  "kopiur_backup_names_not_kept",
  "kopiur_backup_retention_held_back",
  "kopiur_repo_discovered_backups",
  "kopiur_repo_missing_snapshots",
  "kopiur_repo_unreadable_manifests",
  "kopiur_repo_unfinished_snapshots",
  "kopiur_repo_unfinished_size_bytes",
  "kopiur_metrics_folded_recipes",
  "kopiur_deletions_held",
  "kopiur_mover_slots",
  "kopiur_mover_slots_waiting",
  "kopiur_bootstrap_slots",
  "kopiur_bootstrap_slots_used",
  "kopiur_bootstrap_slots_waiting",
  "kopiur_schedule_missed_total",
  "kopiur_schedule_skipped_total",
];
