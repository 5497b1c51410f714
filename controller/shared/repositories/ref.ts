import { type RepositoryRef, repositoryRef } from "../../../api/kinds/backup_config.ts";
import { repositoryKind } from "../../../api/kinds/repository.ts";
import { keyText, type KubeObject, type ObjectKey, type Reader } from "../../../kube/types.ts";
import { type Lookup, type RepositoryView, repositoryView } from "./view.ts";
import { resourceOf } from "../objects/resources.ts";
import { textAt, valueAt } from "../objects/field_at.ts";

/** The kind a reference to a repository means. */
export const REPOSITORY = resourceOf(repositoryKind);

const KINDS = repositoryRef.shape.kind.unwrap().options;

/** The key of the repository that an object of a namespace means: it lies in that namespace. */
export function repositoryKey({ kind, name }: RepositoryRef, namespace: string): ObjectKey {
  switch (kind) {
    case "Repository":
      return { namespace, name };
  }
}

/**
 * One text for one repository, whoever refers to it: what indexes and ledgers file things under. That of a repository
 * itself is the `keyText` of its key.
 */
export function repositoryKeyText(ref: RepositoryRef, namespace: string): string {
  return keyText(repositoryKey(ref, namespace));
}

/** The repository that an object of a namespace means, as the caches show it. */
export function resolveRepository(
  ref: RepositoryRef | undefined,
  namespace: string,
  reader: Reader,
): Lookup<RepositoryView> {
  return repositoryView(cachedRepository(ref, namespace, reader));
}

/** The object of that repository in the caches. */
export function cachedRepository(
  ref: RepositoryRef | undefined,
  namespace: string,
  reader: Reader,
): KubeObject | undefined {
  return ref === undefined ? undefined : reader.get(REPOSITORY, repositoryKey(ref, namespace));
}

/** The object of that repository as it is now. */
export async function liveRepository(
  ref: RepositoryRef | undefined,
  namespace: string,
  reader: Reader,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  return ref === undefined ? undefined : await reader.read(REPOSITORY, repositoryKey(ref, namespace), signal);
}

/** The repository a recipe writes to, as its spec says. Reads by hand, for whoever runs over every recipe. */
export function repositoryOfConfig(config: KubeObject): RepositoryRef | undefined {
  return refAt(config, "spec", "repository");
}

/** The repository a run was started with; undefined for a Backup that was not. Reads by hand, as indexes do. */
export function repositoryOfRun(backup: KubeObject): RepositoryRef | undefined {
  return refAt(backup, "status", "resolved", "repository");
}

/** The repository a Backup belongs to: the one it was started with, or was found in. */
export function repositoryOfBackup(backup: KubeObject): RepositoryRef | undefined {
  return repositoryOfRun(backup) ?? refAt(backup, "spec", "discovered", "repository");
}

/** One of a kind this version does not know is none. */
function refAt(object: KubeObject, ...path: readonly string[]): RepositoryRef | undefined {
  const ref = valueAt(object, ...path);
  const name = textAt(ref, "name");
  const said = valueAt(ref, "kind");
  const kind = said === undefined ? "Repository" : KINDS.find((each) => each === said);
  return name === undefined || kind === undefined ? undefined : { kind, name };
}
