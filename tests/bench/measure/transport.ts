import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { RESOURCES, type Transport } from "../../../kube/mod.ts";
import { startApiserver } from "../../cluster/mod.ts";
import { benchTransport } from "../bench_transport.ts";
import { type Figure, figureOf } from "../figures/figure.ts";
import { measureInPairs, type Pair, quotients } from "../figures/pairs.ts";
import { spreadOf } from "../figures/spread.ts";
import { quantityText } from "../figures/table.ts";
import type { Workbench } from "../workbench.ts";

/** Makes a ConfigMap of this name. */
type Create = (name: string) => Promise<unknown>;

/** One way of asking: so many requests, so many at a time. */
const loads = [
  { what: "ConfigMaps created one after another", requests: 100, lanes: 1, atLeast: 5 },
  { what: "ConfigMaps created 20 at a time", requests: 400, lanes: 20, atLeast: 2 },
] as const;

/** Requests per second of our transport and of client-node's own, against a real API server. */
export async function measureTransport(bench: Workbench): Promise<readonly Figure[]> {
  await using server = await startApiserver();
  const { kubeconfigPath } = server;
  await using ours = await benchTransport(kubeconfigPath);
  const theirs = clientNode(kubeconfigPath);
  const figures: Figure[] = [];
  for (const { what, requests, lanes, atLeast } of loads) {
    bench.progress(what);
    const pairs = await measureInPairs({
      runs: bench.runs,
      ours: () => requestsPerSecond((name) => create(ours.transport, name, bench.signal), requests, lanes),
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

function create(transport: Transport, name: string, signal: AbortSignal): Promise<unknown> {
  const target = { namespace: "default" };
  return transport.send(
    { verb: "create", resource: RESOURCES.configMap, target, body: configMap(name) },
    signal,
  );
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
