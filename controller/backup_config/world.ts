import type { BackupConfigSpec, BackupConfigStatus } from "../../api/mod.ts";
import type { KubeObject, ObjectKey } from "../../kube/types.ts";
import type { RepositoryView, RunSummary, Sighting } from "../shared/mod.ts";

/** Everything a pass over a BackupConfig looks at. */
export interface BackupConfigWorld {
  readonly object: KubeObject;
  readonly key: ObjectKey;
  readonly generation: number;
  readonly spec: BackupConfigSpec;
  readonly status: BackupConfigStatus;
  readonly repository: Sighting<RepositoryView>;
  /** Claims of its sources that are not there. */
  readonly missingClaims: readonly string[];
  /** Its Backups that ended and are not being deleted, newest first. */
  readonly runs: readonly RunSummary[];
  /** The newest of them, whole. */
  readonly newest: KubeObject | undefined;
}
