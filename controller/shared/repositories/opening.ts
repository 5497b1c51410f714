import type { RepositorySpec, RepositoryStatus } from "../../../api/mod.ts";
import { shortHash } from "../objects/names.ts";

/** A hash of what decides which repository is opened and how; the rest of the spec may change while it is open. */
export function openingOf(spec: RepositorySpec): string {
  const { catalog: _read, deletionBreaker: _held, maxConcurrentMovers: _slots, ...opening } = spec;
  return shortHash(JSON.stringify(opening), 16);
}

/** True when the last bootstrap opened the repository that the spec means, though it ran for an older spec. */
export function isOpenAs(spec: RepositorySpec, { bootstrap }: RepositoryStatus): boolean {
  return bootstrap?.failures === 0 && bootstrap.openedWith === openingOf(spec);
}
