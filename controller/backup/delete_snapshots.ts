import { ANNOTATION, isoSeconds, LABEL, type Reason, REASONS } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { type JobState, jobState, moverRemovals, slotRecheckSeconds, slotWaitText } from "../shared/mod.ts";
import { deleteJobName } from "./attempts.ts";
import { deletionChecks, firstRefusal, foundRepository } from "./checks.ts";
import { deleteJob } from "./desired.ts";
import { type Leaving, release, waitingPlan } from "./leaving.ts";
import { heldCondition, judgeDeletion } from "./mass_deletion.ts";
import type { BackupPlan } from "./next_status.ts";
import type { RunPin } from "./run_pin.ts";
import { START_GRACE_SECONDS } from "./source_state.ts";
import { moverMeasures, waitEvents } from "./telling.ts";
import { deletionSpan } from "./traces.ts";
import { type BackupWorld, mayStart } from "./world.ts";

const RECHECK_SECONDS = 300;
const SOON_SECONDS = 1;
const RUNNING_SECONDS = 15;
/** So long a Job may be without a pod between two tries before that is worth telling. */
const LOST_POD_SECONDS = 1800;
const RETRY_SECONDS = 60;
const RETRY_MAX_SECONDS = 3600;

/**
 * Deletes the snapshots of a run by a mover Job and follows it, then lets the Backup go. What fails is counted,
 * told and tried again; what is missing is waited for. Nothing is ever left behind silently.
 */
export function deleteSnapshots(leaving: Leaving): BackupPlan {
  const { world, pin, entries, now } = leaving;
  const { backup } = world;
  const deletion = backup.status.deletion ?? { failures: 0 };
  const finished = deleteJobs(world).find(({ metadata }) => metadata.uid === deletion.lastJob);
  if (finished !== undefined) return removeFailed(leaving, finished);
  const attempt = deletion.failures + 1;
  const name = deleteJobName(backup, attempt);
  const job = deleteJobs(world).find(({ metadata }) => metadata.name === name);
  const state = jobState({ job, pods: world.pods, operation: "snapshotDelete", now });
  switch (state.kind) {
    case "absent": {
      const breaker = breakerPlan(leaving);
      if (breaker !== undefined) return breaker;
      const waitSeconds = secondsUntil(deletion.retryAt, now);
      if (waitSeconds > 0) {
        return waitingPlan(leaving, "SnapshotDeletionFailed", failedMessage(backup.status), waitSeconds);
      }
      const refusal = firstRefusal(deletionChecks, world, pin);
      if (refusal !== undefined) return refusedPlan(leaving, refusal.reason, refusal.message);
      const repository = foundRepository(world);
      if (repository === undefined || pin === undefined) {
        return refusedPlan(leaving, "ConfigNotFound", "It is not known which repository holds the snapshots");
      }
      if (!mayStart(world, name)) return queuedPlan(leaving, pin);
      return {
        ...waitingPlan(leaving, "Deleting", REASONS.Deleting, RECHECK_SECONDS),
        create: [deleteJob(world, repository, pin, { entries, attempt })],
      };
    }
    case "waiting": {
      const waitedSeconds = -secondsBetween(state.since, now);
      if (state.why === "PodNotStarted" && waitedSeconds < START_GRACE_SECONDS) {
        return waitingPlan(leaving, "Deleting", REASONS.Deleting, RUNNING_SECONDS);
      }
      const message = `The mover that deletes the snapshots does not start: ${state.text}`;
      const plan = waitingPlan(leaving, state.why, message, RECHECK_SECONDS);
      return { ...plan, events: waitEvents(world, state.why, message) };
    }
    case "running":
      if (secondsBetween(state.noPod?.since, now) < -LOST_POD_SECONDS) {
        const message = `The mover that deletes the snapshots does not go on: ${state.noPod?.text}`;
        const plan = waitingPlan(leaving, "PodNotStarted", message, RECHECK_SECONDS);
        return { ...plan, events: waitEvents(world, "PodNotStarted", message) };
      }
      return waitingPlan(leaving, "Deleting", REASONS.Deleting, RUNNING_SECONDS);
    case "succeeded": {
      const { deleted, alreadyGone } = state.result.snapshotDelete;
      const note = `Deleted ${deleted} ${deleted === 1 ? "snapshot" : "snapshots"}` +
        `${alreadyGone === 0 ? "" : `, ${alreadyGone} were gone already`}; ` +
        "the space comes back with the repository's full maintenance";
      return {
        ...release(leaving, "The snapshots were deleted"),
        events: [{ type: "Normal", reason: "SnapshotDeleted", action: "Delete", note }],
        measures: [
          ...moverMeasures("SnapshotDelete", "succeeded", state.result.durationSeconds),
          deletionSpan(world, state.finishedAt),
        ],
      };
    }
    case "failed":
      return failedPlan(leaving, job, state);
  }
}

