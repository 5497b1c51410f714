import assert from "node:assert/strict";
import {
  type Cluster as KubeCluster,
  type ClusterOptions,
  connect,
  type ConnectionInfo,
  loadConnection,
  systemKubeClock,
} from "../../kube/mod.ts";
import { type ApiServer, startApiserver } from "../cluster/mod.ts";
import { startTelemetryProbe, type TelemetryProbe } from "../support/mod.ts";

/** Parts a test needs that calls {@link withServer}. */
export const serverParts = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "janitor",
  "setpriv",
] as const;

/** Runs with a real API server. */
export async function withServer(use: (server: ApiServer) => Promise<void>): Promise<void> {
  await using server = await startApiserver({ progress: () => undefined });
  await use(server);
}

/** A connection to a server, and what it said. */
export interface Connected extends AsyncDisposable {
  readonly cluster: KubeCluster;
  readonly probe: TelemetryProbe;
}

/** How to connect: as the administrator by default. */
export interface ConnectedOptions {
  readonly kubeconfig?: string;
  readonly connection?: Partial<ConnectionInfo>;
  readonly cluster?: Partial<ClusterOptions>;
}

/** Connects with the code under test. */
export async function connectTo(server: ApiServer, options: ConnectedOptions = {}): Promise<Connected> {
  const found = await loadConnection({ path: options.kubeconfig ?? server.kubeconfigPath, env: {} });
  const probe = startTelemetryProbe();
  const cluster = connect({ ...found, ...options.connection }, {
    clock: systemKubeClock(),
    random: Math.random,
    telemetry: probe.telemetry,
    instance: "kopiur-test",
    fieldValidation: "Strict",
    ...options.cluster,
  });
  return { cluster, probe, [Symbol.asyncDispose]: () => cluster.close(2000) };
}

/** A limit for a test's own requests. */
export function soon(seconds = 30): AbortSignal {
  return AbortSignal.timeout(seconds * 1000);
}

/** A field of an answer, deep inside: `at(pod, "spec", "nodeName")`. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const step of path) {
    assert.ok(typeof found === "object" && found !== null, `there is nothing at ${path.join(".")}`);
    found = Reflect.get(found, step);
  }
  return found;
}
