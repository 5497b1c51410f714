import type { Reason } from "../../api/mod.ts";
import { effectiveMover, firstMissing, privilegedRefusal } from "../movers/mod.ts";
import type { RepositoryWorld } from "./world.ts";

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
