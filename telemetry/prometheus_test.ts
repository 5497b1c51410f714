import assert from "node:assert/strict";
import { metricNames } from "./catalog.ts";
import { Instruments, type Metrics } from "./metrics.ts";
import { ObjectCounters } from "./object_counters.ts";
import { PullReader } from "./prometheus.ts";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { type Sample, StateProducer } from "./state_metrics.ts";

interface Pulled {
  readonly metrics: Metrics;
  readonly state: StateProducer;
  readonly faults: unknown[];
  render(): Promise<string>;
}

function pulled(): Pulled {
  const faults: unknown[] = [];
  const objectCounters = new ObjectCounters(() => 0);
  const state = new StateProducer(() => 0);
  const reader = new PullReader([objectCounters, state], (fault) => void faults.push(fault));
  const resource = resourceFromAttributes({ "service.name": "test" });
  const onFault = (fault: string) => void faults.push(fault);
  const metrics = new Instruments({ resource, readers: [reader], objectCounters, onFault });
  return { metrics, state, faults, render: () => reader.render() };
}

const target =
  '# HELP target_info Target metadata\n# TYPE target_info gauge\ntarget_info{service_name="test"} 1\n';

/** One value for every metric of the catalog but target_info. */
function recordEverything({ metrics, state }: Pulled): void {
  const recipe = { namespace: "media", name: "photos" };
  const kind = { kind: "Backup" };
  const samples: readonly Sample[] = [
    { name: "kopiur_resource_phase", labels: { ...kind, ...recipe, phase: "Succeeded" }, value: 1 },
    { name: "kopiur_resource_ready", labels: { ...kind, ...recipe }, value: 1 },
    { name: "kopiur_backup_last_success_timestamp_seconds", labels: recipe, value: 1.7e9 },
    { name: "kopiur_backup_consecutive_failures", labels: recipe, value: 0 },
    { name: "kopiur_backup_size_bytes", labels: recipe, value: 5e9 },
    { name: "kopiur_backup_files", labels: recipe, value: 12 },
    { name: "kopiur_backup_duration_seconds", labels: recipe, value: 61.5 },
    {
      name: "kopiur_backups_waiting",
      labels: { namespace: "media", reason: "RepositoryNotReady" },
      value: 2,
    },
    { name: "kopiur_repo_size_bytes", labels: recipe, value: 5e9 },
    { name: "kopiur_repo_snapshot_count", labels: recipe, value: 9 },
    { name: "kopiur_workqueue_depth", labels: kind, value: 1 },
    { name: "kopiur_workqueue_unfinished_work_seconds", labels: kind, value: 0.5 },
    { name: "kopiur_workqueue_longest_running_processor_seconds", labels: kind, value: 0.5 },
    { name: "kopiur_informer_synced", labels: { resource: "backups" }, value: 1 },
    { name: "kopiur_informer_staleness_seconds", labels: { resource: "backups" }, value: 3 },
    { name: "kopiur_leader", labels: {}, value: 1 },
    { name: "kopiur_build_info", labels: { version: "1", commit: "c", build_date: "d" }, value: 1 },
    { name: "process_resident_memory_bytes", labels: {}, value: 7e7 },
    { name: "process_cpu_seconds_total", labels: {}, value: 1.25 },
    { name: "process_start_time_seconds", labels: {}, value: 1.7e9 },
  ];
  state.register(() => samples);
  state.setActive(true);
  metrics.add("kopiur_controller_reconciliations_total", 1, kind);
  metrics.add("kopiur_controller_reconcile_errors_total", 1, { ...kind, class: "transient" });
  metrics.record("kopiur_controller_reconcile_duration_seconds", 0.2, kind);
  metrics.add("kopiur_controller_panics_total", 1, { ...kind, where: "pass" });
  metrics.add("kopiur_controller_reconcile_results_total", 1, { ...kind, result: "success" });
  metrics.precreate("kopiur_backups_total", recipe);
  metrics.record("kopiur_backup_run_duration_seconds", 61.5, { outcome: "success" });
  metrics.add("kopiur_orphaned_snapshots_total", 1, { namespace: "media" });
  metrics.add("kopiur_snapshot_deletion_failures_total", 1, { namespace: "media" });
  metrics.precreate("kopiur_mover_operations_total", {});
  metrics.record("kopiur_mover_operation_duration_seconds", 3, { operation: "Backup", result: "succeeded" });
  metrics.precreate("kopiur_telemetry_export_failures_total", {});
  metrics.add("kopiur_workqueue_adds_total", 1, kind);
  metrics.add("kopiur_workqueue_retries_total", 1, kind);
  metrics.record("kopiur_workqueue_queue_duration_seconds", 0.1, kind);
  metrics.record("kopiur_workqueue_work_duration_seconds", 0.1, kind);
  metrics.add("kopiur_api_requests_total", 1, { verb: "get", resource: "pods", code: "200" });
  metrics.record("kopiur_api_request_duration_seconds", 0.01, { verb: "get", resource: "pods" });
  metrics.add("kopiur_watch_restarts_total", 1, { resource: "pods", reason: "Gone" });
}

