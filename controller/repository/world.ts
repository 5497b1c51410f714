import type { KubeObject, ObjectKey } from "../../kube/types.ts";
import type { Found, SlotAnswer } from "../movers/mod.ts";
import type { SeenStats } from "./catalog/backups_seen.ts";
import type { Catalog } from "./catalog/world.ts";
import type { Listing } from "./catalog/listing.ts";
import type { Creation } from "./creation/creation.ts";
import type { RepositoryObject } from "./repository_object.ts";

/** Everything the decisions about one Repository rest on. */
export interface RepositoryWorld {
  readonly object: KubeObject;
  readonly repository: RepositoryObject;
  /** What the repository needs, and what is there of it. */
  readonly found: readonly Found[];
  /** Metadata of the namespace; undefined when it cannot be seen. */
  readonly namespace: KubeObject | undefined;
  /** Jobs this very object controls. */
  readonly jobs: readonly KubeObject[];
  /** Mover pods that carry the repository's label, whoever controls them. */
  readonly pods: readonly KubeObject[];
  /** What the API server's clock shows, as far as it is known; ours otherwise. */
  readonly serverNow: Date;
  /** What the last bootstrap listed, while that is to be worked through. */
  readonly listing: Listing;
  /** The same beside the Backups it concerns; undefined when there is no listing that was read. */
  readonly catalog: Catalog | undefined;
  /** The newest numbers a run saw that are newer than those in the status. */
  readonly newestStats: SeenStats | undefined;
  /** Other Repositories that open the same repository. */
  readonly duplicates: readonly ObjectKey[];
  /** Who else may create a repository where this one might. */
  readonly creation: Creation;
  /** Whether a bootstrap may start; free where nobody was asked. */
  readonly slots: "free" | SlotAnswer;
}
