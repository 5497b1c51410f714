/**
 * The Repository kind: opens a kopia repository with a bootstrap Job, reads it again regularly, and reports whether it
 * can be used (`bootstrap/`); makes discovered Backups from the listing, and marks Backups whose snapshots are gone
 * (`catalog/`). Start reading at plan.ts.
 */
import { repositoryKind, repositorySpec } from "../../api/mod.ts";
import { keyOf, type KubeObject, type ObjectKey, type Reader } from "../../kube/types.ts";
import {
  type MoverSlots,
  type Need,
  needIndexValue,
  noteMover,
  noteMoverPod,
  repositoryNeeds,
} from "../movers/mod.ts";
import type { ControllerOptions } from "../options.ts";
import type { Grant, Kind, Watch } from "../runtime/kind.ts";
import {
  BY_UNIQUE_ID,
  byUniqueId,
  CONFIG_MAP,
  DeletionListings,
  FoundRuns,
  JOB,
  keysOfController,
  keysOfPodOwner,
  keysOfRefusedJob,
  POD,
  REPOSITORY,
  SECRET,
  WATCHED,
} from "../shared/mod.ts";
import { CredentialMemory } from "./bootstrap/credential_memory.ts";
import { BACKUP, BY_REPOSITORY_TEXT, byRepositoryText } from "./catalog/backups_seen.ts";
import { ListingMemory } from "./catalog/listing.ts";
import { keysOfStaleStock } from "./catalog/stock.ts";
import { repositoryClaims } from "./claims.ts";
import { BY_STORAGE, byCreatedStorage, byStorage, waitersBeside } from "./creation/creation.ts";
import { BY_REPOSITORY, byRepositoryLabel, observeRepository } from "./observe.ts";
import { planRepository, type RepositoryPlan } from "./plan.ts";
import { repositorySamples } from "./samples.ts";
import { repositoryStatusAfter } from "./status.ts";
import { duplicatesOf } from "./duplicates.ts";
import type { RepositoryWorld } from "./world.ts";

export type { RepositoryWorld } from "./world.ts";

const BY_NEED = "need";

/** The Repository kind. */
export function repositoryReconciler(
  options: ControllerOptions,
  slots: MoverSlots,
  found: FoundRuns = new FoundRuns(),
  deletions: DeletionListings = new DeletionListings(),
): Kind<RepositoryWorld, RepositoryPlan> {
  const memory = new ListingMemory();
  const credentials = new CredentialMemory();
  const observe = (key: ObjectKey, reader: Reader, signal: AbortSignal, now: Date) =>
    observeRepository(key, reader, { memory, credentials, found, deletions, now }, signal);
  const claims = repositoryClaims(options, slots, observe);
  return {
    name: repositoryKind.kind,
    resource: REPOSITORY,
    indexes: { [BY_NEED]: byNeed, [BY_UNIQUE_ID]: byUniqueId, [BY_STORAGE]: byStorage },
    watches: watchesOf(slots, deletions),
    writes: WRITES,
    observe,
    claims,
    applied: claims.applied,
    wakes: (wake) => slots.onGrant(repositoryKind.kind, wake),
    plan: (world, now) => planRepository(world, now, options),
    status: repositoryStatusAfter,
    samples: repositorySamples,
  };
}

/** Watches of Jobs and pods that also update the ledger of slots. */
function watchesOf(slots: MoverSlots, deletions: DeletionListings): readonly Watch[] {
  return [
    {
      ...WATCHED.job,
      indexes: { ...WATCHED.job.indexes, [BY_STORAGE]: byCreatedStorage },
      keys: (job, reader) => {
        noteMover(job, reader, slots, "bootstraps");
        return keysOfController(job, repositoryKind.kind);
      },
    },
    {
      ...WATCHED.pod,
      indexes: { [BY_REPOSITORY]: byRepositoryLabel, [BY_STORAGE]: byCreatedStorage },
      keys: (pod, reader) => {
        noteMoverPod(pod, reader, slots);
        return keysOfPodOwner(pod, reader, repositoryKind.kind);
      },
    },
    { ...WATCHED.refusal, keys: (event, reader) => keysOfRefusedJob(event, reader, repositoryKind.kind) },
    { ...WATCHED.secret, keys: keysThatNeed("secret") },
    { ...WATCHED.configMap, keys: keysThatNeed("configMap") },
    { ...WATCHED.volumeClaim, keys: keysThatNeed("volumeClaim") },
    { ...WATCHED.namespace, keys: keysOfPrivileged },
    {
      resource: REPOSITORY,
      keys: (repository, reader) => [
        ...duplicatesOf(repository, reader),
        ...waitersBeside(repository, reader),
      ],
    },
    {
      resource: BACKUP,
      indexes: { [BY_REPOSITORY_TEXT]: byRepositoryText },
      keys: (backup, reader) => keysOfStaleStock(backup, reader, deletions),
    },
  ];
}

const WRITES: readonly Grant[] = [
  { resource: REPOSITORY, verbs: ["patch"] },
  { resource: JOB, verbs: ["create", "delete"] },
  { resource: CONFIG_MAP, verbs: ["get"] },
  { resource: SECRET, verbs: ["get"] },
  { resource: POD, subresource: "log", verbs: ["get"] },
  { resource: BACKUP, verbs: ["create", "patch", "delete"] },
];

/** Index function: a Repository under every object it needs; under none while its spec is invalid. */
function byNeed(repository: KubeObject): readonly string[] {
  const spec = repositorySpec.safeParse(repository.spec);
  return spec.success ? repositoryNeeds(spec.data).map(({ kind, name }) => needIndexValue(kind, name)) : [];
}

function keysThatNeed(kind: Need["kind"]): (object: KubeObject, reader: Reader) => readonly ObjectKey[] {
  return ({ metadata: { namespace = "", name } }, reader) => {
    const index = { name: BY_NEED, value: needIndexValue(kind, name) };
    return reader.list(REPOSITORY, { namespace, index }).map(keyOf);
  };
}

/** A namespace's annotation matters to privileged repositories only. */
function keysOfPrivileged(namespace: KubeObject, reader: Reader): readonly ObjectKey[] {
  return reader.list(REPOSITORY, { namespace: namespace.metadata.name })
    .filter(({ spec }) => repositorySpec.safeParse(spec).data?.mover?.privilegedMode === true)
    .map(keyOf);
}
