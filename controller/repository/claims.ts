import type { ObjectKey, Reader } from "../../kube/types.ts";
import { type MoverSlots, observeMovers, slotClaims } from "../movers/mod.ts";
import type { ControllerOptions } from "../options.ts";
import type { Claims, Kind } from "../runtime/kind.ts";
import type { Applied } from "../runtime/plan.ts";
import { LiveReader, REPOSITORY } from "../shared/mod.ts";
import { repositorySlots } from "./bootstrap/slots.ts";
import { bootstrapsInDoubt } from "./bootstrap/task.ts";
import { mayBeCreating } from "./creation/creation.ts";
import { creatorOf } from "./creation/creator.ts";
import { CreationTurns } from "./creation/turns.ts";
import type { RepositoryWorld } from "./world.ts";

/**
 * What a bootstrap needs that all share: a slot and, where it may create, that nobody else does. Before one is made its
 * Repository is read live, and the Jobs that no cache shows yet.
 */
export function repositoryClaims(
  options: ControllerOptions,
  slots: MoverSlots,
  observe: Kind<RepositoryWorld>["observe"],
): Claims<RepositoryWorld> & { readonly applied: (world: RepositoryWorld, applied: Applied) => void } {
  const turns = new CreationTurns();
  const claims = slotClaims(slots, repositorySlots(options), async (seen, reader, signal, now) => {
    const { object, repository: { key } } = seen;
    const live = new LiveReader(reader);
    await live.refresh(REPOSITORY, key, signal);
    const isSeen = live.get(REPOSITORY, key)?.metadata.resourceVersion === object.metadata.resourceVersion;
    const world = isSeen ? seen : await observe(key, live, signal, now);
    if (world === undefined) return undefined;
    const { repository, creation } = world;
    const other = creation.storage === undefined ? undefined : turns.take(creation.storage, key, now);
    const jobs = await observeMovers(repository, bootstrapsInDoubt(repository), reader, signal);
    const creators = other === undefined ? await creatorsInDoubt(world, reader, signal) : [other];
    if (isSeen && jobs.length === world.jobs.length && creators.length === 0) return seen;
    return { ...world, jobs, creation: { ...creation, creators: [...creation.creators, ...creators] } };
  });
  return {
    ask: (seen, reader, signal, now) => {
      // A pass before this one that was broken off made nothing, or what it made is found live.
      turns.giveBack(seen.repository.key);
      return claims.ask(seen, reader, signal, now);
    },
    withdraw: (key) => {
      turns.giveBack(key);
      claims.withdraw(key);
    },
    applied: (world, applied) => {
      turns.giveBack(world.repository.key);
      claims.applied(world, applied);
    },
  };
}

/** Repositories of the same storage whose movers may be creating, also those that no cache shows yet. */
async function creatorsInDoubt(
  { repository: { key }, creation: { storage, rivals, creators }, serverNow }: RepositoryWorld,
  reader: Reader,
  signal: AbortSignal,
): Promise<readonly ObjectKey[]> {
  if (creators.length > 0) return [];
  for (let at = 0; at < rivals.length; at += RIVALS_AT_ONCE) {
    const jobs = await Promise.all(
      rivals.slice(at, at + RIVALS_AT_ONCE)
        .map((rival) => observeMovers(rival, bootstrapsInDoubt(rival), reader, signal)),
    );
    const found = jobs.flat().filter((job) => mayBeCreating(job, key.namespace, serverNow))
      .flatMap((job) => creatorOf(job) ?? [])
      .filter((creator) => creator.storage === storage)
      .map(({ repository }) => repository);
    if (found.length > 0) return found;
  }
  return [];
}

/** Each is two requests; the first that may be creating is enough. */
const RIVALS_AT_ONCE = 20;
