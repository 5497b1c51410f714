import { LABEL, repositoryKind } from "../../api/mod.ts";
import type { KubeObject, ObjectKey, Reader } from "../../kube/types.ts";
import {
  CONFIG_MAP,
  JOB,
  labelValue,
  NAMESPACE,
  observeNeeds,
  POD,
  repositoryNeeds,
  resourceOf,
} from "../shared/mod.ts";
import { parseRepository } from "./repository_object.ts";
import type { RepositoryWorld } from "./world.ts";

/** The resource of the kind. */
export const REPOSITORY = resourceOf(repositoryKind);
/** Index of Jobs and ConfigMaps by the uid of their controller. */
export const BY_OWNER = "owner";
/** Index of mover pods by the repository label. */
export const BY_REPOSITORY = "repository";

/** Reads the world of one Repository; undefined when it is gone. Throws StalledError for one it cannot parse. */
export async function observeRepository(
  key: ObjectKey,
  reader: Reader,
  signal: AbortSignal,
): Promise<RepositoryWorld | undefined> {
  const object = reader.get(REPOSITORY, key);
  if (object === undefined) return undefined;
  const repository = parseRepository(object);
  const { namespace } = key;
  const owned = { namespace, index: { name: BY_OWNER, value: repository.uid } };
  return {
    object,
    repository,
    found: await observeNeeds(repositoryNeeds(repository.spec), namespace, reader, signal),
    namespace: reader.get(NAMESPACE, { namespace: "", name: namespace }),
    jobs: reader.list(JOB, owned),
    configMaps: reader.list(CONFIG_MAP, owned),
    pods: reader.list(POD, { namespace, index: { name: BY_REPOSITORY, value: labelValue(key.name) } }),
  };
}

/** Index function: a pod under the value of its repository label. */
export function byRepositoryLabel(pod: KubeObject): readonly string[] {
  const value = pod.metadata.labels?.[LABEL.repository];
  return value === undefined ? [] : [value];
}
