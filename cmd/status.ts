import { stringify } from "yaml";
import {
  backupConfigKind,
  backupKind,
  backupScheduleKind,
  type KindDefinition,
  repositoryKind,
} from "../api/mod.ts";
import { answerOf, isNotFound, type Resource, resourceOf, RESOURCES } from "../kube/mod.ts";
import type { StatusFormat, StatusRequest } from "./args.ts";
import { EXIT } from "./exit_code.ts";
import { harmlessText } from "./harmless_text.ts";
import type { Host } from "./host.ts";
import { type PluginSession, withinLimit } from "./plugin_session.ts";
import { buildStatus, type StatusDocument } from "./status_document.ts";
import type { Listing, Listings } from "./status_objects.ts";
import { renderStatus } from "./status_view.ts";
import { wantsColor } from "./terminal.ts";

/** Prints how kopiur stands. Only reads, and asks nobody but the API server. */
export async function runStatus(
  host: Pick<Host, "stdout" | "stderr" | "env">,
  session: PluginSession,
  { format, check }: Pick<StatusRequest, "format" | "check">,
  now: Date,
): Promise<number> {
  const listings = await withinLimit(
    "read the status",
    session.stop,
    (signal) => readListings(session, signal),
  );
  const document = buildStatus(listings, session.namespace, now);
  host.stdout.write(formatStatus(document, format, now, wantsColor(host.stdout, host.env)));
  return check ? reportHealth(host, document) : EXIT.ok;
}

async function readListings(session: PluginSession, signal: AbortSignal): Promise<Listings> {
  const ours = (definition: KindDefinition) => readListing(session, resourceOf(definition), signal);
  const [repositories, configs, schedules, backups, claims, namespaces] = await Promise.all([
    ours(repositoryKind),
    ours(backupConfigKind),
    ours(backupScheduleKind),
    ours(backupKind),
    readListing(session, RESOURCES.persistentVolumeClaim, signal, true),
    readNamespaces(session, signal),
  ]);
  return { repositories, configs, schedules, backups, claims, namespaces };
}

async function readListing(
  { api, namespace }: PluginSession,
  resource: Resource,
  signal: AbortSignal,
  metadataOnly = false,
): Promise<Listing> {
  return await orForbidden(async () => {
    try {
      return await api.list(resource, { namespace, metadataOnly }, signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const found = `the cluster knows no ${resource.plural}.${resource.group}`;
      throw new Error(`Cannot read the status: ${found}, expected kopiur's CRDs to be installed`, {
        cause: error,
      });
    }
  });
}

/** Who looks at one namespace may often read that one and not list all. */
async function readNamespaces(session: PluginSession, signal: AbortSignal): Promise<Listing> {
  const { api, namespace: name } = session;
  if (name === "") return await readListing(session, RESOURCES.namespace, signal, true);
  return await orForbidden(async () => {
    const found = await api.read(RESOURCES.namespace, { namespace: "", name }, signal);
    return found === undefined ? [] : [found];
  });
}

async function orForbidden(
  read: () => Promise<Extract<Listing, { kind: "listed" }>["objects"]>,
): Promise<Listing> {
  try {
    return { kind: "listed", objects: await read() };
  } catch (error) {
    if (answerOf(error)?.code === 403) return { kind: "forbidden" };
    throw error;
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

function reportHealth({ stderr }: Pick<Host, "stderr">, document: StatusDocument): number {
  for (const { kind, namespace, name, reason, message } of document.unhealthy) {
    const place = kind === "Namespace" ? name : `${namespace}/${name}`;
    stderr.write(`unhealthy: ${kind} ${place}: ${harmlessText(`${reason}: ${message}`)}\n`);
  }
  for (const what of document.forbidden) {
    // What is not covered is not unhealthy, so not to see it is not either.
    const word = what === "claims" || what === "namespaces" ? "not seen" : "unhealthy";
    stderr.write(`${word}: the ${what} may not be listed\n`);
  }
  return document.healthy ? EXIT.ok : EXIT.failed;
}
