import { KIND_NAMES, type KindName } from "../../../api/kind_names.ts";
import { answerOf, isNotFound, type Resource, resourceOf, RESOURCES } from "../../../kube/mod.ts";
import type { StatusRequest } from "./args.ts";
import type { Host } from "../../host.ts";
import { type PluginSession, withinLimit } from "../session.ts";
import type { Listing, Listings } from "./objects.ts";

/** Prints the status. Only reads, and only from the API server. */
export async function runStatus(
  host: Pick<Host, "stdout" | "stderr" | "env">,
  session: PluginSession,
  request: Pick<StatusRequest, "format" | "check">,
  now: Date,
): Promise<number> {
  const [listings, { reportStatus }] = await withinLimit(
    "read the status",
    session.stop,
    (signal) => readAndLoad(session, signal),
  );
  return reportStatus(host, listings, { ...request, namespace: session.namespace }, now);
}

/** Imports the report while the API server answers: after the first answer, so that an error comes at once. */
async function readAndLoad(
  session: PluginSession,
  signal: AbortSignal,
): Promise<[Listings, typeof import("./report.ts")]> {
  const ours = (name: KindName) => readListing(session, resourceOf(name), signal);
  const reads = [
    ours(KIND_NAMES.backup),
    ours(KIND_NAMES.repository),
    ours(KIND_NAMES.backupConfig),
    ours(KIND_NAMES.backupSchedule),
    readListing(session, RESOURCES.persistentVolumeClaim, signal, {
      metadataOnly: true,
      fields: ["spec.volumeMode"],
    }),
    readNamespaces(session, signal),
  ] as const;
  const report = Promise.race(reads).then(() => import("./report.ts"));
  const [[backups, repositories, configs, schedules, claims, namespaces], loaded] = await Promise.all([
    Promise.all(reads),
    report,
  ]);
  return [{ repositories, configs, schedules, backups, claims, namespaces }, loaded];
}

async function readListing(
  { api, namespace }: PluginSession,
  resource: Resource,
  signal: AbortSignal,
  options: Omit<Parameters<PluginSession["api"]["list"]>[1], "namespace"> = {},
): Promise<Listing> {
  return await orForbidden(async () => {
    try {
      return await api.list(resource, { namespace, ...options }, signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const found = `the cluster knows no ${resource.plural}.${resource.group}`;
      throw new Error(`Cannot read the status: ${found}, expected kopiur's CRDs to be installed`, {
        cause: error,
      });
    }
  });
}

/** Reads one namespace by name: a user may often read one, but not list all. */
async function readNamespaces(session: PluginSession, signal: AbortSignal): Promise<Listing> {
  const { api, namespace: name } = session;
  if (name === "") return await readListing(session, RESOURCES.namespace, signal, { metadataOnly: true });
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
