/** The catalog: every metric this program exports, as data; names here are the names a user queries. */

/** A label whose values come from the cluster or from a closed list kept elsewhere (kinds, reasons). */
export const open = "open";

/** What a label may hold: any text, or one of the listed values. */
export type LabelValues = typeof open | readonly string[];

/**
 * How the numbers of a metric come about.
 * counter, histogram: recorded when something happens. gauge, observed_counter: read at collection time.
 * resource: written by the Prometheus serializer from the resource attributes.
 */
export type InstrumentKind = "counter" | "histogram" | "gauge" | "observed_counter" | "resource";

/** One metric; `unit` is UCUM, with `{…}` for counted things. */
export interface MetricEntry {
  readonly instrument: InstrumentKind;
  readonly unit: "s" | "By" | `{${string}}`;
  /**
   * process: the labels are bounded by this program, every replica exports the series.
   * object: the labels name things of the cluster; series end with the thing (gauges: only on the leader).
   */
  readonly scope: "process" | "object";
  readonly labels: Readonly<Record<string, LabelValues>>;
  readonly buckets?: readonly number[];
  readonly help: string;
  /** Where the name was decided: a seed's number, or "ecosystem" (the study of neighbours). */
  readonly source: string;
}

const reconcileBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;
const queueBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1000] as const;
const operationBuckets = [1, 5, 15, 30, 60, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 36000] as const;
const minute = 60;
const hour = 3600;
const runBuckets = [
  ...[15, 30, minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute],
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((hours) => hours * hour),
] as const;

const recipe = { namespace: open, name: open } as const;
const operation = {
  operation: ["Backup", "SnapshotDelete", "BootstrapRepository"],
  result: ["succeeded", "failed"],
} as const;

