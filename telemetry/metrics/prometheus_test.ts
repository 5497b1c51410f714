import assert from "node:assert/strict";
import { type CounterName, type HistogramName, metricEntry, metricNames } from "./catalog/mod.ts";
import { Instruments, type Metrics } from "./instruments.ts";
import { ObjectSeries } from "./object_series.ts";
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
  const objectSeries = new ObjectSeries(() => 0, { most: 100, onFold: () => {} });
  const state = new StateProducer(() => 0);
  const reader = new PullReader([objectSeries, state], (fault) => void faults.push(fault));
  const resource = resourceFromAttributes({ "service.name": "test" });
  const onFault = (fault: string) => void faults.push(fault);
  const metrics = new Instruments({ resource, readers: [reader], objectSeries, onFault });
  return { metrics, state, faults, render: () => reader.render() };
}

const recipe = { namespace: "media", name: "photos" };
const target =
  '# HELP target_info Target metadata\n# TYPE target_info gauge\ntarget_info{service_name="test"} 1\n';

/** One value for every metric of the catalog but target_info, which the resource gives. */
function recordEverything({ metrics, state }: Pulled): void {
  const samples: Sample[] = [];
  for (const name of metricNames()) {
    const { instrument, labels } = metricEntry(name);
    const values = Object.entries(labels).map(([label, allowed]) =>
      [label, allowed === "open" ? "any" : allowed[0]] as const
    );
    // The table is walked as data here, so the compiler cannot know which labels go with which name.
    const series = Object.fromEntries(values) as never;
    switch (instrument) {
      case "counter":
        metrics.add(name as CounterName, 1, series);
        break;
      case "histogram":
        metrics.record(name as HistogramName, 0.5, series);
        break;
      case "gauge":
      case "observed_counter":
        samples.push({ name, labels: series, value: 1.5 } as Sample);
        break;
      case "resource":
        break;
    }
  }
  state.register(() => samples);
  state.setActive(true);
}

Deno.test("PullReader.render() writes a counter, a histogram and a gauge as Prometheus reads them", async () => {
  const setup = pulled();
  setup.metrics.add("kopiur_controller_reconciliations_total", 2, { kind: "Backup" });
  setup.metrics.record("kopiur_backup_run_duration_seconds", 61, recipe);
  setup.state.registerProcess((): Sample[] => [{ name: "kopiur_leader", labels: {}, value: 1 }]);
  const bucket = (le: string, count: number) =>
    `kopiur_backup_run_duration_seconds_bucket{namespace="media",name="photos",le="${le}"} ${count}\n`;
  const bounds = [300, 600, 900, 1800, 3600, 7200, 10800, 14400, 18000, 21600, 25200, 28800, 32400, 36000];
  assert.equal(
    await setup.render(),
    target +
      "# HELP kopiur_controller_reconciliations_total Finished reconciles, failed ones included.\n" +
      "# UNIT kopiur_controller_reconciliations_total {reconcile}\n" +
      "# TYPE kopiur_controller_reconciliations_total counter\n" +
      'kopiur_controller_reconciliations_total{kind="Backup"} 2\n' +
      `# HELP kopiur_backup_run_duration_seconds ${
        metricEntry("kopiur_backup_run_duration_seconds").help
      }\n` +
      "# UNIT kopiur_backup_run_duration_seconds s\n" +
      "# TYPE kopiur_backup_run_duration_seconds histogram\n" +
      'kopiur_backup_run_duration_seconds_count{namespace="media",name="photos"} 1\n' +
      'kopiur_backup_run_duration_seconds_sum{namespace="media",name="photos"} 61\n' +
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
