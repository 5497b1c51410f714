import type { KubeObject } from "../../kube/types.ts";
import type { Found } from "../shared/mod.ts";
import type { RepositoryObject } from "./repository_object.ts";

/** Everything the decisions about one Repository rest on. */
export interface RepositoryWorld {
  readonly object: KubeObject;
  readonly repository: RepositoryObject;
  /** What the repository needs, and what is there of it. */
  readonly found: readonly Found[];
  /** Metadata of the namespace; undefined when it cannot be seen. */
  readonly namespace: KubeObject | undefined;
  /** Jobs and (metadata of) ConfigMaps this very object controls. */
  readonly jobs: readonly KubeObject[];
  readonly configMaps: readonly KubeObject[];
  /** Mover pods that carry the repository's label, whoever controls them. */
  readonly pods: readonly KubeObject[];
}
