import {
  CATALOG_DEFAULTS,
  parseDurationSeconds,
  repositoryKind,
  type RepositorySpec,
  repositorySpec,
  type RepositoryStatus,
  repositoryStatus,
} from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { type ParsedObject, parseObject, resourceOf } from "../shared/mod.ts";

/** The resource of the kind. */
export const REPOSITORY = resourceOf(repositoryKind);

/** A Repository, parsed. */
export type RepositoryObject = ParsedObject<RepositorySpec, RepositoryStatus>;

/** Parses a Repository. Throws StalledError (InvalidSpec) for one this version cannot read. */
export function parseRepository(object: KubeObject): RepositoryObject {
  return parseObject(object, repositorySpec, repositoryStatus);
}

/** How often a ready repository is read again; undefined for a text that is no duration. */
export function refreshSeconds(spec: RepositorySpec): number | undefined {
  return parseDurationSeconds(spec.catalog?.refreshInterval ?? CATALOG_DEFAULTS.refreshInterval);
}

/** True when a bootstrap may make a repository: asked for, and none was ever opened under this object. */
export function mayCreate({ spec, status }: RepositoryObject): boolean {
  return spec.create?.enabled === true && status.uniqueId === undefined;
}
