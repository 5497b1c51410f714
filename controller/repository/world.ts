import type { KubeObject, ObjectKey } from "../../kube/types.ts";
import type { Found, Refusals, SlotAnswer } from "../movers/mod.ts";
import type { SeenStock } from "./catalog/stock.ts";
import type { Catalog } from "./catalog/world.ts";
import type { Listing } from "./catalog/listing.ts";
import type { Creation } from "./creation/creation.ts";
import type { RepositoryObject } from "./repository_object.ts";

/** Everything the decisions about one Repository need. */
export interface RepositoryWorld {
  readonly object: KubeObject;
  readonly repository: RepositoryObject;
  /** The needs of the repository, and what was found. */
  readonly found: readonly Found[];
  /** Metadata of the namespace; undefined when it cannot be seen. */
  readonly namespace: KubeObject | undefined;
  /** Jobs that this very object controls. */
  readonly jobs: readonly KubeObject[];
  /** Mover pods with the repository's label, whoever controls them. */
  readonly pods: readonly KubeObject[];
  /** Why no pod could be made for a Job. */
  readonly refusals?: Refusals;
  /** The API server's clock, if known, else ours. */
  readonly serverNow: Date;
  /** The listing of the last bootstrap, until it is processed. */
  readonly listing: Listing;
  /** The same with the Backups it concerns; undefined without a readable listing. */
  readonly catalog: Catalog | undefined;
  /** What movers saw and saved since the listing in the status; undefined before the first one. */
  readonly stock: SeenStock | undefined;
  /** Other Repositories with the same unique id. */
  readonly duplicates: readonly ObjectKey[];
  /** Other Repositories that may create in the same storage. */
  readonly creation: Creation;
  /** Whether a bootstrap may start; "free" when the ledger was not asked. */
  readonly slots: "free" | SlotAnswer;
}
