import { CATALOG_DEFAULTS, parseDurationSeconds, type RepositorySpec } from "../mod.ts";
import { mountConflict } from "./mount_conflict.ts";

/** Below this a repository would be opened without pause. */
const SHORTEST_REFRESH_SECONDS = 30;

/** What makes no sense in the spec of a Repository, as a sentence; undefined when all is well. */
export function senselessRepository(spec: RepositorySpec): string | undefined {
  const backends = Object.values(spec.backend).filter((backend) => backend !== undefined).length;
  if (backends !== 1) return `Cannot use the repository: ${backends} backends are set, expected exactly one`;
  const seconds = refreshSeconds(spec);
  if (seconds === undefined || seconds < SHORTEST_REFRESH_SECONDS) {
    return `Cannot use the repository: catalog.refreshInterval is "${spec.catalog?.refreshInterval}", ` +
      `expected at least ${SHORTEST_REFRESH_SECONDS}s`;
  }
  return mountConflict(spec);
}

/** How often a ready repository is read again; undefined for a text that is no duration. */
export function refreshSeconds(spec: RepositorySpec): number | undefined {
  return parseDurationSeconds(spec.catalog?.refreshInterval ?? CATALOG_DEFAULTS.refreshInterval);
}
