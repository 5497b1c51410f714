import type { BackupConfigSpec, BackupConfigStatus } from "../../api/mod.ts";
import type { KubeObject, ObjectKey } from "../../kube/types.ts";
import type { ConfigSource } from "../../api/rules/mod.ts";
import type { Lookup, RepositoryView, RunFacts, UnfitClaim } from "../shared/mod.ts";

/** Everything a pass over a BackupConfig looks at. */
export interface BackupConfigWorld {
  readonly object: KubeObject;
  readonly key: ObjectKey;
  readonly generation: number;
  readonly spec: BackupConfigSpec;
  readonly status: BackupConfigStatus;
  readonly repository: Lookup<RepositoryView>;
  /** Undefined when it cannot be seen. */
  readonly namespace: KubeObject | undefined;
  /** What its sources are now. */
  readonly sources: readonly ConfigSource[];
  /** Claims it names that are not there. */
  readonly missingClaims: readonly string[];
  /** Claims it names or selects that are there and cannot be backed up. */
  readonly unfitClaims: readonly UnfitClaim[];
  /** Its Backups that ended and are not being deleted, newest first. */
  readonly runs: readonly RunFacts[];
  /** The newest of them, whole. */
  readonly newest: KubeObject | undefined;
  /** The newest Succeeded one of them of which nothing is said to be gone, whole. */
  readonly newestSuccess: KubeObject | undefined;
  /** Names of its Backups that retention deletes and that are not gone yet. */
  readonly deleting: readonly string[];
  /** Names of its Backups that were put back without status and look for their snapshots. */
  readonly comingBack: readonly string[];
  /** Names of the Backups that were read live for this pass, as was the BackupConfig: retention acts on nothing else. */
  readonly live: ReadonlySet<string>;
}
