import { type RepositoryRef, repositoryRef } from "../../../api/kinds/backup_config.ts";
import { repositoryKind } from "../../../api/kinds/repository.ts";
import { keyText, type KubeObject, type ObjectKey, type Reader } from "../../../kube/types.ts";
import { type Lookup, type RepositoryView, repositoryView } from "./view.ts";
import { resourceOf } from "../objects/resources.ts";
import { textAt, valueAt } from "../objects/field_at.ts";

/** The kind of a reference to a repository. */
export const REPOSITORY = resourceOf(repositoryKind);

const KINDS = repositoryRef.shape.kind.unwrap().options;

/** The key of the repository that an object refers to: it is in the object's namespace. */
export function repositoryKey({ kind, name }: RepositoryRef, namespace: string): ObjectKey {
  switch (kind) {
    case "Repository":
      return { namespace, name };
  }
}

/**
 * The same text for every reference to one repository, for indexes and ledgers. For a repository
 * itself it is the `keyText` of its key.
 */
export function repositoryKeyText(ref: RepositoryRef, namespace: string): string {
  return keyText(repositoryKey(ref, namespace));
}

/** The repository that an object refers to, from the caches. */
export function resolveRepository(
  ref: RepositoryRef | undefined,
  namespace: string,
  reader: Reader,
): Lookup<RepositoryView> {
  return repositoryView(cachedRepository(ref, namespace, reader));
}

/** The same repository as an object, from the caches. */
export function cachedRepository(
  ref: RepositoryRef | undefined,
  namespace: string,
  reader: Reader,
): KubeObject | undefined {
  return ref === undefined ? undefined : reader.get(REPOSITORY, repositoryKey(ref, namespace));
}

/** The same repository as an object, read live. */
export async function liveRepository(
  ref: RepositoryRef | undefined,
  namespace: string,
  reader: Reader,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  return ref === undefined ? undefined : await reader.read(REPOSITORY, repositoryKey(ref, namespace), signal);
}

/** The repository in the spec of a recipe. Reads without a schema, as it is called for every recipe. */
export function repositoryOfConfig(config: KubeObject): RepositoryRef | undefined {
  return refAt(config, "spec", "repository");
}

/** The repository a run was started with; undefined for one that was not. Reads without a schema, for indexes. */
export function repositoryOfRun(backup: KubeObject): RepositoryRef | undefined {
  return refAt(backup, "status", "resolved", "repository");
}

/** The repository of a Backup: the one it was started with, or in which it was discovered. */
export function repositoryOfBackup(backup: KubeObject): RepositoryRef | undefined {
  return repositoryOfRun(backup) ?? refAt(backup, "spec", "discovered", "repository");
}

/** Undefined for a kind this version does not know. */
function refAt(object: KubeObject, ...path: readonly string[]): RepositoryRef | undefined {
  const ref = valueAt(object, ...path);
  const name = textAt(ref, "name");
  const said = valueAt(ref, "kind");
  const kind = said === undefined ? "Repository" : KINDS.find((each) => each === said);
  return name === undefined || kind === undefined ? undefined : { kind, name };
}
