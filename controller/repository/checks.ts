import { effectiveMover, firstMissing, type Obstacle, OBSTACLES } from "../movers/mod.ts";
import { whoText } from "./duplicates.ts";
import type { RepositoryWorld } from "./world.ts";

export type { Obstacle } from "../movers/mod.ts";

/** What of the needed Secrets, ConfigMaps and volumes is missing. */
export function missingNeed({ repository, found }: RepositoryWorld): Obstacle | undefined {
  const missing = firstMissing(found, repository.key.namespace);
  return OBSTACLES.credentialsAreMissing({ missing });
}

/** Why the namespace does not permit the mover the spec asks for. */
export function notPermitted({ repository, namespace }: RepositoryWorld): Obstacle | undefined {
  return OBSTACLES.privilegedMoverIsNotPermitted({
    mover: effectiveMover(repository.spec.mover),
    namespaceName: repository.key.namespace,
    namespace,
  });
}

/** Which movers of other Repositories may be creating in the same storage. */
export function creationContested({ repository, creation }: RepositoryWorld): Obstacle | undefined {
  const { creators } = creation;
  return OBSTACLES.anotherMayCreate({
    creators: creators.length === 0 ? undefined : whoText(repository.key.namespace, creators),
  });
}
