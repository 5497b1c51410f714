import type { Reason } from "../../api/mod.ts";
import { effectiveMover, firstMissing, mountConflict, privilegedRefusal } from "../movers/mod.ts";
import { refreshSeconds } from "./repository_object.ts";
import type { RepositoryWorld } from "./world.ts";

/** Below this a repository would be opened without pause. */
const SHORTEST_REFRESH_SECONDS = 30;

/** What makes no sense in a spec its schema accepts, as a sentence; undefined when all is well. */
export function senselessSpec({ repository: { spec } }: RepositoryWorld): string | undefined {
  const backends = Object.values(spec.backend).filter((backend) => backend !== undefined).length;
  if (backends !== 1) return `Cannot use the repository: ${backends} backends are set, expected exactly one`;
  const seconds = refreshSeconds(spec);
  if (seconds === undefined || seconds < SHORTEST_REFRESH_SECONDS) {
    return `Cannot use the repository: catalog.refreshInterval is "${spec.catalog?.refreshInterval}", ` +
      `expected at least ${SHORTEST_REFRESH_SECONDS}s`;
  }
  return mountConflict(spec);
}

/** Something outside the object that a bootstrap waits for. */
export interface Obstacle {
  readonly reason: Reason;
  /** Names what is missing, where, and what is expected. */
  readonly message: string;
}

/** What of the needed Secrets, ConfigMaps and volumes is missing. */
export function missingNeed({ repository, found }: RepositoryWorld): Obstacle | undefined {
  return firstMissing(found, repository.key.namespace);
}

/** Why the namespace does not permit the mover the spec asks for. */
export function notPermitted({ repository, namespace }: RepositoryWorld): Obstacle | undefined {
  const mover = effectiveMover(repository.spec.mover);
  const message = privilegedRefusal(mover, repository.key.namespace, namespace);
  return message === undefined ? undefined : { reason: "PrivilegedMoverNotPermitted", message };
}
