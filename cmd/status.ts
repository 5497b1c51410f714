import { stringify } from "yaml";
import { backupConfigKind, backupKind, type KindDefinition, repositoryKind } from "../api/mod.ts";
import {
  answerOf,
  type Cluster,
  connect,
  isNotFound,
  loadConnection,
  resourceOf,
  systemKubeClock,
} from "../kube/mod.ts";
import { parseTelemetryConfig, startTelemetry } from "../telemetry/mod.ts";
import type { StatusFormat, StatusRequest } from "./args.ts";
import { readBuild } from "./build.ts";
import { EXIT } from "./exit_code.ts";
import { harmlessText } from "./harmless_text.ts";
import type { Host } from "./host.ts";
import { runRole } from "./lifecycle.ts";
import { processLifecycle } from "./process_lifecycle.ts";
import { buildStatus, type Listing, type Listings, type StatusDocument } from "./status_document.ts";
import { renderStatus } from "./status_view.ts";
import { wantsColor } from "./terminal.ts";

/** How long the API server may take for everything. */
const LIMIT_MS = 30_000;
/** What a shell reports of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Prints how kopiur stands. Only reads, and asks nobody but the API server. */
export async function runStatus(host: Host, request: StatusRequest): Promise<number> {
  const facts = { role: "plugin", build: readBuild(), terminal: host.stderr.isTerminal } as const;
  const sink = (line: string) => host.stderr.write(line);
  const telemetry = startTelemetry(parseTelemetryConfig(host.env, facts), { sink });
  return await runRole(processLifecycle(LIMIT_MS, () => {}), async ({ signal, atEnd }) => {
    const { kubeconfig, context } = request;
    const connection = await loadConnection({
      env: host.env,
      ...(kubeconfig === undefined ? {} : { path: kubeconfig }),
      ...(context === undefined ? {} : { context }),
    });
    const options = { clock: systemKubeClock(), random: Math.random, telemetry, instance: "kubectl-kopiur" };
    const cluster = connect(connection, options);
    atEnd("connections", () => cluster.close(0));
    const namespace = namespaceOf(request, connection.namespace);
    const listings = await readListings(cluster, namespace, signal);
    if (listings === "interrupted") return INTERRUPTED;
    const now = new Date();
    const document = buildStatus(listings, namespace, now);
    host.stdout.write(formatStatus(document, request.format, now, wantsColor(host.stdout, host.env)));
    return request.check ? reportHealth(host, document) : EXIT.ok;
  });
}

function namespaceOf({ scope }: StatusRequest, ofContext: string): string {
  switch (scope.kind) {
    case "all":
      return "";
    case "one":
      return scope.namespace;
    case "context":
      return ofContext;
  }
}

async function readListings(
  cluster: Cluster,
  namespace: string,
  stop: AbortSignal,
): Promise<Listings | "interrupted"> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  const signal = AbortSignal.any([stop, limit]);
  const read = (definition: KindDefinition) => readListing(cluster, definition, namespace, signal);
  try {
    const [repositories, configs, backups] = await Promise.all([
      read(repositoryKind),
      read(backupConfigKind),
      read(backupKind),
    ]);
    return { repositories, configs, backups };
  } catch (error) {
    if (stop.aborted) return "interrupted";
    if (!limit.aborted) throw error;
    const found = `the API server did not answer within ${LIMIT_MS / 1000} s`;
    throw new Error(`Cannot read the status: ${found}, expected an answer`, { cause: error });
  }
}

async function readListing(
  cluster: Cluster,
  definition: KindDefinition,
  namespace: string,
  signal: AbortSignal,
): Promise<Listing> {
  const resource = resourceOf(definition);
  try {
    const objects = await cluster.list(resource, namespace === "" ? {} : { namespace }, signal);
    return { kind: "listed", objects };
  } catch (error) {
    if (answerOf(error)?.code === 403) return { kind: "forbidden" };
    if (!isNotFound(error)) throw error;
    const found = `the cluster knows no ${resource.plural}.${resource.group}`;
    throw new Error(`Cannot read the status: ${found}, expected kopiur's CRDs to be installed`, {
      cause: error,
    });
  }
}

function formatStatus(document: StatusDocument, format: StatusFormat, now: Date, color: boolean): string {
  switch (format) {
    case "table":
    case "wide":
      return renderStatus(document, { wide: format === "wide", color, now });
    case "json":
      return `${JSON.stringify(document, null, 2)}\n`;
    case "yaml":
      return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
  }
}

function reportHealth(host: Host, document: StatusDocument): number {
  for (const { kind, namespace, name, reason, message } of document.unhealthy) {
    host.stderr.write(`unhealthy: ${kind} ${namespace}/${name}: ${harmlessText(`${reason}: ${message}`)}\n`);
  }
  for (const what of document.forbidden) host.stderr.write(`unhealthy: the ${what} may not be listed\n`);
  return document.healthy ? EXIT.ok : EXIT.failed;
}
