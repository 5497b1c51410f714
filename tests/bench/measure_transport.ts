import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { HttpTransport } from "../../kube/http_transport.ts";
import { loadConnection, RESOURCES, systemKubeClock } from "../../kube/mod.ts";
import { parseTelemetryConfig, startTelemetry } from "../../telemetry/mod.ts";
import { startApiserver } from "../cluster/mod.ts";
import { type Figure, figureOf } from "./figure.ts";
import { measureInPairs, type Pair, quotients } from "./pairs.ts";
import { spreadOf } from "./spread.ts";
import { quantityText } from "./figure_table.ts";
import type { Workbench } from "./workbench.ts";

/** Makes a ConfigMap of this name. */
type Create = (name: string) => Promise<unknown>;

/** One way of asking: so many requests, so many at a time. */
const loads = [
  { what: "ConfigMaps created one after another", requests: 100, lanes: 1, atLeast: 5 },
  { what: "ConfigMaps created 20 at a time", requests: 400, lanes: 20, atLeast: 2 },
] as const;

/** Requests per second of our transport and of client-node's own, against a real API server (ground.md §3). */
export async function measureTransport(bench: Workbench): Promise<readonly Figure[]> {
  await using server = await startApiserver();
  const { kubeconfigPath } = server;
  await using ours = await ourTransport(kubeconfigPath, bench.signal);
  const theirs = clientNode(kubeconfigPath);
  const figures: Figure[] = [];
  for (const { what, requests, lanes, atLeast } of loads) {
    bench.progress(what);
    const pairs = await measureInPairs({
      runs: bench.runs,
      ours: () => requestsPerSecond(ours.create, requests, lanes),
      theirs: () => requestsPerSecond(theirs, requests, lanes),
    }, bench.signal);
    const question = { what, against: "client-node as it comes", unit: "ratio", aim: { atLeast } } as const;
    figures.push(figureOf(question, quotients(pairs), bothText(pairs)));
  }
  return figures;
}

async function requestsPerSecond(create: Create, requests: number, lanes: number): Promise<number> {
  const names = Array.from({ length: requests }, () => `bench-${crypto.randomUUID()}`);
  const started = performance.now();
  await Promise.all(Array.from({ length: lanes }, async () => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) await create(name);
  }));
  return requests / ((performance.now() - started) / 1000);
}

async function ourTransport(kubeconfigPath: string, signal: AbortSignal) {
  const build = { version: "0.0.0", commit: "unknown", date: "1970-01-01T00:00:00Z" };
  const config = parseTelemetryConfig({}, { role: "controller", build, terminal: false });
  const telemetry = startTelemetry(config, { sink: () => {} });
  const connection = await loadConnection({ path: kubeconfigPath, env: {} });
  const transport = new HttpTransport(connection, {
    clock: systemKubeClock(),
    random: Math.random,
    telemetry,
  });
  return {
    create: (name: string) =>
      transport.send({
        verb: "create",
        resource: RESOURCES.configMap,
        target: { namespace: "default" },
        body: configMap(name),
      }, signal),
    async [Symbol.asyncDispose](): Promise<void> {
      transport.close();
      await telemetry.shutdown();
    },
  };
}

function clientNode(kubeconfigPath: string): Create {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigPath);
  const api = config.makeApiClient(CoreV1Api);
  return (name) => api.createNamespacedConfigMap({ namespace: "default", body: configMap(name) });
}

function configMap(name: string) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { spec: "x".repeat(500) } };
}

function bothText(pairs: readonly Pair<number>[]): string {
  const [ours, theirs] = [pairs.map((pair) => pair.ours), pairs.map((pair) => pair.theirs)];
  return `${quantityText(spreadOf(ours).median, "per second")} to ${
    quantityText(spreadOf(theirs).median, "per second")
  }`;
}
