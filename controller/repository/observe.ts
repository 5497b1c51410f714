import { LABEL } from "../../api/mod.ts";
import type { KubeObject, ObjectKey, Reader } from "../../kube/types.ts";
import { observeMovers, observeNeeds, observeRefusals, repositoryNeeds } from "../movers/mod.ts";
import {
  type DeletionListings,
  type FoundRuns,
  labelValue,
  NAMESPACE,
  POD,
  REPOSITORY,
} from "../shared/mod.ts";
import { observeCatalog } from "./catalog/world.ts";
import { type ListingMemory, observeListing } from "./catalog/listing.ts";
import type { CredentialMemory } from "./bootstrap/credential_memory.ts";
import { observeStock } from "./catalog/stock.ts";
import { observeCreation } from "./creation/creation.ts";
import { duplicatesOf } from "./duplicates.ts";
import { parseRepository } from "./repository_object.ts";
import type { RepositoryWorld } from "./world.ts";

/** Index of mover pods by the repository label. */
export const BY_REPOSITORY = "repository";

/**
 * Reads the world of one Repository: the caches, the Secrets it needs and, once, the log of a bootstrap; undefined when it is gone. Throws
 * StalledError for one it cannot parse.
 */
export async function observeRepository(
  key: ObjectKey,
  reader: Reader,
  { memory, credentials, found, deletions, now }: {
    readonly memory: ListingMemory;
    readonly credentials: CredentialMemory;
    readonly found: FoundRuns;
    readonly deletions: DeletionListings;
    readonly now: Date;
  },
  signal: AbortSignal,
): Promise<RepositoryWorld | undefined> {
  const object = reader.get(REPOSITORY, key);
  if (object === undefined) {
    memory.drop(key);
    found.drop(key);
    deletions.drop(key);
    credentials.drop(key);
    return undefined;
  }
  const repository = parseRepository(object);
  const { namespace } = key;
  const jobs = await observeMovers(repository, [], reader, signal);
  const pods = reader.list(POD, { namespace, index: { name: BY_REPOSITORY, value: labelValue(key.name) } });
  const listing = await observeListing({ repository, jobs, pods }, { reader, memory }, signal);
  const catalog = listing.kind === "read" ? observeCatalog(repository, listing, reader) : undefined;
  if (catalog !== undefined) found.keep(key, catalog.found);
  const serverNow = reader.serverNow() ?? now;
  const needs = await observeNeeds(repositoryNeeds(repository.spec), namespace, reader, signal);
  return {
    object,
    repository,
    found: credentials.steady(key, needs),
    namespace: reader.get(NAMESPACE, { namespace: "", name: namespace }),
    jobs,
    pods,
    refusals: observeRefusals(jobs, reader),
    serverNow,
    listing,
    catalog,
    stock: observeStock(repository, { reader, deletions, serverNow }),
    duplicates: duplicatesOf(object, reader),
    creation: observeCreation(repository, reader, serverNow),
    slots: "free",
  };
}

/** Index function: a pod under the value of its repository label. */
export function byRepositoryLabel(pod: KubeObject): readonly string[] {
  const value = pod.metadata.labels?.[LABEL.repository];
  return value === undefined ? [] : [value];
}
