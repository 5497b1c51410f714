import type { BackupConfigSpec, BackupConfigStatus } from "../../api/mod.ts";
import type { KubeObject, ObjectKey } from "../../kube/types.ts";
import type { ConfigSource, RepositoryView, Sighting } from "../shared/mod.ts";
import type { RecipeRun } from "./recipe_run.ts";

/** Everything a pass over a BackupConfig looks at. */
export interface BackupConfigWorld {
  readonly object: KubeObject;
  readonly key: ObjectKey;
  readonly generation: number;
  readonly spec: BackupConfigSpec;
  readonly status: BackupConfigStatus;
  readonly repository: Sighting<RepositoryView>;
  /** What its sources are now. */
  readonly sources: readonly ConfigSource[];
  /** Claims it names that are not there. */
  readonly missingClaims: readonly string[];
  /** Its Backups that ended and are not being deleted, newest first. */
  readonly runs: readonly RecipeRun[];
  /** The newest of them, whole. */
  readonly newest: KubeObject | undefined;
  /** The newest Succeeded one of them, whole. */
  readonly newestSuccess: KubeObject | undefined;
  /** Names of its Backups that retention deletes and that are not gone yet. */
  readonly leaving: readonly string[];
}
