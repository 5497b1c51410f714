import { startController } from "../../controller/mod.ts";
import { type Cluster, connect, loadConnection, systemKubeClock } from "../../kube/mod.ts";
import { inlineCertificates, startServer, type Telemetry } from "../../telemetry/mod.ts";
import { readBuild } from "../build.ts";
import { type ControllerConfig, parseControllerConfig } from "../config/config.ts";
import { EXIT } from "../exit_code.ts";
import type { Host } from "../host.ts";
import { type Lifecycle, processLifecycle, runRole } from "../lifecycle.ts";
import { giveUp } from "./permissions.ts";
import { startRoleTelemetry } from "./telemetry.ts";

/** Less than the 30 s after which the kubelet kills the container. */
const END_WITHIN_MS = 28_000;
/** The limit for writing the last Events. */
const CLOSE_WITHIN_MS = 2_000;
/** The limit for the first answer of the API server; then this replica ends, and the kubelet starts it again. */
const FIRST_ANSWER_MS = 30_000;

/** Runs the controller until it is stopped (0) or cannot go on (1). Errors are in its log. */
export async function runController(host: Host): Promise<number> {
  const env = await inlineCertificates(host.env, Deno.readTextFile);
  const config = parseControllerConfig(env);
  const telemetry = await startRoleTelemetry(host, env, "controller");
  const log = telemetry.log;
  log.info("kopiur controller", { ...readBuild() });
  const lifecycle = processLifecycle(END_WITHIN_MS, (message, fields) => log.info(message, fields));
  try {
    return await runRole(lifecycle, (life) => control(host, config, telemetry, life));
  } catch (error) {
    log.error("the controller failed", { error });
    return EXIT.failed;
  }
}

async function control(
  host: Host,
  config: ControllerConfig,
  telemetry: Telemetry,
  { signal, atEnd }: Lifecycle,
): Promise<number> {
  const { httpAddress, leaderElection, namespace, podName, heldBack, ...options } = config;
  atEnd("telemetry", () => telemetry.shutdown());
  // Started first: a process that cannot reach its cluster is alive, but not ready.
  const server = startServer(telemetry.handler, httpAddress, telemetry.log);
  atEnd("http server", () => server.shutdown());
  const instance = podName ?? Deno.hostname();
  const connection = await loadConnection({ env: host.env });
  // In a pod nothing is ever run; elsewhere a kubeconfig may name a credential plugin, or ask for the insecure relay,
  // which makes a socket in a folder of its own.
  giveUp(...connection.insecure ? [] : ["write"] as const, ...connection.isOfPod ? ["run"] as const : []);
  const clock = systemKubeClock();
  const cluster = connect(connection, { clock, random: Math.random, telemetry, instance });
  atEnd("connections", () => cluster.close(CLOSE_WITHIN_MS));
  const version = await firstAnswer(cluster, signal);
  if (version === undefined) return EXIT.ok;
  telemetry.log.info("connected", { server: connection.server, from: connection.description, version });
  for (const variable of heldBack) {
    telemetry.log.warn(
      "movers do not get a proxy with user and password: name its Secret in the Repository",
      {
        variable,
        field: "spec.backend.s3.proxy.secretRef",
      },
    );
  }
  const operatorNamespace = namespace ?? connection.namespace;
  const end = await startController(
    {
      cluster,
      telemetry,
      clock,
      random: Math.random,
      newId: () => crypto.randomUUID(),
      leadership: leaderElection ? "lease" : "single",
    },
    { ...options, operatorNamespace, instance },
    signal,
  );
  return end.kind === "stopped" ? EXIT.ok : EXIT.failed;
}

/** The version of the API server; undefined when this process was stopped while it waited. */
async function firstAnswer(cluster: Cluster, stop: AbortSignal): Promise<string | undefined> {
  try {
    return await cluster.serverVersion(AbortSignal.any([stop, AbortSignal.timeout(FIRST_ANSWER_MS)]));
  } catch (error) {
    if (stop.aborted) return undefined;
    throw error;
  }
}