Deno.test("PullReader.render() writes a counter, a histogram and a gauge as Prometheus reads them", async () => {
  const setup = pulled();
  setup.metrics.add("kopiur_controller_reconciliations_total", 2, { kind: "Backup" });
  setup.metrics.record("kopiur_backup_run_duration_seconds", 61, { outcome: "success" });
  setup.state.registerProcess((): Sample[] => [{ name: "kopiur_leader", labels: {}, value: 1 }]);
  const bucket = (le: string, count: number) =>
    `kopiur_backup_run_duration_seconds_bucket{outcome="success",le="${le}"} ${count}\n`;
  const bounds = [300, 600, 900, 1800, 3600, 7200, 10800, 14400, 18000, 21600, 25200, 28800, 32400, 36000];
  assert.equal(
    await setup.render(),
    target +
      "# HELP kopiur_controller_reconciliations_total Finished reconciles, failed ones included.\n" +
      "# UNIT kopiur_controller_reconciliations_total {reconcile}\n" +
      "# TYPE kopiur_controller_reconciliations_total counter\n" +
      'kopiur_controller_reconciliations_total{kind="Backup"} 2\n' +
      "# HELP kopiur_backup_run_duration_seconds Time finished backups took, from the start of the first mover to the end of the last.\n" +
      "# UNIT kopiur_backup_run_duration_seconds s\n" +
      "# TYPE kopiur_backup_run_duration_seconds histogram\n" +
      'kopiur_backup_run_duration_seconds_count{outcome="success"} 1\n' +
      'kopiur_backup_run_duration_seconds_sum{outcome="success"} 61\n' +
      bucket("15", 0) + bucket("30", 0) + bucket("60", 0) +
      bounds.map((bound) => bucket(String(bound), 1)).join("") + bucket("+Inf", 1) +
      "# HELP kopiur_leader 1 on the replica that holds the lease, 0 on the others.\n" +
      "# UNIT kopiur_leader {replica}\n" +
      "# TYPE kopiur_leader gauge\n" +
      "kopiur_leader 1\n",
  );
});

Deno.test("PullReader.render() gives every metric of the catalog its exact name, once", async () => {
  const setup = pulled();
  recordEverything(setup);
  const text = await setup.render();
  const families = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map((match) => match[1] ?? "");
  assert.deepEqual([...families].sort(), [...metricNames()].sort());
  assert.doesNotMatch(text, /otel_scope|_ratio|_seconds_seconds|_bytes_bytes|_total_total|NaN|undefined/);
  assert.deepEqual(setup.faults, []);
});

Deno.test("PullReader.render() escapes what a name could hold", async () => {
  const setup = pulled();
  setup.metrics.add("kopiur_orphaned_snapshots_total", 1, { namespace: 'a"b\\c\nd} 7\n# EOF ü' });
  assert.ok(
    (await setup.render()).includes(
      'kopiur_orphaned_snapshots_total{namespace="a\\"b\\\\c\\nd} 7\\n# EOF ü"} 1\n',
    ),
  );
});
