import { findCondition, isReason } from "../../api/mod.ts";
import { planCancel } from "./run/cancel.ts";
import { rememberingPolicy } from "./deletion/policy.ts";
import { planDeletion } from "./deletion/plan.ts";
import { planDiscovered } from "./existing/discovered.ts";
import { ranAsAnnotation } from "./run/finished.ts";
import { leftovers } from "./run/stop_movers.ts";
import { type BackupPlan, type BackupWorld, currentStatus, isTerminal } from "./world/world.ts";
import { isInherited } from "../shared/mod.ts";
import { planPutBack, releasePutBack } from "./existing/put_back.ts";
import { planRun } from "./run/plan.ts";
import { withProgress } from "./run/progress.ts";
import { runPin } from "./run/pin.ts";
import { presenceOf } from "./existing/presence.ts";
import { mayHaveSnapshot } from "./run/source_entry.ts";
import { runResultOf } from "./run/result.ts";

/** Every decision about a Backup. A run that ended never starts a Job again: its phase is the memory. */
export function planBackup(world: BackupWorld, now: Date): BackupPlan {
  return withProgress(rememberingPolicy(world, planOf(world, now)), world, now);
}

function planOf(world: BackupWorld, now: Date): BackupPlan {
  const { isDeleting, spec: { discovered }, status, cancelReason, putBack } = world.backup;
  if (discovered !== undefined) return planDiscovered(world, discovered);
  // A run with a Job of its own was started by a pass that could not record that.
  if (putBack !== undefined && world.jobs.length === 0) {
    return isDeleting ? releasePutBack(world, now) : planPutBack(world, now);
  }
  if (isDeleting) return planDeletion(world, now);
  if (isTerminal(status.phase)) return planEnded(world);
  return (cancelReason === undefined ? undefined : planCancel(world, cancelReason, now)) ??
    goingOn(planRun(world, now));
}

/** A run whose movers no longer have to be stopped. */
function goingOn(plan: BackupPlan): BackupPlan {
  const { stopAskedAt: _, ...next } = plan.next;
  return { ...plan, next };
}

/**
 * Keeps the status as it is, so that a run of last year costs no write, and removes what the run left behind. A Backup
 * that lost its finalizer, as all do when kopiur is uninstalled, gets it again, so that its snapshots are deleted with it.
 */
function planEnded(world: BackupWorld): BackupPlan {
  const { status, hasFinalizer, uid, ranAs } = world.backup;
  const pin = runPin(status, []);
  // For a Backup that was put back with its status the run is unknown.
  const run = status.adopted?.run ?? (isInherited(world.object) ? undefined : uid);
  const needsFinalizer = !hasFinalizer && (status.snapshots ?? []).some(mayHaveSnapshot);
  const result = runResultOf(status.snapshots ?? []);
  // Ready may have an obstacle of a later pass.
  const reported = findCondition(status.conditions, "SnapshotCreated");
  const reason = reported !== undefined && isReason(reported.reason) ? reported.reason : result.reason;
  const ready = status.phase === "Succeeded" ? "True" : "False";
  const presence = presenceOf(world, status.snapshots ?? []);
  const { missing } = presence;
  return {
    ...(needsFinalizer ? { finalizer: "present" } : {}),
    // Else the next pass sets it: the annotation names the version that was seen.
    ...(ranAs === undefined && !needsFinalizer && run !== undefined ? ranAsAnnotation(world, run) : {}),
    create: [],
    remove: pin === undefined ? [] : leftovers(world, pin),
    conditions: presence.conditions,
    outcome: missing === undefined
      ? { kind: "settled", reason, message: reported?.message ?? result.message, ready }
      : { kind: "settled", reason: "SnapshotMissing", message: missing, ready: "False" },
    events: presence.events,
    measures: [],
    next: currentStatus(status),
  };
}
