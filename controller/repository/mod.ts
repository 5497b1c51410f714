/**
 * The Repository kind: opens a kopia repository with a bootstrap Job, reads it again now and then, and says whether it
 * can be used (`bootstrap/`); makes discovered Backups of what it lists there, and marks Backups whose snapshots are gone
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
  slotClaims,
} from "../movers/mod.ts";
import type { ControllerOptions } from "../options.ts";
import type { Grant, Kind, Watch } from "../runtime/kind.ts";
import {
  BY_UNIQUE_ID,
  byControllerUid,
  byUniqueId,
  CONFIG_MAP,
  controllerOf,
  FoundRuns,
  JOB,
  keysOfController,
  keysOfPodOwner,
  LiveReader,
  POD,
  REPOSITORY,
  SECRET,
  WATCHED,
} from "../shared/mod.ts";
import { CredentialMemory } from "./bootstrap/credential_memory.ts";
import { decide } from "./bootstrap/decide.ts";
import { repositorySlots } from "./bootstrap/slots.ts";
import { bootstrapJobName, bootstrapNumber } from "./bootstrap/task.ts";
import { BACKUP, BY_REPOSITORY_TEXT, byRepositoryText } from "./catalog/backups_seen.ts";
import { ListingMemory } from "./catalog/listing.ts";
import { keysOfStaleStats } from "./catalog/newest_stats.ts";
import { BY_OWNER, BY_REPOSITORY, byRepositoryLabel, observeRepository } from "./observe.ts";
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
): Kind<RepositoryWorld, RepositoryPlan> {
  const memory = new ListingMemory();
  const credentials = new CredentialMemory();
  const claims = slotClaims(slots, repositorySlots(options));
  const observe = (key: ObjectKey, reader: Reader, signal: AbortSignal, now: Date) =>
    observeRepository(key, reader, { memory, credentials, found, now }, signal);
  return {
    name: repositoryKind.kind,
    resource: REPOSITORY,
    indexes: { [BY_NEED]: byNeed, [BY_UNIQUE_ID]: byUniqueId },
    watches: watchesOf(slots),
    writes: WRITES,
    observe,
    claims: {
      ...claims,
      ask: async (seen, reader, signal, now) => {
        const world = await claims.ask(seen, reader, signal, now);
        if (world === undefined || decide(world, now, options).kind !== "start") return world;
        // By a status that is out of date a bootstrap would be made again whose result was taken.
        const { object, repository: { key } } = world;
        const live = new LiveReader(reader);
        await live.refresh(REPOSITORY, key, signal);
        const isSeen =
          live.get(REPOSITORY, key)?.metadata.resourceVersion === object.metadata.resourceVersion;
        const again = isSeen ? world : await observe(key, live, signal, now);
        if (again === undefined) return undefined;
        const unseen = await jobsUnseen(again, reader, signal);
        if (isSeen && unseen.length === 0) return again;
        return await claims.ask({ ...again, jobs: [...again.jobs, ...unseen] }, reader, signal, now);
      },
    },
    applied: claims.applied,
    wakes: (wake) => slots.onGrant(repositoryKind.kind, wake),
    plan: (world, now) => planRepository(world, now, options),
    status: repositoryStatusAfter,
    samples: repositorySamples,
  };
}

/**
 * Jobs of the Repository that its status speaks of, or that a pass before this one may have made, and that no cache shows
 * yet: caches of Repositories and Jobs are filled by watches of their own, in no order, and beside such a Job the next
 * one would be made.
 */
async function jobsUnseen(
  { repository, jobs }: RepositoryWorld,
  reader: Reader,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const number = bootstrapNumber(repository);
  const names = [number, number + 1].map((each) => bootstrapJobName(repository, each));
  const missing = names.filter((name) => !jobs.some(({ metadata }) => metadata.name === name));
  const { namespace } = repository.key;
  const read = await Promise.all(missing.map((name) => reader.read(JOB, { namespace, name }, signal)));
  return read.filter((each) => each !== undefined).filter((each) =>
    controllerOf(each)?.uid === repository.uid
  );
}

/** What the ledger of slots has to know of Jobs and pods it is told on the way. */
function watchesOf(slots: MoverSlots): readonly Watch[] {
  return [
    {
      ...WATCHED.job,
      indexes: { [BY_OWNER]: byControllerUid },
      keys: (job, reader) => {
        noteMover(job, reader, slots, "bootstraps");
        return keysOfController(job, repositoryKind.kind);
      },
    },
    {
      ...WATCHED.pod,
      indexes: { [BY_REPOSITORY]: byRepositoryLabel },
      keys: (pod, reader) => {
        noteMoverPod(pod, reader, slots);
        return keysOfPodOwner(pod, reader, repositoryKind.kind);
      },
    },
    { ...WATCHED.secret, keys: keysThatNeed("secret") },
    { ...WATCHED.configMap, keys: keysThatNeed("configMap") },
    { ...WATCHED.volumeClaim, keys: keysThatNeed("volumeClaim") },
    { ...WATCHED.namespace, keys: keysOfPrivileged },
    { resource: REPOSITORY, keys: duplicatesOf },
    { resource: BACKUP, indexes: { [BY_REPOSITORY_TEXT]: byRepositoryText }, keys: keysOfStaleStats },
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

/** A repository under everything it names; under nothing while its spec cannot be read. */
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
