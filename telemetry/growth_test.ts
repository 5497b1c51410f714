/** What must not grow: series and memory, over many runs and beside a reader that nobody reads. */
import assert from "node:assert/strict";
import { Session } from "node:inspector";
import { emptyResource } from "@opentelemetry/resources";
import { Instruments } from "./metrics/instruments.ts";
import { ObjectSeries } from "./metrics/object_series.ts";
import { PullReader } from "./metrics/prometheus.ts";
import { parseTelemetryConfig, type Sample, startTelemetry, Tombstones } from "./mod.ts";

const build = { version: "0", commit: "0", date: "0" };
const recipesAtOnce = 100;
const runsPerRecipe = 200;
const counted = ["kopiur_backups_total", "kopiur_backup_run_duration_seconds"] as const;

/** A cluster that replaces a recipe by a new one whenever it has run often enough. */
class Cluster {
  readonly #config = parseTelemetryConfig({}, { role: "controller", build, terminal: false });
  #nowMs = 0;
  readonly telemetry = startTelemetry(this.#config, { sink: () => {}, clock: () => this.#nowMs });
  readonly #graves = new Tombstones({ keepMs: 600_000, most: 10_000 });
  readonly #recipes: string[] = [];
  #runs = 0;

  constructor() {
    this.telemetry.state.setActive(true);
    this.telemetry.state.register(() => this.#samples());
    for (let number = 0; number < recipesAtOnce; number++) this.#addRecipe(`recipe-${number}`);
  }

  run(): void {
    this.#runs += 1;
    this.#nowMs += 10_000;
    const name = this.#recipes[this.#runs % recipesAtOnce] ?? "";
    const { metrics } = this.telemetry;
    metrics.add("kopiur_backups_total", 1, { namespace: "media", name, outcome: "success" });
    metrics.record("kopiur_backup_run_duration_seconds", this.#runs % 4000, { namespace: "media", name });
    metrics.add("kopiur_mover_operations_total", 1, { operation: "Backup", result: "succeeded" });
    if (this.#runs % runsPerRecipe === 0) this.#replaceOldest();
  }

  async series(): Promise<number> {
    const text = await this.telemetry.renderMetrics();
    return text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
  }

  #addRecipe(name: string): void {
    this.#recipes.push(name);
    for (const metric of counted) this.telemetry.metrics.precreate(metric, { namespace: "media", name });
  }

  #replaceOldest(): void {
    const gone = this.#recipes.shift() ?? "";
    for (const metric of counted) this.telemetry.metrics.forget(metric, (labels) => labels.name === gone);
    this.#graves.bury(gone, [this.#phase(gone)], this.#nowMs);
    this.#addRecipe(`recipe-of-run-${this.#runs}`);
  }

  *#samples(): Iterable<Sample> {
    for (const name of this.#recipes) {
      yield this.#phase(name);
      yield { name: "kopiur_backup_files", labels: { namespace: "media", name }, value: this.#runs };
    }
    yield* this.#graves.read(this.#nowMs);
  }

  #phase(name: string): Sample {
    const labels = { kind: "Backup", namespace: "media", name: `${name}-${this.#runs}`, phase: "Succeeded" };
    return { name: "kopiur_resource_phase", labels, value: 1 };
  }
}

Deno.test("100 000 runs of 600 recipes leave as many series as exist, and no memory behind", async () => {
  const cluster = new Cluster();
  const seen: number[] = [];
  let before = 0;
  for (let run = 1; run <= 100_000; run++) {
    cluster.run();
    if (run % 1000 === 0) seen.push(await cluster.series());
    if (run === 20_000) before = await usedHeap();
  }
  assert.equal(Math.max(...seen.slice(20)), Math.min(...seen.slice(20)), `series came to ${seen.join(", ")}`);
  const growth = await usedHeap() - before;
  assert.ok(growth < 1e6, `${growth} bytes more after 80 000 further runs`);
  assert.match(
    await cluster.telemetry.renderMetrics(),
    /kopiur_mover_operations_total\{operation="Backup",result="succeeded"\} 100000\n/,
  );
});

Deno.test("a reader that is never read costs nothing while the other one is", async () => {
  const objectSeries = new ObjectSeries(() => 0, { most: 100, onFold: () => {} });
  const [pull, push] = [new PullReader([objectSeries], fail), new PullReader([objectSeries], fail)];
  const parts = { resource: emptyResource(), readers: [pull, push], objectSeries, onFault: fail };
  const metrics = new Instruments(parts);
  const record = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      for (let kind = 0; kind < 50; kind++) {
        metrics.add("kopiur_controller_reconciliations_total", 1, { kind: `Kind${kind}` });
        metrics.record("kopiur_controller_reconcile_duration_seconds", 1, { kind: `Kind${kind}` });
      }
      await pull.render();
    }
    return await usedHeap();
  };
  const before = await record(200);
  const growth = await record(2000) - before;
  assert.ok(growth < 1e6, `${growth} bytes more`);
  assert.match(await push.render(), /kopiur_controller_reconciliations_total\{kind="Kind7"\} 2200\n/);
});

function fail(fault: unknown): void {
  throw new Error("Cannot happen in this test", { cause: fault });
}

/** Bytes in use once the garbage is gone. */
async function usedHeap(): Promise<number> {
  const session = new Session();
  session.connect();
  // The inspector's answer alone does not keep the event loop alive.
  const alive = setInterval(() => {}, 10);
  await new Promise<void>((resolve) => session.post("HeapProfiler.collectGarbage", () => resolve()));
  clearInterval(alive);
  session.disconnect();
  return Deno.memoryUsage().heapUsed;
}
