import { backupConfigKind } from "../../../api/mod.ts";
import type { AnyKind } from "../../../controller/runtime/kind.ts";
import { reconcile } from "../../../controller/runtime/pass/reconcile.ts";
import {
  type Cluster,
  connect,
  loadConnection,
  type ObjectKey,
  resourceOf,
  systemKubeClock,
} from "../../../kube/mod.ts";
import {
  type Environment,
  openTelemetry,
  parseTelemetryConfig,
  type Telemetry,
} from "../../../telemetry/mod.ts";
import { type ApiServer, startApiserver } from "../../cluster/mod.ts";
import { type Collector, startCollector } from "../../telemetry/collector.ts";
import { type Figure, figureOf } from "../figures/figure.ts";
import { quantityText } from "../figures/table.ts";
import { type PassTelemetry, silentTelemetry } from "../silent_telemetry.ts";
import { spreadOf } from "../figures/spread.ts";
import { installKinds, writeTeam } from "../objects/write_team.ts";
import type { Workbench } from "../workbench.ts";

/** Passes of one sample: so few that what else the machine does falls on all sides of a round alike. */
const passes = 30;
/** A sample takes a sixth of a second; one in so many ends with a scrape. */
const scrapeEvery = 10;
const resource = resourceOf(backupConfigKind);
const key: ObjectKey = { namespace: "team-0", name: "recipe-0" };

/** One side of the comparison. */
interface Side extends AsyncDisposable {
  /** Milliseconds one pass took, on average over a sample; with a scrape on top where that is due. */
  sample(signal: AbortSignal, scraped: boolean): Promise<number>;
}

/** What telemetry adds to a pass that reads one object and writes its status, against a real API server. */
export async function measureReconcile(
  bench: Pick<Workbench, "runs" | "progress" | "signal">,
): Promise<readonly Figure[]> {
  const { progress, signal } = bench;
  await using server = await startApiserver();
  await installKinds(server);
  await writeTeam(server, { namespaces: 1, recipes: 1, runs: 0 }, signal);
  await using collector = await startCollector();
  await using off = await openSide(server, undefined);
  await using pull = await openSide(server, {});
  await using both = await openSide(server, exportTo(collector));
  const sides = { off, pull, both };
  // For the first times code runs that is compiled later.
  for (let round = 0; round < scrapeEvery; round++) {
    for (const side of Object.values(sides)) await side.sample(signal, true);
  }
  const took: Record<keyof typeof sides, number[]> = { off: [], pull: [], both: [] };
  const rounds = scrapeEvery * Math.max(5, bench.runs);
  progress(`${rounds} rounds of ${passes} passes without telemetry, with pull, with pull and OTLP`);
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? ["off", "pull", "both"] as const : ["both", "pull", "off"] as const;
    for (const name of order) took[name].push(await sides[name].sample(signal, round % scrapeEvery === 0));
  }
  if (collector.spans.length < passes) {
    throw new Error(`Cannot measure the export: the collector received ${collector.spans.length} spans`);
  }
  const figure = (name: "pull" | "both", what: string) =>
    figureOf(
      { what, against: "the same without telemetry", unit: "ratio", aim: { atMost: 1.05 } },
      took[name].map((milliseconds, round) => milliseconds / (took.off[round] ?? NaN)),
      `${text(took[name])} to ${text(took.off)} for one pass`,
    );
  return [figure("pull", "a reconcile with /metrics"), figure("both", "a reconcile with /metrics and OTLP")];
}

function text(samples: readonly number[]): string {
  return quantityText(spreadOf(samples).median, "ms");
}

/** Exports far more often than usual, so that a sample has its share of them. */
function exportTo({ endpoint }: Collector): Environment {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_METRIC_EXPORT_INTERVAL: "1000",
    OTEL_BSP_SCHEDULE_DELAY: "500",
    OTEL_BLRP_SCHEDULE_DELAY: "500",
  };
}

/** Undefined for the side without telemetry. */
async function openSide(server: ApiServer, env: Environment | undefined): Promise<Side> {
  const telemetry = env === undefined ? undefined : await openBenchTelemetry(env);
  const means: PassTelemetry = telemetry ?? silentTelemetry();
  const clock = systemKubeClock();
  const connection = await loadConnection({ path: server.kubeconfigPath, env: {} });
  const options = { clock, random: Math.random, telemetry: means, instance: "bench" };
  const cluster = connect(connection, options);
  const kind = restlessKind();
  const reader = { ...cluster.reader, get: () => undefined } as Cluster["reader"];
  const deps = {
    reader,
    writer: cluster.writer,
    events: { send: () => {} },
    telemetry: means,
    clock,
    random: Math.random,
    newId: () => crypto.randomUUID(),
  };
  return {
    async sample(signal: AbortSignal, scraped: boolean): Promise<number> {
      const begun = performance.now();
      for (let pass = 0; pass < passes; pass++) {
        const action = await reconcile({ kind, key }, "spec", deps, signal);
        if (action.kind !== "forget") {
          throw new Error(`Cannot measure a pass: it ended with "${action.kind}"`);
        }
      }
      if (scraped) await telemetry?.renderMetrics();
      return (performance.now() - begun) / passes;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await cluster.close(1000);
      await telemetry?.shutdown();
    },
  };

  function restlessKind(): AnyKind {
    let turn = 0;
    return {
      name: "BackupConfig",
      resource,
      watches: [],
      writes: [],
      async observe(wanted, _reader, signal) {
        const object = await cluster.reader.read(resource, wanted, signal);
        return object === undefined ? undefined : { object };
      },
      plan() {
        const message = `Turn ${turn++}`;
        const outcome = { kind: "settled", reason: "Ready", message, ready: "True" } as const;
        return { create: [], remove: [], conditions: [], outcome, events: [], measures: [] };
      },
      status: () => ({}),
      samples: () => [],
    };
  }
}

async function openBenchTelemetry(env: Environment): Promise<Telemetry> {
  const build = { version: "0.0.0", commit: "unknown", date: "1970-01-01T00:00:00Z" };
  const config = parseTelemetryConfig(env, { role: "controller", build, terminal: false });
  return await openTelemetry(config, { sink: () => {} });
}
