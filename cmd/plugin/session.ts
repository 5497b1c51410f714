import { connect, loadConnection, systemKubeClock } from "../../kube/mod.ts";
import { parseTelemetryConfig, startTelemetry } from "../../telemetry/mod.ts";
import { readBuild } from "../build.ts";
import { EXIT } from "../exit_code.ts";
import type { Host } from "../host.ts";
import { processLifecycle, runRole } from "../lifecycle.ts";
import type { Place } from "./place_options.ts";
import { type PluginApi, pluginApi } from "./api.ts";

/** What a plugin command works with. */
export interface PluginSession {
  readonly api: PluginApi;
  /** Empty for all namespaces. */
  readonly namespace: string;
  /** Aborts on SIGINT and SIGTERM. */
  readonly stop: AbortSignal;
}

/** How long a command may take to end after Ctrl-C. */
const END_WITHIN_MS = 5_000;
/** The limit for all requests of one step of a command. */
const LIMIT_MS = 30_000;

/** Runs a plugin command against the cluster of `place`. Returns the exit code, 130 when it was interrupted. */
export async function runPlugin(
  host: Host,
  place: Place,
  work: (session: PluginSession) => Promise<number>,
): Promise<number> {
  const facts = { role: "plugin", build: readBuild(), terminal: host.stderr.isTerminal } as const;
  const sink = (line: string) => host.stderr.write(line);
  const telemetry = startTelemetry(parseTelemetryConfig(host.env, facts), { sink });
  return await runRole(processLifecycle(END_WITHIN_MS, () => {}), async ({ signal: stop, atEnd }) => {
    const { kubeconfig, context } = place;
    const connection = await loadConnection({
      env: host.env,
      ...(kubeconfig === undefined ? {} : { path: kubeconfig }),
      ...(context === undefined ? {} : { context }),
    });
    const options = { clock: systemKubeClock(), random: Math.random, telemetry, instance: "kubectl-kopiur" };
    const cluster = connect(connection, options);
    atEnd("connections", () => cluster.close(0));
    try {
      return await work({
        api: pluginApi(cluster),
        namespace: namespaceOf(place, connection.namespace),
        stop,
      });
    } catch (error) {
      if (stop.aborted) return EXIT.interrupted;
      throw error;
    }
  });
}

/** Runs `work` for at most {@link LIMIT_MS}; then throws that `action` got no answer. */
export async function withinLimit<T>(
  action: string,
  stop: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  try {
    return await work(AbortSignal.any([stop, limit]));
  } catch (error) {
    if (stop.aborted || !limit.aborted) throw error;
    const found = `the API server did not answer within ${LIMIT_MS / 1000} s`;
    throw new Error(`Cannot ${action}: ${found}, expected an answer`, { cause: error });
  }
}

function namespaceOf({ scope }: Place, ofContext: string): string {
  switch (scope.kind) {
    case "all":
      return "";
    case "one":
      return scope.namespace;
    case "context":
      return ofContext;
  }
}
