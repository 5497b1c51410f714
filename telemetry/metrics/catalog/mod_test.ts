import assert from "node:assert/strict";
import { apiServerMetrics } from "./api_server.ts";
import { backupMetrics } from "./backups.ts";
import { deletionMetrics } from "./deletions.ts";
import { kindMetrics } from "./kinds.ts";
import { ofObject } from "./entry.ts";
import { instrumentName, type LabelsOf, metricEntry, metricNames, type OpenLabelsOf } from "./mod.ts";
import { moverMetrics } from "./movers.ts";
import { processMetrics } from "./process.ts";
import { repositoryMetrics } from "./repositories.ts";
import { scheduleMetrics } from "./schedules.ts";
import { workQueueMetrics } from "./work_queue.ts";

/** What promtool takes for an abbreviated or a derived unit. */
const badUnits =
  /_(?:s|ms|us|ns|sec|secs|min|mins|minutes|hours?|days?|weeks?|b|kb|mb|gb|bytes_seconds|milliseconds|kilobytes|megabytes|percent|celsius_degrees)(?:_|$)/;

Deno.test("catalog names follow the rules of Prometheus and promtool", () => {
  for (const name of metricNames()) {
    const { instrument } = metricEntry(name);
    assert.match(name, /^(?:kopiur|process|target)_[a-z0-9_]+$/, name);
    assert.doesNotMatch(name, /__|_$/, name);
    assert.doesNotMatch(name, badUnits, name);
    assert.doesNotMatch(name, /_(?:gauge|counter|histogram|summary)(?:_|$)/, `${name} names its type`);
    assert.doesNotMatch(name, /_(?:bucket|sum|created)$/, `${name} ends like a part of a histogram`);
    assert.equal(
      name.endsWith("_total"),
      instrument === "counter" || instrument === "observed_counter",
      name,
    );
    assert.equal(name.endsWith("_info"), name === "kopiur_build_info" || name === "target_info", name);
  }
});

Deno.test("catalog names end with their unit, and have a unit for it", () => {
  for (const name of metricNames()) {
    const { unit } = metricEntry(name);
    const base = name.replace(/_total$/, "");
    assert.equal(base.endsWith("_seconds"), unit === "s", `${name} has the unit ${unit}`);
    assert.equal(base.endsWith("_bytes"), unit === "By", `${name} has the unit ${unit}`);
  }
});

Deno.test("catalog labels are snake case, never reserved, never a word of the metric's unit", () => {
  for (const name of metricNames()) {
    for (const [label, values] of Object.entries(metricEntry(name).labels)) {
      assert.match(label, /^[a-z][a-z0-9_]*$/, `${name}{${label}}`);
      assert.ok(!["le", "quantile", "job", "instance"].includes(label), `${name}{${label}}`);
      if (typeof values !== "string") assert.equal(new Set(values).size, values.length, `${name}{${label}}`);
    }
  }
});

Deno.test("catalog has every metric of its subjects, none of them twice", () => {
  const subjects = [
    kindMetrics,
    backupMetrics,
    deletionMetrics,
    repositoryMetrics,
    scheduleMetrics,
    moverMetrics,
    workQueueMetrics,
    apiServerMetrics,
    processMetrics,
  ];
  assert.deepEqual(metricNames(), subjects.flatMap((subject) => Object.keys(subject)));
});

Deno.test("catalog help is one sentence", () => {
  for (const name of metricNames()) {
    if (name === "target_info") continue;
    assert.match(metricEntry(name).help, /^[A-Z0-9][^\n]+\.$/, name);
  }
});

Deno.test("catalog buckets belong to histograms and rise", () => {
  for (const name of metricNames()) {
    const { instrument, buckets } = metricEntry(name);
    assert.equal(buckets !== undefined, instrument === "histogram", name);
    const sorted = [...new Set(buckets)].sort((a, b) => a - b);
    assert.deepEqual(buckets ?? [], sorted, name);
  }
});

Deno.test("catalog scope is object exactly where a label names a namespace", () => {
  for (const name of metricNames()) {
    const { scope, labels, instrument } = metricEntry(name);
    assert.equal(scope === "object", Object.hasOwn(labels, "namespace"), name);
    // Each further label would multiply the twenty series of every recipe (decision 0005).
    if (instrument === "histogram" && scope === "object") assert.deepEqual(labels, ofObject, name);
  }
});

Deno.test("catalog names stay apart over OTLP, where counters go without _total", () => {
  const names = metricNames().map((name) => instrumentName(name));
  assert.equal(new Set(names).size, names.length);
  assert.equal(instrumentName("kopiur_backups_total"), "kopiur_backups");
  assert.equal(instrumentName("process_cpu_seconds_total"), "process_cpu_seconds");
  assert.equal(instrumentName("kopiur_backup_files"), "kopiur_backup_files");
});

Deno.test("LabelsOf and OpenLabelsOf are what the compiler holds callers to", () => {
  const good: LabelsOf<"kopiur_backups_total"> = { namespace: "a", name: "b", outcome: "partial" };
  const open: OpenLabelsOf<"kopiur_backups_total"> = { namespace: "a", name: "b" };
  // @ts-expect-error -- a value outside the closed list
  const wrongValue: LabelsOf<"kopiur_backups_total"> = { namespace: "a", name: "b", outcome: "done" };
  // @ts-expect-error -- a label is missing
  const missing: LabelsOf<"kopiur_backups_total"> = { namespace: "a", outcome: "success" };
  // @ts-expect-error -- a label too many
  const extra: LabelsOf<"kopiur_leader"> = { name: "a" };
  assert.equal([good, open, wrongValue, missing, extra].length, 5);
});