/** Every metric by its exported name; nothing outside this table may be recorded. */
export const catalog = {
  // The controller's passes.
  kopiur_controller_reconciliations_total: {
    instrument: "counter",
    unit: "{reconcile}",
    scope: "process",
    labels: { kind: open },
    help: "Finished reconciles, failed ones included.",
    source: "000",
  },
  kopiur_controller_reconcile_errors_total: {
    instrument: "counter",
    unit: "{error}",
    scope: "process",
    labels: { kind: open, class: ["transient", "structural"] },
    help:
      "Reconciles that ended in an error, by what happens next: transient is retried, structural needs a person.",
    source: "000",
  },
  kopiur_controller_reconcile_duration_seconds: {
    instrument: "histogram",
    unit: "s",
    scope: "process",
    labels: { kind: open },
    buckets: reconcileBuckets,
    help: "Time one reconcile took.",
    source: "000",
  },
  kopiur_controller_reconcile_results_total: {
    instrument: "counter",
    unit: "{reconcile}",
    scope: "process",
    labels: { kind: open, result: ["success", "error", "requeue", "requeue_after"] },
    help: "Finished reconciles by result.",
    source: "003",
  },
  kopiur_controller_panics_total: {
    instrument: "counter",
    unit: "{error}",
    scope: "process",
    labels: { kind: open, where: ["pass", "keys", "index", "samples"] },
    help:
      "Errors a kind threw where it may not; each is a defect of this program and costs no more than one answer.",
    source: "ecosystem",
  },

  // The state of objects, read from the cache at collection time.
  kopiur_resource_phase: {
    instrument: "gauge",
    unit: "{object}",
    scope: "object",
    labels: { kind: open, namespace: open, name: open, phase: open },
    help:
      "1 for the phase an object is in and 0 for its other phases; 0 for all of them after its deletion. A Backup that has ended shows the phase it ended in only.",
    source: "000",
  },
  kopiur_resource_ready: {
    instrument: "gauge",
    unit: "{object}",
    scope: "object",
    labels: { kind: open, namespace: open, name: open },
    help: "1 when the Ready condition of an object is True, else 0; none for a Backup that has ended.",
    source: "001",
  },
  kopiur_backup_last_success_timestamp_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "object",
    labels: recipe,
    help:
      "Unix time at which the newest successful backup of a BackupConfig ended, of those whose snapshots are not said to be gone.",
    source: "000",
  },
  kopiur_backup_consecutive_failures: {
    instrument: "gauge",
    unit: "{run}",
    scope: "object",
    labels: recipe,
    help: "Failed backups of a BackupConfig since its newest successful one.",
    source: "000",
  },
  kopiur_backup_size_bytes: {
    instrument: "gauge",
    unit: "By",
    scope: "object",
    labels: recipe,
    help: "Logical size of the newest successful backup of a BackupConfig.",
    source: "000",
  },
  kopiur_backup_files: {
    instrument: "gauge",
    unit: "{file}",
    scope: "object",
    labels: recipe,
    help: "Files in the newest successful backup of a BackupConfig; absent when unknown.",
    source: "000",
  },
  kopiur_backup_duration_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "object",
    labels: recipe,
    help: "Time the newest successful backup of a BackupConfig took.",
    source: "000",
  },
  kopiur_backups_waiting: {
    instrument: "gauge",
    unit: "{run}",
    scope: "object",
    labels: { namespace: open, reason: open },
    help: "Backups that have not started, by what they wait for.",
    source: "ecosystem",
  },
  kopiur_repo_size_bytes: {
    instrument: "gauge",
    unit: "By",
    scope: "object",
    labels: recipe,
    help: "Logical bytes a repository keeps: the sum of the newest snapshot of each source.",
    source: "000",
  },
  kopiur_repo_snapshot_count: {
    instrument: "gauge",
    unit: "{snapshot}",
    scope: "object",
    labels: recipe,
    help: "Snapshots found in a repository by the newest scan of its catalog.",
    source: "000",
  },

  kopiur_repo_discovered_backups: {
    instrument: "gauge",
    unit: "{object}",
    scope: "object",
    labels: recipe,
    help: "Backups that stand for snapshots of a repository which no Backup of this cluster made.",
    source: "000",
  },
  kopiur_repo_missing_snapshots: {
    instrument: "gauge",
    unit: "{snapshot}",
    scope: "object",
    labels: recipe,
    help:
      "Snapshots that Backups of this Repository made or stand on and the newest scan of the catalog did not find.",
    source: "ecosystem",
  },
  kopiur_repo_unreadable_manifests: {
    instrument: "gauge",
    unit: "{snapshot}",
    scope: "object",
    labels: recipe,
    help:
      "Manifests in a repository that cannot be read and are passed over, as the newest scan of its catalog found.",
    source: "ecosystem",
  },
  kopiur_backup_last_attempt_timestamp_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "object",
    labels: recipe,
    help: "Unix time at which the newest finished backup of a BackupConfig ended, however it ended.",
    source: "ecosystem",
  },
  kopiur_backup_last_status: {
    instrument: "gauge",
    unit: "{run}",
    scope: "object",
    labels: recipe,
    help: "1 when the newest finished backup of a BackupConfig succeeded, 0 when it failed.",
    source: "ecosystem",
  },
  kopiur_backup_last_files: {
    instrument: "gauge",
    unit: "{file}",
    scope: "object",
    labels: { ...recipe, state: ["new", "unchanged"] },
    help:
      "Files of the newest successful backup of a BackupConfig that were read (new or changed) or taken over.",
    source: "001",
  },
  kopiur_backup_last_new_bytes: {
    instrument: "gauge",
    unit: "By",
    scope: "object",
    labels: recipe,
    help: "Bytes the newest successful backup of a BackupConfig added to the repository.",
    source: "002",
  },
  kopiur_backup_unreadable_files: {
    instrument: "gauge",
    unit: "{file}",
    scope: "object",
    labels: recipe,
    help: "Files and folders the newest finished backup of a BackupConfig could not read.",
    source: "ecosystem",
  },
  kopiur_backup_stuck_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "object",
    labels: { ...recipe, phase: ["Pending", "Running", "Deleting"] },
    help:
      "How long the oldest Backup of a BackupConfig has been in a phase it should leave; none when there is no such Backup.",
    source: "ecosystem",
  },
  kopiur_backup_active_runs: {
    instrument: "gauge",
    unit: "{run}",
    scope: "object",
    labels: recipe,
    help: "Succeeded Backups of a BackupConfig that are kept.",
    source: "ecosystem",
  },
  kopiur_backup_consecutive_incomplete: {
    instrument: "gauge",
    unit: "{run}",
    scope: "object",
    labels: recipe,
    help: "Backups of a BackupConfig since the newest one that lacks nothing: failed and partial ones.",
    source: "ecosystem",
  },
  kopiur_backup_oldest_source_last_success_timestamp_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "object",
    labels: recipe,
    help:
      "Unix time at which that source of a BackupConfig was last backed up whose last success is the oldest; 0 when one was tried and never succeeded.",
    source: "ecosystem",
  },
  kopiur_backup_sources_without_success: {
    instrument: "gauge",
    unit: "{source}",
    scope: "object",
    labels: recipe,
    help: "Sources of a BackupConfig that no backup ever saved, also those that none has tried yet.",
    source: "ecosystem",
  },
  kopiur_backup_snapshots_not_whole: {
    instrument: "gauge",
    unit: "{snapshot}",
    scope: "object",
    labels: { ...recipe, state: ["partial", "empty", "shrunken"] },
    help: "Snapshots of a BackupConfig that take no place from whole ones in its retention.",
    source: "ecosystem",
  },
  kopiur_backup_retention_held_back: {
    instrument: "gauge",
    unit: "{run}",
    scope: "object",
    labels: recipe,
    help: "Backups of a BackupConfig that retention keeps only because other snapshots are not whole.",
    source: "ecosystem",
  },
  kopiur_backup_retention_pending: {
    instrument: "gauge",
    unit: "{run}",
    scope: "object",
    labels: recipe,
    help: "Backups of a BackupConfig that retention is about to delete.",
    source: "ecosystem",
  },
  kopiur_deletions_held: {
    instrument: "gauge",
    unit: "{run}",
    scope: "object",
    labels: { namespace: open },
    help:
      "Deleted Backups whose snapshots stay until a person confirms, because many were deleted or they are the last ones.",
    source: "ecosystem",
  },
  kopiur_pvc_unprotected: {
    instrument: "gauge",
    unit: "{claim}",
    scope: "object",
    labels: { namespace: open },
    help:
      "PersistentVolumeClaims that no BackupConfig covers and that do not say that none is wanted; raw block devices, which none can cover, included.",
    source: "ecosystem",
  },
  kopiur_schedule_expected_interval_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "object",
    labels: { ...recipe, config: open },
    help:
      "Longest time between two coming slots of a BackupSchedule, with the BackupConfig it runs; none while it is suspended.",
    source: "ecosystem",
  },
  kopiur_schedule_next_run_timestamp_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "object",
    labels: recipe,
    help: "Unix time at which a BackupSchedule makes its next Backup; none while it is suspended.",
    source: "ecosystem",
  },
  kopiur_schedule_suspended: {
    instrument: "gauge",
    unit: "{schedule}",
    scope: "object",
    labels: recipe,
    help: "1 while a BackupSchedule is suspended, else 0.",
    source: "ecosystem",
  },
  kopiur_mover_slots: {
    instrument: "gauge",
    unit: "{slot}",
    scope: "process",
    labels: {},
    help:
      "Movers that may have a slot at the same time in the whole cluster, without those that open a repository; none when there is no limit.",
    source: "ecosystem",
  },
  kopiur_mover_slots_used: {
    instrument: "gauge",
    unit: "{slot}",
    scope: "process",
    labels: {},
    help: "Slots that are taken: by movers that have not ended, and by those about to begin.",
    source: "ecosystem",
  },
  kopiur_mover_slots_waiting: {
    instrument: "gauge",
    unit: "{slot}",
    scope: "process",
    labels: {},
    help: "Movers that wait for a slot.",
    source: "ecosystem",
  },
  kopiur_bootstrap_slots: {
    instrument: "gauge",
    unit: "{slot}",
    scope: "process",
    labels: {},
    help:
      "Movers that may open a repository at the same time in the whole cluster; none when there is no limit.",
    source: "ecosystem",
  },
  kopiur_bootstrap_slots_used: {
    instrument: "gauge",
    unit: "{slot}",
    scope: "process",
    labels: {},
    help: "Slots for opening repositories that are taken.",
    source: "ecosystem",
  },
  kopiur_bootstrap_slots_waiting: {
    instrument: "gauge",
    unit: "{slot}",
    scope: "process",
    labels: {},
    help: "Repositories that wait to be opened or read again.",
    source: "ecosystem",
  },

  // What happened to backups.
  kopiur_schedule_backups_created_total: {
    instrument: "counter",
    unit: "{run}",
    scope: "object",
    labels: recipe,
    help: "Backups a BackupSchedule made.",
    source: "000",
  },
  kopiur_schedule_missed_total: {
    instrument: "counter",
    unit: "{slot}",
    scope: "object",
    labels: recipe,
    help:
      "Slots of a BackupSchedule that passed without a Backup because the controller was not there in time.",
    source: "ecosystem",
  },
  kopiur_schedule_skipped_total: {
    instrument: "counter",
    unit: "{slot}",
    scope: "object",
    labels: { ...recipe, reason: ["Forbid", "StartingDeadline"] },
    help: "Slots of a BackupSchedule that were left out on purpose, by reason.",
    source: "ecosystem",
  },
  kopiur_backup_pruned_total: {
    instrument: "counter",
    unit: "{run}",
    scope: "object",
    labels: { ...recipe, by: ["retention", "history"] },
    help: "Backups of a BackupConfig that were deleted as a matter of routine.",
    source: "ecosystem",
  },
  kopiur_backups_total: {
    instrument: "counter",
    unit: "{run}",
    scope: "object",
    labels: { ...recipe, outcome: ["success", "failure", "partial"] },
    help: "Finished backups of a BackupConfig by outcome; 0 from the moment the BackupConfig is first seen.",
    source: "001",
  },
  kopiur_backup_run_duration_seconds: {
    instrument: "histogram",
    unit: "s",
    scope: "process",
    labels: { outcome: ["success", "failure", "partial"] },
    buckets: runBuckets,
    help: "Time finished backups took, from the start of the first mover to the end of the last.",
    source: "002",
  },
  kopiur_orphaned_snapshots_total: {
    instrument: "counter",
    unit: "{snapshot}",
    scope: "object",
    labels: { namespace: open },
    help: "Snapshots left in their repository when their Backup was deleted.",
    source: "000",
  },
  kopiur_snapshot_deletion_failures_total: {
    instrument: "counter",
    unit: "{attempt}",
    scope: "object",
    labels: { namespace: open },
    help: "Failed attempts to delete the snapshot of a deleted Backup.",
    source: "000",
  },
  kopiur_mover_operations_total: {
    instrument: "counter",
    unit: "{operation}",
    scope: "process",
    labels: operation,
    help: "Operations movers finished, by result.",
    source: "000",
  },
  kopiur_mover_operation_duration_seconds: {
    instrument: "histogram",
    unit: "s",
    scope: "process",
    labels: operation,
    buckets: operationBuckets,
    help: "Time a mover's operation took, by result.",
    source: "000",
  },

  // The work queue.
  kopiur_workqueue_depth: {
    instrument: "gauge",
    unit: "{item}",
    scope: "process",
    labels: { kind: open },
    help: "Keys that wait in the work queue.",
    source: "001",
  },
  kopiur_workqueue_adds_total: {
    instrument: "counter",
    unit: "{item}",
    scope: "process",
    labels: { kind: open },
    help: "Keys added to the work queue.",
    source: "001",
  },
  kopiur_workqueue_retries_total: {
    instrument: "counter",
    unit: "{item}",
    scope: "process",
    labels: { kind: open },
    help: "Keys added again after a failure.",
    source: "001",
  },
  kopiur_workqueue_queue_duration_seconds: {
    instrument: "histogram",
    unit: "s",
    scope: "process",
    labels: { kind: open },
    buckets: queueBuckets,
    help: "Time a key waited in the work queue from when it was due.",
    source: "ecosystem",
  },
  kopiur_workqueue_work_duration_seconds: {
    instrument: "histogram",
    unit: "s",
    scope: "process",
    labels: { kind: open },
    buckets: queueBuckets,
    help: "Time a worker spent on a key.",
    source: "ecosystem",
  },
  kopiur_workqueue_unfinished_work_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "process",
    labels: { kind: open },
    help: "Sum of the time spent so far on keys still being worked on.",
    source: "ecosystem",
  },
  kopiur_workqueue_longest_running_processor_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "process",
    labels: { kind: open },
    help: "Time spent so far on the key that has been worked on longest.",
    source: "ecosystem",
  },

  // The API server, seen from here.
  kopiur_api_requests_total: {
    instrument: "counter",
    unit: "{request}",
    scope: "process",
    labels: { verb: open, resource: open, code: open },
    help: "Requests to the API server by HTTP status code; code 0 when no answer came.",
    source: "ecosystem",
  },
  kopiur_api_request_duration_seconds: {
    instrument: "histogram",
    unit: "s",
    scope: "process",
    labels: { verb: open, resource: open },
    buckets: requestBuckets,
    help: "Time a request to the API server took until its answer began.",
    source: "ecosystem",
  },
  kopiur_watch_restarts_total: {
    instrument: "counter",
    unit: "{restart}",
    scope: "process",
    labels: { resource: open, reason: open },
    help: "Watches that ended and were started again, by reason.",
    source: "ecosystem",
  },
  kopiur_informer_synced: {
    instrument: "gauge",
    unit: "{informer}",
    scope: "process",
    labels: { resource: open },
    help: "1 when the informer of a resource has finished its first list, else 0.",
    source: "ecosystem",
  },
  kopiur_informer_staleness_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "process",
    labels: { resource: open },
    help:
      "Time since the informer of a resource last heard from the API server; above 90 nothing is taken away.",
    source: "ecosystem",
  },
  kopiur_leader: {
    instrument: "gauge",
    unit: "{replica}",
    scope: "process",
    labels: {},
    help: "1 on the replica that holds the lease, 0 on the others.",
    source: "ecosystem",
  },

  // Telemetry itself.
  kopiur_telemetry_export_failures_total: {
    instrument: "counter",
    unit: "{export}",
    scope: "process",
    labels: { signal: ["traces", "metrics", "logs"] },
    help: "Exports to the OpenTelemetry collector that failed; what they held is lost, but for metrics.",
    source: "ecosystem",
  },

  // The process itself.
  kopiur_build_info: {
    instrument: "gauge",
    unit: "{build}",
    scope: "process",
    labels: { version: open, commit: open, build_date: open },
    help: "Always 1; the labels say what was built.",
    source: "ecosystem",
  },
  process_resident_memory_bytes: {
    instrument: "gauge",
    unit: "By",
    scope: "process",
    labels: {},
    help: "Resident memory of this process.",
    source: "003",
  },
  process_cpu_seconds_total: {
    instrument: "observed_counter",
    unit: "s",
    scope: "process",
    labels: {},
    help: "User and system CPU time this process has used.",
    source: "003",
  },
  process_start_time_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "process",
    labels: {},
    help: "Unix time at which this process started.",
    source: "003",
  },
  target_info: {
    instrument: "resource",
    unit: "{target}",
    scope: "process",
    labels: {
      service_name: open,
      service_namespace: open,
      service_version: open,
      service_instance_id: open,
      k8s_namespace_name: open,
      k8s_pod_name: open,
    },
    help: "Target metadata",
    source: "ecosystem",
  },
} as const satisfies Readonly<Record<string, MetricEntry>>;

