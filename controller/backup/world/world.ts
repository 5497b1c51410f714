import type {
  BackupConfigSpec,
  BackupStatus,
  DeletionPolicy,
  Identity,
  SnapshotEntry,
} from "../../../api/mod.ts";
import type { ConfigSource } from "../../../api/rules/mod.ts";
import type { KubeObject, ObjectKey } from "../../../kube/types.ts";
import { type Missing, type SeenProgress, type SlotAnswer } from "../../movers/mod.ts";
import type { ControllerOptions } from "../../options.ts";
import type { Plan } from "../../runtime/plan.ts";
import type { Finding, Lookup, RepositoryView, UnfitClaim } from "../../shared/mod.ts";
import type { SeenDeletions } from "./deletions.ts";
import type { BackupObject } from "./object.ts";

/** The recipe of a run, as far as the run needs it. */
export interface ConfigView {
  readonly key: ObjectKey;
  readonly uid: string;
  readonly spec: BackupConfigSpec;
  /** The identity its controller pinned for this spec, when it did. */
  readonly pinnedIdentity: Identity | undefined;
}

/** Everything a pass over a Backup looks at. */
export interface BackupWorld {
  readonly object: KubeObject;
  readonly backup: BackupObject;
  readonly namespace: KubeObject | undefined;
  readonly config: Lookup<ConfigView>;
  /** What its config said of snapshots when this process last saw it; looked for only where it is gone. */
  readonly lastPolicy?: DeletionPolicy;
  /** The pinned repository of a run that was started, else the one the config names. */
  readonly repository: Lookup<RepositoryView>;
  /** The first thing missing of what the repository needs; looked at only where a mover may be started. */
  readonly missing: Missing | undefined;
  /** What the sources of the config are now; looked at only where a run may be started. */
  readonly sources: readonly ConfigSource[];
  /** Claims the config names that are not there; looked at only where a run may be started. */
  readonly missingClaims: readonly string[];
  /** Claims it means that are there and cannot be backed up; looked at only where a run may be started. */
  readonly unfitClaims: readonly UnfitClaim[];
  /** Jobs this Backup controls, of any operation. */
  readonly jobs: readonly KubeObject[];
  /** Pods labelled with this Backup; what they are is decided by their Job. */
  readonly pods: readonly KubeObject[];
  /** What the API server's clock shows, as far as it is known; ours otherwise. */
  readonly serverNow: Date;
  /** What the breaker judges by; looked for only where it may be about to. */
  readonly deletions: SeenDeletions | undefined;
  /** What is known of the snapshots of one that was put back; looked for only there. */
  readonly finding?: Finding;
  /** Movers of a run that work now, and what they said last; absent: none. */
  readonly atWork?: readonly SeenProgress[];
  /** What the ledger of mover slots says; `free`: as if there were a slot for every mover. */
  readonly slots: SlotAnswer | "free";
  /** What is to be done, where it had to be known to ask for slots and none was denied. */
  readonly planned?: BackupPlan;
  readonly options: ControllerOptions;
}

/** True while the namespace is being deleted: nothing can be made in it any more. */
export function namespaceIsTerminating(world: BackupWorld): boolean {
  return world.namespace?.metadata.deletionTimestamp !== undefined;
}

/** True for a run that ended; its phase is the memory, whatever became of its Jobs. */
export function isTerminal(phase: string | undefined): phase is "Succeeded" | "Failed" {
  return phase === "Succeeded" || phase === "Failed";
}

/** True for a source that ended. */
export function sourceHasEnded(entry: SnapshotEntry): boolean {
  return isTerminal(entry.phase);
}

/** What a pass wants status to say, conditions and observedGeneration aside. */
export type NextStatus = Omit<BackupStatus, "conditions" | "observedGeneration">;

/** The plan of a Backup: times of this pass are settled in it, so that computing status needs no clock. */
export interface BackupPlan extends Plan {
  readonly next: NextStatus;
}

/** The status as it is, without what the engine fills in. */
export function currentStatus(status: BackupStatus): NextStatus {
  const { conditions: _conditions, observedGeneration: _generation, ...rest } = status;
  return rest;
}
