import {
  CATALOG_MAX_LOG_BYTES,
  type CatalogDigest,
  decodeCatalog,
  parseMoverResult,
} from "../../../api/mod.ts";
import { keyText, type KubeObject, type ObjectKey, type Reader } from "../../../kube/types.ts";
import { MOVER_CONTAINER, moverJobName, podFacts, type ResultOf } from "../../movers/mod.ts";
import { byObject, controllerOf } from "../../shared/mod.ts";
import type { RepositoryObject } from "../repository_object.ts";
import { type BackupFacts, backupFacts } from "./backups_seen.ts";
import { idsByRun, type ListedSnapshot, listedSnapshots } from "./listed_snapshot.ts";

/** The listing of a finished bootstrap. */
export interface ReadListing {
  readonly kind: "read";
  /** By id, newest first. */
  readonly snapshots: ReadonlyMap<string, ListedSnapshot>;
  /** Ids of the snapshots of runs of any cluster, by the uid of their Backup. */
  readonly idsByRun: ReadonlyMap<string, readonly string[]>;
  /** True when the repository has more snapshots. */
  readonly truncated: boolean;
  /** When the bootstrap began, and when it ended, by the node's clock. */
  readonly startedMs: number;
  readonly endedAt: string;
  /** Reads the Backups it is compared with, each only once: a hundred passes may process one listing. */
  readonly factsOf: (backup: KubeObject) => BackupFacts;
}

/** The listing a Repository has not processed completely yet. */
export type Listing =
  | { readonly kind: "none" }
  | ReadListing
  /** `endedAt` is absent when unknown. */
  | { readonly kind: "unreadable"; readonly why: string; readonly endedAt?: string };

/** The most other lines of a mover after the begin of its listing. */
const MORE_LINES = 2000;

/** The pod of a listing, and the expected digest. */
interface ListingSource {
  readonly pod: ObjectKey;
  readonly digest: CatalogDigest;
  readonly startedMs: number;
  readonly endedAt: string;
}

/** The Job whose listing is not processed completely; its log must stay until then. */
export function listedJob(repository: RepositoryObject, jobs: readonly KubeObject[]): KubeObject | undefined {
  if (!listingIsPending(repository)) return undefined;
  const name = lastJobName(repository);
  return jobs.find(({ metadata }) => metadata.name === name && metadata.deletionTimestamp === undefined);
}

/** The name of the bootstrap Job whose end was recorded last. */
function lastJobName({ key: { name }, uid, status }: RepositoryObject): string {
  return moverJobName({ name, uid }, { kind: "bootstrap" }, status.bootstrap?.runs ?? 0);
}

/**
 * Reads the listing of the last bootstrap from the log of its pod, once: a listing with
 * much to do is processed in many passes, which get it from memory. After a restart the
 * log is read again. A failure costs only that listing. Throws only when aborted.
 */
export async function observeListing(
  { repository, jobs, pods }: {
    readonly repository: RepositoryObject;
    readonly jobs: readonly KubeObject[];
    readonly pods: readonly KubeObject[];
  },
  { reader, memory }: { readonly reader: Reader; readonly memory: ListingMemory },
  signal: AbortSignal,
): Promise<Listing> {
  const { key } = repository;
  if (!listingIsPending(repository)) {
    memory.drop(key);
    return { kind: "none" };
  }
  const job = listedJob(repository, jobs);
  if (job === undefined) return gone("the Job that made it is gone");
  const remembered = memory.get(key, job.metadata.uid ?? "");
  if (remembered !== undefined) return remembered;
  const source = sourceOf(repository, job, pods);
  if (source === undefined) return gone("the pod that made it is gone");
  const listing = await readListing(source, key.name, reader, signal);
  if (listing.kind === "read") memory.keep(key, job.metadata.uid ?? "", listing);
  return listing;
}

/** False after the spec changed: there will be another bootstrap, with its own listing. */
function listingIsPending({ generation, isDeleting, status: { bootstrap } }: RepositoryObject): boolean {
  return bootstrap?.listing === "Pending" && bootstrap.forGeneration === generation && !isDeleting;
}

function sourceOf(
  { status }: RepositoryObject,
  job: KubeObject,
  pods: readonly KubeObject[],
): ListingSource | undefined {
  for (const pod of pods) {
    if (job.metadata.uid === undefined || controllerOf(pod)?.uid !== job.metadata.uid) continue;
    const { terminated, createdAt } = podFacts(pod);
    const read = parseMoverResult(terminated?.message);
    if (read.kind !== "result" || !isBootstrap(read.result)) continue;
    const { bootstrap: { catalog, uniqueId }, durationSeconds } = read.result;
    // Only a listing of the repository this object was opened with concerns its Backups.
    if (catalog === undefined || uniqueId !== status.uniqueId) continue;
    const endedMs = Date.parse(terminated?.finishedAt ?? createdAt);
    if (Number.isNaN(endedMs)) continue;
    const { namespace = "", name } = pod.metadata;
    const startedMs = endedMs - durationSeconds * 1000;
    return { pod: { namespace, name }, digest: catalog, startedMs, endedAt: new Date(endedMs).toISOString() };
  }
  return undefined;
}

function isBootstrap(result: object): result is ResultOf<"bootstrap"> {
  return "bootstrap" in result && !("failure" in result);
}

async function readListing(
  { pod, digest, startedMs, endedAt }: ListingSource,
  repository: string,
  reader: Reader,
  signal: AbortSignal,
): Promise<Listing> {
  const part = {
    container: MOVER_CONTAINER,
    lastLines: digest.lines + MORE_LINES,
    limitBytes: CATALOG_MAX_LOG_BYTES,
  };
  try {
    const text = await reader.readLog(pod, part, signal);
    if (text === undefined) return { ...gone("the pod that made it is gone"), endedAt };
    const decoded = decodeCatalog(text, digest);
    if (decoded.kind === "unreadable") return { ...decoded, endedAt };
    const { entries, truncated } = decoded;
    return {
      kind: "read",
      snapshots: listedSnapshots(entries, repository),
      idsByRun: idsByRun(entries),
      truncated,
      startedMs,
      endedAt,
      factsOf: byObject(backupFacts),
    };
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    return { kind: "unreadable", why: `Cannot read the listing of the snapshots: ${why}`, endedAt };
  }
}

function gone(what: string): Extract<Listing, { readonly kind: "unreadable" }> {
  return { kind: "unreadable", why: `Cannot read the listing of the snapshots: ${what}` };
}

/** Decoded, the longest listing needs about 5 MB, with the facts of its Backups. */
const mostListings = 4;

/**
 * Keeps a few listings between the passes that process them; one that is not kept is read again
 * from the log of its pod, so nothing depends on it.
 */
export class ListingMemory {
  readonly #kept = new Map<string, { readonly jobUid: string; readonly listing: ReadListing }>();

  /** The listing of that very Job. */
  get(repository: ObjectKey, jobUid: string): ReadListing | undefined {
    const kept = this.#kept.get(keyText(repository));
    return kept?.jobUid === jobUid ? kept.listing : undefined;
  }

  /** Stores a listing and replaces the Repository's former one; drops the oldest when there are too many. */
  keep(repository: ObjectKey, jobUid: string, listing: ReadListing): void {
    const text = keyText(repository);
    this.#kept.delete(text);
    this.#kept.set(text, { jobUid, listing });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostListings && oldest !== undefined) this.#kept.delete(oldest);
  }

  /** Forgets the listing of a Repository. */
  drop(repository: ObjectKey): void {
    this.#kept.delete(keyText(repository));
  }
}
