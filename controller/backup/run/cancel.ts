import { type Reason, REASONS, type SnapshotEntry } from "../../../api/mod.ts";
import { SLOT_GRACE_SECONDS } from "../../movers/mod.ts";
import { finishedPlan, resultConditions, startTimeOf } from "./finished.ts";
import { type BackupPlan, type BackupWorld, currentStatus } from "../world/world.ts";
import { notLookedAt, stepsOf } from "./plan.ts";
import { failedEntry, repositorySeen, type SourceStep } from "./source_entry.ts";
import { runPin } from "./pin.ts";
import { isMoverLeft, stopRun } from "./stop_movers.ts";
import { resultEvents, resultMeasures, stepMeasures } from "./notices.ts";
import { runTrace } from "./traces.ts";
import type { RunResult } from "./result.ts";

/**
 * Ends a run that somebody asked to stop. Its movers are stopped and waited for, at most SLOT_GRACE_SECONDS. What they
 * saved stays listed, and the run fails for that reason. Undefined when every source ended by itself: the run then ends
 * as usual.
 */
export function planCancel(
  world: BackupWorld,
  reason: Extract<Reason, "Replaced" | "Cancelled">,
  now: Date,
): BackupPlan | undefined {
  const pin = runPin(world.backup.status, world.jobs);
  if (pin === undefined) return neverStarted(world, reason);
  const found = stepsOf(world, pin, now);
  if (found.every(({ kind }) => kind === "over" || kind === "ended")) return undefined;
  const stopping = stopRun(world, pin, SLOT_GRACE_SECONDS, now);
  const steps = stopping === undefined ? found.map((step) => stopped(step, reason, now)) : found;
  const entries = steps.map(({ entry }) => entry);
  const base = { finalizer: "present", create: [], remove: [], measures: stepMeasures(steps) } as const;
  const next = {
    ...currentStatus(world.backup.status),
    traceId: runTrace(world.backup).traceId,
    resolved: pin.resolved,
    snapshots: entries,
    timing: { startTime: startTimeOf(world, now) },
    ...repositorySeen(steps, world.backup.status.repository),
    ...(stopping?.askedAt === undefined ? {} : { stopAskedAt: stopping.askedAt }),
  };
  if (stopping === undefined) {
    const result = stoppedResult(entries, reason, isMoverLeft(world, pin));
    return finishedPlan(world, { base, next, steps, entries, result }, now);
  }
  const message = `${REASONS[reason]}: its movers are being stopped`;
  const { remove, recheckAfterSeconds } = stopping;
  return {
    ...base,
    remove,
    conditions: [],
    outcome: { kind: "waiting", reason, message, recheckAfterSeconds },
    events: [],
    next: { ...next, phase: "Running", message },
  };
}

/** A mover that was stopped may have saved a snapshot before; one that was never started has not. */
function stopped(step: SourceStep, reason: Reason, now: Date): SourceStep {
  if (step.kind === "over" || step.kind === "ended") return step;
  const entry = failedEntry(step.entry, reason, step.entry.job === undefined);
  return { kind: "ended", entry, finishedAt: now.toISOString() };
}

function neverStarted(world: BackupWorld, reason: Reason): BackupPlan {
  const result = stoppedResult([], reason);
  const { phase, message } = result;
  return {
    create: [],
    remove: [],
    conditions: [...notLookedAt, ...resultConditions(result, [])],
    outcome: { kind: "settled", reason, message, ready: "False" },
    events: resultEvents(world, result, []),
    measures: resultMeasures(world, result, [], undefined),
    next: { ...currentStatus(world.backup.status), phase, message },
  };
}

function stoppedResult(entries: readonly SnapshotEntry[], reason: Reason, isLost = false): RunResult {
  const done = entries.filter(({ phase }) => phase === "Succeeded").length;
  const message = entries.length === 0
    ? `${REASONS[reason]} before it began`
    : `${REASONS[reason]}; ${done} of ${entries.length} sources ${done === 1 ? "was" : "were"} done by then`;
  const lost = isLost ? "; a mover of it could not be seen to stop" : "";
  return { phase: "Failed", outcome: "failure", reason, message: `${message}${lost}` };
}