/** What the breaker says before a mover may be started; undefined when nothing. */
function breakerPlan(leaving: Leaving): BackupPlan | undefined {
  const verdict = judgeDeletion(leaving.world, leaving.pin, leaving.now);
  switch (verdict.kind) {
    case "free":
      return undefined;
    case "settling":
      return waitingPlan(leaving, "SettlingDeletion", REASONS.SettlingDeletion, verdict.seconds);
    case "held": {
      const { message, news } = verdict;
      return {
        ...waitingPlan(leaving, "MassDeletionHeld", message, RECHECK_SECONDS),
        conditions: [heldCondition("True", "MassDeletionHeld", message)],
        events: news === undefined
          ? []
          : [{ type: "Warning", reason: "MassDeletionHeld", action: "ConfirmDeletion", note: news }],
      };
    }
    case "confirmed": {
      const { message } = verdict;
      return {
        ...waitingPlan(leaving, "MassDeletionReleased", message, SOON_SECONDS),
        conditions: [heldCondition("False", "MassDeletionReleased", message)],
        events: [{ type: "Normal", reason: "MassDeletionReleased", action: "Delete", note: message }],
      };
    }
  }
}

/** Many deletions, of a night's retention or a confirmed mass deletion, must not become as many movers at once. */
function queuedPlan(leaving: Leaving, pin: RunPin): BackupPlan {
  const { slots } = leaving.world;
  const wait = slots === "free" ? undefined : slots.waiting;
  const message = wait === undefined ? REASONS.NoSlot : slotWaitText(wait, pin.resolved.repository.name);
  const recheckAfterSeconds = wait === undefined ? SOON_SECONDS : slotRecheckSeconds(wait);
  return {
    ...waitingPlan(leaving, "NoSlot", message, recheckAfterSeconds),
    outcome: { kind: "waiting", reason: "NoSlot", message, recheckAfterSeconds, isQuiet: true },
  };
}

/** A failure is counted in the pass that writes its Job's uid down, and only then is the Job removed. */
function failedPlan(
  leaving: Leaving,
  job: KubeObject | undefined,
  state: Extract<JobState<"snapshotDelete">, { kind: "failed" }>,
): BackupPlan {
  const { world, now } = leaving;
  const { namespace } = world.backup.key;
  const before = world.backup.status.deletion?.failures ?? 0;
  const delaySeconds = Math.min(RETRY_SECONDS * 2 ** Math.min(before, 10), RETRY_MAX_SECONDS);
  const retryAt = isoSeconds(new Date(now.getTime() + delaySeconds * 1000));
  const lastJob = job?.metadata.uid;
  const deletion = { failures: before + 1, ...(lastJob === undefined ? {} : { lastJob }), retryAt };
  const sentence = `Cannot delete the snapshots: ${
    REASONS[state.class]
  }; tried again at ${retryAt}. ${escapeHint()}`;
  const plan = waitingPlan(leaving, "SnapshotDeletionFailed", sentence, SOON_SECONDS);
  return {
    ...plan,
    events: [{
      type: "Warning",
      reason: "SnapshotDeletionFailed",
      action: "Delete",
      note: `Attempt ${before + 1}: ${REASONS[state.class]}: ${state.message}`,
    }],
    measures: [
      { kind: "add", metric: "kopiur_snapshot_deletion_failures_total", labels: { namespace }, value: 1 },
      ...moverMeasures("SnapshotDelete", "failed", state.result?.durationSeconds),
    ],
    next: { ...plan.next, deletion },
  };
}

function removeFailed(leaving: Leaving, job: KubeObject): BackupPlan {
  const { backup } = leaving.world;
  const waitSeconds = Math.max(RUNNING_SECONDS, secondsUntil(backup.status.deletion?.retryAt, leaving.now));
  const plan = waitingPlan(leaving, "SnapshotDeletionFailed", failedMessage(backup.status), waitSeconds);
  return { ...plan, remove: moverRemovals([job], "Background") };
}

/** What stands in the way is said; a repository that is not the one written to needs a person. */
function refusedPlan(leaving: Leaving, reason: Reason, why: string): BackupPlan {
  const message = `Cannot delete the snapshots: ${why}. ${escapeHint()}`;
  const plan = waitingPlan(leaving, reason, message, RECHECK_SECONDS);
  const events = waitEvents(leaving.world, reason, message);
  if (reason !== "RepositoryReplaced") return { ...plan, events };
  return { ...plan, events, outcome: { kind: "stalled", reason, message } };
}

function deleteJobs(world: BackupWorld): readonly KubeObject[] {
  return world.jobs.filter(({ metadata }) => metadata.labels?.[LABEL.operation] === "snapshot-delete");
}

function failedMessage(status: BackupWorld["backup"]["status"]): string {
  const { message } = status;
  return message?.startsWith("Cannot delete") === true ? message : REASONS.SnapshotDeletionFailed;
}

function escapeHint(): string {
  return `To leave them where they are, annotate the Backup with ${ANNOTATION.skipSnapshotCleanup}: "true"`;
}

function secondsUntil(time: string | undefined, now: Date): number {
  return Math.max(0, Math.ceil(secondsBetween(time, now)));
}

function secondsBetween(time: string | undefined, now: Date): number {
  const seconds = (Date.parse(time ?? "") - now.getTime()) / 1000;
  return Number.isNaN(seconds) ? 0 : seconds;
}
