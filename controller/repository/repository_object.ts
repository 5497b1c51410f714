import {
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

/** True when a bootstrap may make a repository: asked for, and none was ever opened under this object. */
export function mayCreate({ spec, status }: RepositoryObject): boolean {
  return spec.create?.enabled === true && status.uniqueId === undefined;
}
