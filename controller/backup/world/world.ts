import type {
  BackupConfigSpec,
  BackupStatus,
  DeletionPolicy,
  Identity,
  SnapshotEntry,
} from "../../../api/mod.ts";
import type { ConfigSource } from "../../../api/rules/mod.ts";
import type { KubeObject, ObjectKey } from "../../../kube/types.ts";
import { type Missing, type Refusals, type SeenProgress, type SlotAnswer } from "../../movers/mod.ts";
import type { ControllerOptions } from "../../options.ts";
import type { Plan } from "../../runtime/plan.ts";
import type { Finding, Lookup, RepositoryView, UnfitClaim } from "../../shared/mod.ts";
import type { SeenDeletions } from "./deletions.ts";
import type { BackupObject } from "./object.ts";

/** The part of a recipe that a run needs. */
export interface ConfigView {
  readonly key: ObjectKey;
  readonly uid: string;
  readonly spec: BackupConfigSpec;
  /** The identity pinned for this spec, if any. */
  readonly pinnedIdentity: Identity | undefined;
}

/** Everything a pass over a Backup reads. */
export interface BackupWorld {
  readonly object: KubeObject;
  readonly backup: BackupObject;
  readonly namespace: KubeObject | undefined;
  readonly config: Lookup<ConfigView>;
  /** The config's deletion policy when this process last saw it; only when the config is gone. */
  readonly lastPolicy?: DeletionPolicy;
  /** The pinned repository of a run that was started, else the one the config names. */
  readonly repository: Lookup<RepositoryView>;
  /** The first missing need of the repository; read only when a mover may be started. */
  readonly missing: Missing | undefined;
  /** The current sources of the config; read only when a run may be started. */
  readonly sources: readonly ConfigSource[];
  /** Named claims that do not exist; read only when a run may be started. */
  readonly missingClaims: readonly string[];
  /** Existing claims of the config that cannot be backed up; read only when a run may be started. */
  readonly unfitClaims: readonly UnfitClaim[];
  /** Jobs this Backup controls, of any operation. */
  readonly jobs: readonly KubeObject[];
  /** Pods with this Backup's label; their Job decides whether they are its movers. */
  readonly pods: readonly KubeObject[];
  /** Why no pod could be made for a Job. */
  readonly refusals?: Refusals;
  /** The API server's clock, if known, else ours. */
  readonly serverNow: Date;
  /** The facts for the breaker; read only when it may be needed. */
  readonly deletions: SeenDeletions | undefined;
  /** What is known about the snapshots of a Backup that was put back; only for such. */
  readonly finding?: Finding;
  /** The working movers of a run with their latest progress; absent: none. */
  readonly atWork?: readonly SeenProgress[];
  /** The answer of the ledger of mover slots; `free`: a slot for every mover. */
  readonly slots: SlotAnswer | "free";
  /** The plan, if it was made to ask for slots and all were granted. */
  readonly planned?: BackupPlan;
  readonly options: ControllerOptions;
}

/** True while the namespace is being deleted: nothing can be made in it any more. */
export function namespaceIsTerminating(world: BackupWorld): boolean {
  return world.namespace?.metadata.deletionTimestamp !== undefined;
}

/** True for a run that ended, by its phase; its Jobs no longer matter. */
export function isTerminal(phase: string | undefined): phase is "Succeeded" | "Failed" {
  return phase === "Succeeded" || phase === "Failed";
}

/** True for a source that ended. */
export function sourceHasEnded(entry: SnapshotEntry): boolean {
  return isTerminal(entry.phase);
}

/** The status without conditions and observedGeneration. */
export type NextStatus = Omit<BackupStatus, "conditions" | "observedGeneration">;

/** The plan of a Backup. It has the times of this pass, so that computing the status needs no clock. */
export interface BackupPlan extends Plan {
  readonly next: NextStatus;
}

/** The current status, without what the engine fills in. */
export function currentStatus(status: BackupStatus): NextStatus {
  const { conditions: _conditions, observedGeneration: _generation, ...rest } = status;
  return rest;
}
