/** `deno task bench`: the performance budget, aim and figure side by side. */
import { fileURLToPath } from "node:url";
import { partPath } from "../parts/mod.ts";
import { benchUsage, parseBenchArgs } from "./bench_args.ts";
import { renderTable } from "./figures/table.ts";
import { describeMachine, type MachineFacts, readMachineFacts } from "./figures/machine_facts.ts";
import { measureBackup } from "./measure/backup.ts";
import { measureEvents } from "./measure/events.ts";
import { measureMemory } from "./measure/memory.ts";
import { measureMetrics } from "./measure/metrics.ts";
import { measureMover } from "./measure/mover.ts";
import { measureRush } from "./measure/rush.ts";
import { measureRetention } from "./measure/retention.ts";
import { measureReconcile } from "./measure/reconcile.ts";
import { measureSizes } from "./measure/sizes.ts";
import { measureStart } from "./measure/start.ts";
import { measureStatus } from "./measure/status.ts";
import { measureTransport } from "./measure/transport.ts";
import type { Measurement } from "./measure/measurement.ts";
import { type BenchReport, runMeasurements } from "./measure/run.ts";
import { Workbench } from "./workbench.ts";

/** Every measurement, the quick ones first. */
const measurements: readonly Measurement<Workbench>[] = [
  { name: "sizes", about: "binary against denort, image against what is in it", measure: measureSizes },
  { name: "retention", about: "the rules of retention over 100 000 runs", measure: measureRetention },
  { name: "transport", about: "our API transport against client-node's own", measure: measureTransport },
  {
    name: "start",
    about: "start of the controller to ready, empty and with 10 000 Backups",
    measure: measureStart,
  },
  { name: "memory", about: "memory of the controller, idle and with Backups", measure: measureMemory },
  { name: "metrics", about: "a scrape with 1 000 recipes and 10 000 runs", measure: measureMetrics },
  { name: "reconcile", about: "what telemetry adds to a pass over an object", measure: measureReconcile },
  {
    name: "status",
    about: "kubectl kopiur status with 1 000 Backups against kubectl get",
    measure: (bench) => measureStatus(bench),
  },
  {
    name: "rush",
    about: "1 000 Backups at once: Jobs per second, and how full the slots are kept",
    measure: (bench) => measureRush(bench),
  },
  {
    name: "events",
    about: "from an event to its answer with 10 000 Backups in the cache",
    measure: (bench) => measureEvents(bench),
  },
  {
    name: "backup",
    about: "a Backup in a real cluster against kopia in a bare Job (needs root)",
    measure: measureBackup,
  },
  {
    name: "mover",
    about: "the mover against bare kopia on 2 GiB in 50 000 files (needs 10 GB of disk)",
    measure: measureMover,
  },
];

async function main(args: readonly string[]): Promise<number> {
  const request = parseBenchArgs(args, measurements);
  if (request.kind === "help") {
    console.log(benchUsage(measurements));
    return 0;
  }
  if (request.kind === "misuse") {
    console.error(`${request.message}\n\n${benchUsage(measurements)}`);
    return 2;
  }
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => stopping.abort(new Error(`Stopped by ${signal}`)));
  }
  const bench = new Workbench({ runs: request.runs, progress: console.error, signal: stopping.signal });
  const machine = await readMachineFacts(await programsWithVersions(await bench.binary()));
  const report = await runMeasurements(request.chosen, bench);
  if (report.figures.length > 0) {
    await writeReport(machine, report);
    console.log(renderTable(report.figures));
  }
  console.log(describeMachine(machine));
  for (const failure of report.failures) console.error(failure);
  return report.failures.length === 0 ? 0 : 1;
}

async function programsWithVersions(binary: string): Promise<Readonly<Record<string, readonly string[]>>> {
  return {
    kopiur: [binary, "version"],
    kopia: [await partPath("kopia"), "--version"],
    kubernetes: [await partPath("kube-apiserver"), "--version"],
  };
}

async function writeReport(machine: MachineFacts, report: BenchReport): Promise<void> {
  const path = fileURLToPath(new URL("../../build/bench.json", import.meta.url));
  const document = { measuredAt: new Date().toISOString(), machine, ...report };
  await Deno.writeTextFile(path, JSON.stringify(document, undefined, 2) + "\n");
}

if (import.meta.main) Deno.exit(await main(Deno.args));
