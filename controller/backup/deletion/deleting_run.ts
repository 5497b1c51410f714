import { type Reason, type SnapshotEntry } from "../../../api/mod.ts";
import { type BackupPlan, type BackupWorld, currentStatus, type NextStatus } from "../world/world.ts";
import { stepsOf } from "../run/plan.ts";
import { type RunPin, runPin } from "../run/pin.ts";
import { stepMeasures } from "../run/notices.ts";

/** A run that is being deleted. */
export interface DeletingRun {
  readonly world: BackupWorld;
  readonly pin: RunPin | undefined;
  /** The entries, updated with the results of their Jobs. */
  readonly entries: readonly SnapshotEntry[];
  /** True when a source ended that the status does not have yet. */
  readonly hasChanges: boolean;
  readonly measures: BackupPlan["measures"];
  readonly now: Date;
}

/** Collects what is known about a run that is being deleted. */
export function deletingRun(world: BackupWorld, now: Date): DeletingRun {
  const pin = runPin(world.backup.status, world.jobs);
  if (pin === undefined) {
    return { world, pin, entries: world.backup.status.snapshots ?? [], hasChanges: false, measures: [], now };
  }
  const steps = stepsOf(world, pin, now);
  const entries = steps.map(({ entry }) => entry);
  const hasChanges = steps.some(({ kind }) => kind === "ended");
  return { world, pin, entries, hasChanges, measures: stepMeasures(steps), now };
}

/** A plan that only waits; the caller adds the rest. */
export function waitingPlan(
  deleting: DeletingRun,
  reason: Reason,
  message: string,
  recheckAfterSeconds: number,
): BackupPlan {
  return {
    create: [],
    remove: [],
    conditions: [],
    outcome: { kind: "waiting", reason, message, recheckAfterSeconds },
    events: [],
    measures: deleting.measures,
    next: deletingStatus(deleting, message),
  };
}

/** A plan that releases the Backup. */
export function release(deleting: DeletingRun, message: string): BackupPlan {
  return {
    finalizer: "absent",
    create: [],
    remove: [],
    conditions: [],
    outcome: { kind: "settled", reason: "Deleting", message, ready: "False" },
    events: [],
    measures: deleting.measures,
    next: deletingStatus(deleting, message),
  };
}

function deletingStatus({ world, pin, entries }: DeletingRun, message: string): NextStatus {
  return {
    ...currentStatus(world.backup.status),
    phase: "Deleting",
    message,
    ...(pin === undefined ? {} : { resolved: pin.resolved }),
    ...(entries.length === 0 ? {} : { snapshots: [...entries] }),
  };
}
