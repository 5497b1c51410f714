import {
  type RepositorySpec,
  repositorySpec,
  type RepositoryStatus,
  repositoryStatus,
} from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { type ParsedObject, parseObject } from "../shared/mod.ts";

/** A Repository, parsed. */
export type RepositoryObject = ParsedObject<RepositorySpec, RepositoryStatus>;

/** Parses a Repository. Throws StalledError (InvalidSpec) for one this version cannot read. */
export function parseRepository(object: KubeObject): RepositoryObject {
  return parseObject(object, repositorySpec, repositoryStatus);
}

/** True when a bootstrap may create a repository: the spec allows it, and none was ever opened under this object. */
export function mayCreate({ spec, status }: RepositoryObject): boolean {
  return spec.create?.enabled === true && status.uniqueId === undefined;
}