type Catalog = typeof catalog;

/** The name of any metric of the catalog. */
export type MetricName = keyof Catalog;

type NamesOf<K extends InstrumentKind> = {
  [N in MetricName]: Catalog[N]["instrument"] extends K ? N : never;
}[MetricName];

/** Metrics that `metrics.add` accepts. */
export type CounterName = NamesOf<"counter">;
/** Metrics that `metrics.record` accepts. */
export type HistogramName = NamesOf<"histogram">;
/** Metrics a source of samples may yield at collection time. */
export type GaugeName = NamesOf<"gauge" | "observed_counter">;
/** Counters whose series belong to an object and end with it. */
export type ObjectCounterName = {
  [N in CounterName]: Catalog[N]["scope"] extends "object" ? N : never;
}[CounterName];

type ValueOf<V> = V extends readonly (infer Listed extends string)[] ? Listed : string;

/** The labels a metric must be given: exactly these, values from their closed lists. */
export type LabelsOf<N extends MetricName> = keyof Catalog[N]["labels"] extends never ? NoLabels : {
  readonly [L in keyof Catalog[N]["labels"]]: ValueOf<Catalog[N]["labels"][L]>;
};

/** `{}` as a type would let any object through. */
type NoLabels = Readonly<Record<string, never>>;

/** The labels of a metric that have no closed list: what is needed to make all its series at 0. */
export type OpenLabelsOf<N extends MetricName> = {
  readonly [
    L in keyof Catalog[N]["labels"] as Catalog[N]["labels"][L] extends typeof open ? L : never
  ]: string;
};

/** The entry of a metric, typed as the general shape. */
export function metricEntry(name: MetricName): MetricEntry {
  return catalog[name];
}

/** Every metric name, in the order of the catalog. */
export function metricNames(): readonly MetricName[] {
  return Object.keys(catalog) as MetricName[];
}
