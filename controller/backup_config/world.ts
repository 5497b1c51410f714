import type { BackupConfigSpec, BackupConfigStatus } from "../../api/mod.ts";
import type { KubeObject, ObjectKey } from "../../kube/types.ts";
import type { ConfigSource } from "../../api/rules/mod.ts";
import type { Lookup, RepositoryView, RunFacts, UnfitClaim } from "../shared/mod.ts";

/** Everything a pass over a BackupConfig reads. */
export interface BackupConfigWorld {
  readonly object: KubeObject;
  readonly key: ObjectKey;
  readonly generation: number;
  readonly spec: BackupConfigSpec;
  readonly status: BackupConfigStatus;
  readonly repository: Lookup<RepositoryView>;
  /** Undefined when it cannot be seen. */
  readonly namespace: KubeObject | undefined;
  /** Its current sources. */
  readonly sources: readonly ConfigSource[];
  /** Named claims that do not exist. */
  readonly missingClaims: readonly string[];
  /** Existing claims, named or selected, that cannot be backed up. */
  readonly unfitClaims: readonly UnfitClaim[];
  /** Its Backups that ended and are not being deleted, newest first. */
  readonly runs: readonly RunFacts[];
  /** The newest of them, whole. */
  readonly newest: KubeObject | undefined;
  /** The newest Succeeded one of them without a missing snapshot, whole. */
  readonly newestSuccess: KubeObject | undefined;
  /** Names of its Backups that retention is deleting. */
  readonly deleting: readonly string[];
  /** Names of its Backups that were put back without status and have not adopted their snapshots yet. */
  readonly comingBack: readonly string[];
  /** Names of the Backups read live for this pass; retention deletes no other. */
  readonly live: ReadonlySet<string>;
}
