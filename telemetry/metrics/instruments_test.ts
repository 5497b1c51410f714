import assert from "node:assert/strict";
import { emptyResource } from "@opentelemetry/resources";
import { Instruments, type Metrics } from "./instruments.ts";
import { ObjectSeries } from "./object_series.ts";
import { PullReader } from "./prometheus.ts";
import { type Sample, StateProducer } from "./state_metrics.ts";

const recipe = { namespace: "media", name: "photos" };

/** Instruments with two readers, as with Prometheus and OTLP. */
function twoReaders() {
  const objectSeries = new ObjectSeries(() => 0, { most: 100, onFold: () => {} });
  const state = new StateProducer(() => 0);
  const faults: string[] = [];
  const newReader = () => new PullReader([objectSeries, state], (error) => void faults.push(String(error)));
  const readers = [newReader(), newReader()] as const;
  const onFault = (fault: string) => void faults.push(fault);
  const metrics = new Instruments({ resource: emptyResource(), readers, objectSeries, onFault });
  return { metrics, state, readers, faults };
}

/** The sample lines of a family. */
async function series(reader: PullReader, name: string): Promise<readonly string[]> {
  return (await reader.render()).split("\n").filter((line) => line.startsWith(name));
}

Deno.test("metrics give both readers the same cumulative values, however often each is read", async () => {
  const { metrics, state, readers: [pull, push] } = twoReaders();
  state.registerProcess((): Sample[] => [{ name: "kopiur_leader", labels: {}, value: 1 }]);
  for (let round = 0; round < 5; round++) {
    metrics.add("kopiur_controller_reconciliations_total", 1, { kind: "Backup" });
    metrics.add("kopiur_backups_total", 1, { ...recipe, outcome: "success" });
    metrics.record("kopiur_backup_run_duration_seconds", 20, recipe);
    await pull.render();
  }
  const text = await pull.render();
  assert.equal(await push.render(), text);
  assert.ok(text.includes('kopiur_controller_reconciliations_total{kind="Backup"} 5\n'));
  assert.ok(text.includes('kopiur_backups_total{namespace="media",name="photos",outcome="success"} 5\n'));
  assert.ok(text.includes('kopiur_backup_run_duration_seconds_count{namespace="media",name="photos"} 5\n'));
});

Deno.test("precreate() makes every closed value visible at 0 and changes nothing later", async () => {
  const { metrics, readers: [reader] } = twoReaders();
  metrics.precreate("kopiur_backups_total", recipe);
  metrics.add("kopiur_backups_total", 2, { ...recipe, outcome: "partial" });
  metrics.precreate("kopiur_backups_total", recipe);
  assert.deepEqual(await series(reader, "kopiur_backups_total"), [
    'kopiur_backups_total{namespace="media",name="photos",outcome="success"} 0',
    'kopiur_backups_total{namespace="media",name="photos",outcome="failure"} 0',
    'kopiur_backups_total{namespace="media",name="photos",outcome="partial"} 2',
  ]);
  metrics.precreate("kopiur_mover_operations_total", {});
  assert.equal((await series(reader, "kopiur_mover_operations_total")).length, 6);
});

Deno.test("add() knows a series by its labels, in whatever order they come", async () => {
  const { metrics, readers: [reader] } = twoReaders();
  metrics.add("kopiur_backups_total", 1, { namespace: "a", name: "b", outcome: "success" });
  metrics.add("kopiur_backups_total", 1, { outcome: "success", name: "b", namespace: "a" });
  metrics.add("kopiur_backups_total", 1, { outcome: "success", name: "a", namespace: "b" });
  assert.equal((await series(reader, "kopiur_backups_total")).length, 2);
});

Deno.test("forget() ends the series of a deleted object on every reader and leaves the others", async () => {
  const { metrics, readers } = twoReaders();
  metrics.precreate("kopiur_backups_total", recipe);
  metrics.precreate("kopiur_backups_total", { ...recipe, name: "music" });
  await readers[0].render();
  metrics.forget("kopiur_backups_total", (labels) => labels.name === "photos");
  for (const reader of readers) {
    const left = await series(reader, "kopiur_backups_total");
    assert.ok(left.length === 3 && left.every((line) => line.includes('name="music"')));
  }
  metrics.forget("kopiur_backups_total", () => true);
  assert.ok(!(await readers[0].render()).includes("kopiur_backups_total"));
});

Deno.test("add() has no cap on the series of objects", async () => {
  const { metrics, readers: [reader] } = twoReaders();
  for (let number = 0; number < 5000; number++) {
    metrics.precreate("kopiur_backups_total", { ...recipe, name: `recipe-${number}` });
  }
  assert.equal((await series(reader, "kopiur_backups_total")).length, 15_000);
});

Deno.test("add() and record() report a value that is no count", () => {
  const { metrics, faults } = twoReaders();
  for (const value of [NaN, Infinity, -Infinity, -1]) {
    metrics.add("kopiur_controller_reconciliations_total", value, { kind: "Backup" });
    metrics.add("kopiur_backups_total", value, { ...recipe, outcome: "success" });
    metrics.record("kopiur_backup_run_duration_seconds", value, recipe);
  }
  assert.equal(faults.length, 12);
  assert.equal(
    faults[0],
    'Cannot record "kopiur_controller_reconciliations_total": NaN, expected a number that is not negative',
  );
});

/** Never called: it is the compiler that looks at it. */
function misuse(metrics: Metrics): void {
  // @ts-expect-error -- no such metric
  metrics.add("kopiur_typing_error_total", 1, {});
  // @ts-expect-error -- a gauge is read at collection time, never added to
  metrics.add("kopiur_leader", 1, {});
  // @ts-expect-error -- an outcome outside the closed list
  metrics.add("kopiur_backups_total", 0, { ...recipe, outcome: "cancelled" });
  // @ts-expect-error -- a label is missing
  metrics.add("kopiur_backups_total", 0, { namespace: "media", outcome: "success" });
  // @ts-expect-error -- a counter whose series do not belong to objects
  metrics.forget("kopiur_controller_reconciliations_total", () => true);
}

Deno.test("metrics names and labels are checked by the compiler", () => {
  assert.equal(typeof misuse, "function");
});
