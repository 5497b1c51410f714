/** The metrics seed 000 fixes by name, type and labels: users' dashboards and alerts are written against these. */

/** What a metric is to a Prometheus. */
export interface SeedMetric {
  readonly type: "counter" | "gauge" | "histogram";
  /** In alphabetical order. */
  readonly labels: readonly string[];
}

const ofObject = ["name", "namespace"] as const;

/** All 21, by name. */
export const seedMetrics = {
  kopiur_controller_reconciliations_total: { type: "counter", labels: ["kind"] },
  kopiur_controller_reconcile_errors_total: { type: "counter", labels: ["class", "kind"] },
  kopiur_controller_reconcile_duration_seconds: { type: "histogram", labels: ["kind"] },
  kopiur_resource_phase: { type: "gauge", labels: ["kind", "name", "namespace", "phase"] },
  kopiur_backup_last_success_timestamp_seconds: { type: "gauge", labels: ofObject },
  kopiur_backup_consecutive_failures: { type: "gauge", labels: ofObject },
  kopiur_backup_size_bytes: { type: "gauge", labels: ofObject },
  kopiur_backup_files: { type: "gauge", labels: ofObject },
  kopiur_backup_duration_seconds: { type: "gauge", labels: ofObject },
  kopiur_orphaned_snapshots_total: { type: "counter", labels: ["namespace"] },
  kopiur_snapshot_deletion_failures_total: { type: "counter", labels: ["namespace"] },
  kopiur_schedule_backups_created_total: { type: "counter", labels: ofObject },
  kopiur_repo_size_bytes: { type: "gauge", labels: ofObject },
  kopiur_repo_snapshot_count: { type: "gauge", labels: ofObject },
  kopiur_repo_discovered_backups: { type: "gauge", labels: ofObject },
  kopiur_repository_maintenance_configured: { type: "gauge", labels: ["kind", "name", "namespace"] },
  kopiur_restore_duration_seconds: { type: "gauge", labels: ofObject },
  kopiur_maintenance_last_reclaimed_bytes: { type: "gauge", labels: ofObject },
  kopiur_webhook_admission_total: { type: "counter", labels: ["decision", "kind"] },
  kopiur_mover_operations_total: { type: "counter", labels: ["operation", "result"] },
  kopiur_mover_operation_duration_seconds: { type: "histogram", labels: ["operation", "result"] },
} as const satisfies Readonly<Record<string, SeedMetric>>;

/** One of the 21. */
export type SeedMetricName = keyof typeof seedMetrics;

/** Those whose kind or role is not built yet; empty when the last one is. */
export const stillToCome: readonly SeedMetricName[] = [
  "kopiur_repository_maintenance_configured",
  "kopiur_restore_duration_seconds",
  "kopiur_maintenance_last_reclaimed_bytes",
  "kopiur_webhook_admission_total",
];

/** The seed's metrics that can be there now, with what they must be. */
export function builtSeedMetrics(): readonly (readonly [SeedMetricName, SeedMetric])[] {
  const all = Object.entries(seedMetrics) as readonly [SeedMetricName, SeedMetric][];
  return all.filter(([name]) => !stillToCome.includes(name));
}
