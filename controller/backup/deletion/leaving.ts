import { type Reason, type SnapshotEntry } from "../../../api/mod.ts";
import { type BackupPlan, type BackupWorld, currentStatus, type NextStatus } from "../world/world.ts";
import { stepsOf } from "../run/plan.ts";
import { type RunPin, runPin } from "../run/pin.ts";
import { stepMeasures } from "../run/telling.ts";

/** A run that is being deleted, as far as it is known. */
export interface Leaving {
  readonly world: BackupWorld;
  readonly pin: RunPin | undefined;
  /** Entries with what their Jobs left meanwhile. */
  readonly entries: readonly SnapshotEntry[];
  /** True when a source ended that status did not know of. */
  readonly hasNews: boolean;
  readonly measures: BackupPlan["measures"];
  readonly now: Date;
}

/** What is known of a run that is being deleted. */
export function leavingRun(world: BackupWorld, now: Date): Leaving {
  const pin = runPin(world.backup.status, world.jobs);
  if (pin === undefined) {
    return { world, pin, entries: world.backup.status.snapshots ?? [], hasNews: false, measures: [], now };
  }
  const steps = stepsOf(world, pin, now);
  const entries = steps.map(({ entry }) => entry);
  const hasNews = steps.some(({ kind }) => kind === "ended");
  return { world, pin, entries, hasNews, measures: stepMeasures(steps), now };
}

/** A plan that only waits; the caller adds what is to be done. */
export function waitingPlan(
  leaving: Leaving,
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
    measures: leaving.measures,
    next: deletingStatus(leaving, message),
  };
}

/** A plan that lets the Backup go. */
export function release(leaving: Leaving, message: string): BackupPlan {
  return {
    finalizer: "absent",
    create: [],
    remove: [],
    conditions: [],
    outcome: { kind: "settled", reason: "Deleting", message, ready: "False" },
    events: [],
    measures: leaving.measures,
    next: deletingStatus(leaving, message),
  };
}

function deletingStatus({ world, pin, entries }: Leaving, message: string): NextStatus {
  return {
    ...currentStatus(world.backup.status),
    phase: "Deleting",
    message,
    ...(pin === undefined ? {} : { resolved: pin.resolved }),
    ...(entries.length === 0 ? {} : { snapshots: [...entries] }),
  };
}
