import {
  ANNOTATION,
  type BackupStatus,
  findCondition,
  isoSeconds,
  type Reason,
  REASONS,
} from "../../api/mod.ts";
import type { KubeObject, Removal } from "../../kube/types.ts";
import {
  isOf,
  type JobState,
  jobState,
  moverMeasures,
  moverRemovals,
  podMayRun,
  SLOT_GRACE_SECONDS,
  slotRecheckSeconds,
  slotWaitText,
  START_GRACE_SECONDS,
} from "../movers/mod.ts";
import { controllerOf } from "../shared/mod.ts";
import { deleteAttempt, deleteJobName } from "./tasks.ts";
import { deletionChecks, firstRefusal, foundRepository } from "./checks.ts";
import { deleteJob } from "./desired.ts";
import { type Leaving, release, waitingPlan } from "./leaving.ts";
import { type DeletionVerdict, heldCondition, judgeDeletion } from "./mass_deletion.ts";
import type { BackupPlan } from "./next_status.ts";
import type { RunPin } from "./run_pin.ts";
import { isMoverLeft } from "./stop_movers.ts";
import { waitEvents } from "./telling.ts";
import { deletionSpan } from "./traces.ts";
import { type BackupWorld, mayStart } from "./world.ts";

const RECHECK_SECONDS = 300;
const SOON_SECONDS = 1;
const RUNNING_SECONDS = 15;
const STOPPING_SECONDS = 15;
/** So long one that was given up is waited for: deleting the same twice does no harm. */
export const LOST_POD_SECONDS = 1800;
const RETRY_SECONDS = 60;
const RETRY_MAX_SECONDS = 3600;
/** Kopia writes a checkpoint every 45 minutes: what is waited for longer than this each time is a clock's fault. */
const CHECKPOINT_WAIT_SECONDS = 5400;
const SNAPSHOTS_GONE = "The snapshots are deleted";
/** What is still being written to after so many waits is another client's. */
const MAX_CHECKPOINT_WAITS = 3;

/**
 * Deletes the snapshots of a run by a mover Job and follows it, then lets the Backup go. What fails is counted,
 * told and tried again; what is missing is waited for. Nothing is ever left behind silently.
 */
export function deleteSnapshots(leaving: Leaving): BackupPlan {
  const { world, pin, entries, now } = leaving;
  const { backup } = world;
  const deletion = backup.status.deletion ?? { failures: 0 };
  const done = deletedPlan(leaving, { waits: true });
  if (done !== undefined) return done;
  const finished = deleteJobs(world).find(({ metadata }) => metadata.uid === deletion.lastJob);
  if (finished !== undefined) return removeTold(leaving, finished);
  const attempt = deleteAttempt(deletion);
  const name = deleteJobName(backup, attempt);
  const job = deleteJobs(world).find(({ metadata }) => metadata.name === name);
  const state = jobState({ job, pods: world.pods, operation: "snapshotDelete", now });
  switch (state.kind) {
    case "absent": {
      const stopping = stopGivenUp(leaving);
      if (stopping !== undefined) return stopping;
      const verdict = judgeDeletion(world, pin, now);
      if (verdict.kind !== "free") return breakerPlan(leaving, verdict);
      const waitSeconds = secondsUntil(deletion.retryAt, now);
      if (waitSeconds > 0) return betweenTries(leaving, waitSeconds);
      const refusal = firstRefusal(deletionChecks, world, pin);
      if (refusal !== undefined) return refusedPlan(leaving, refusal.reason, refusal.message);
      const repository = foundRepository(world);
      if (repository === undefined || pin === undefined) {
        return refusedPlan(leaving, "ConfigNotFound", "It is not known which repository holds the snapshots");
      }
      if (!mayStart(world, name)) return queuedPlan(leaving, pin);
      const plan = waitingPlan(leaving, "Deleting", REASONS.Deleting, RECHECK_SECONDS);
      return {
        ...withDeletion(plan, {
          ...started(deletion, now),
          waitingSince: undefined,
          stoppingSince: undefined,
        }),
        annotate: verdict.annotate,
        create: [deleteJob(world, repository, pin, { entries, attempt, now })],
      };
    }
    case "waiting": {
      const { why, text } = state;
      const isEarly = why === "PodNotStarted" && -secondsBetween(state.since, now) < START_GRACE_SECONDS;
      return outOfSight(leaving, { why, text: `does not start: ${text}`, isEarly });
    }
    case "running":
      if (state.noPod !== undefined) {
        const { text } = state.noPod;
        return outOfSight(leaving, { why: "PodNotStarted", text: `does not go on: ${text}`, isEarly: true });
      }
      return withDeletion(
        waitingPlan(leaving, "Deleting", REASONS.Deleting, RUNNING_SECONDS),
        { ...started(deletion, now), waitingSince: undefined, stoppingSince: undefined },
      );
    case "succeeded":
      return checkpointsPlan(leaving, job, state);
    case "failed":
      return failedPlan(leaving, job, state);
  }
}

type Deletion = NonNullable<BackupStatus["deletion"]>;
/** With what is to be no more as undefined. */
type DeletionChange = { readonly [Field in keyof Deletion]: Deletion[Field] | undefined };

function started(deletion: Deletion, now: Date): Deletion {
  return { ...deletion, startedAt: deletion.startedAt ?? isoSeconds(now) };
}

function withDeletion(plan: BackupPlan, { failures = 0, ...change }: DeletionChange): BackupPlan {
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  return { ...plan, next: { ...plan.next, deletion: { failures, ...Object.fromEntries(given) } } };
}

type Deleted = Extract<JobState<"snapshotDelete">, { kind: "succeeded" }>;

/**
 * The end of a deletion, once any mover of it has done its work; also of one that left something young where nobody
 * waits for that.
 */
function deletedPlan(leaving: Leaving, { waits }: { readonly waits: boolean }): BackupPlan | undefined {
  const { world, now } = leaving;
  for (const job of deleteJobs(world)) {
    const state = jobState({ job, pods: world.pods, operation: "snapshotDelete", now });
    if (state.kind !== "succeeded" || (waits && isToWait(leaving, job, state))) continue;
    return {
      ...release(leaving, "The snapshots were deleted"),
      events: [{
        type: "Normal",
        reason: "SnapshotDeleted",
        action: "Delete",
        note: `${deletedNote(state)}${lateText(leaving)}`,
      }],
      measures: [
        ...moverMeasures("snapshotDelete", "succeeded", state.result.durationSeconds),
        deletionSpan(world, state.finishedAt),
      ],
    };
  }
  return undefined;
}

function deletedNote({ result: { snapshotDelete } }: Deleted): string {
  const { deleted, alreadyGone, checkpoints, left } = snapshotDelete;
  return `Deleted ${deleted} ${deleted === 1 ? "snapshot" : "snapshots"}` +
    `${alreadyGone === 0 ? "" : `, ${alreadyGone} were gone already`}` +
    `${checkpoints === undefined ? "" : `, and ${checkpoints} that killed movers had left unfinished`}; ` +
    `${left === undefined ? "" : `${left.count} unfinished stay, for another client may work on them; `}` +
    "the space comes back with the repository's full maintenance";
}

/** A node that is lost may come back with a mover that goes on. */
function lateText({ world, pin, now }: Leaving): string {
  if (!isMoverLeft(world, pin, now)) return "";
  return "; a mover of the run could not be seen to stop, so what it may save yet stays";
}

function isToWait({ world }: Leaving, { metadata }: KubeObject, { result }: Deleted): boolean {
  const { lastJob, checkpointWaits = 0 } = world.backup.status.deletion ?? {};
  const isTold = metadata.uid === lastJob;
  return result.snapshotDelete.left !== undefined && (isTold || checkpointWaits < MAX_CHECKPOINT_WAITS);
}

/**
 * The snapshots are gone; what a killed mover had of one stays until it is old enough to tell that no upload of another
 * cluster goes on from it. Then another mover looks again.
 */
function checkpointsPlan(leaving: Leaving, job: KubeObject | undefined, state: Deleted): BackupPlan {
  const { world, now } = leaving;
  const { left } = state.result.snapshotDelete;
  const deletion = started(world.backup.status.deletion ?? { failures: 0 }, now);
  const waitSeconds = Math.min(
    CHECKPOINT_WAIT_SECONDS,
    Math.max(RETRY_SECONDS, Math.ceil(secondsBetween(left?.quietAt, now))),
  );
  const retryAt = isoSeconds(new Date(now.getTime() + waitSeconds * 1000));
  const message =
    `${SNAPSHOTS_GONE}; ${left?.count ?? 0} unfinished that a killed mover may have left are looked ` +
    `at again at ${retryAt}, when it can be told that nobody works on them. ${escapeHint()}`;
  const plan = waitingPlan(leaving, "Deleting", message, SOON_SECONDS);
  return {
    ...withDeletion(plan, {
      ...deletion,
      checkpointWaits: (deletion.checkpointWaits ?? 0) + 1,
      lastJob: job?.metadata.uid,
      retryAt,
      waitingSince: undefined,
    }),
    measures: moverMeasures("snapshotDelete", "succeeded", state.result.durationSeconds),
  };
}

/**
 * A mover that does not run is told of, and given up after the grace, measured by this controller's clock: its slot
 * goes to others, and the deletion stands in line again later. That is written down before the Job is removed.
 */
function outOfSight(
  leaving: Leaving,
  { why, text, isEarly }: { readonly why: Reason; readonly text: string; readonly isEarly: boolean },
): BackupPlan {
  const { world, now } = leaving;
  const deletion = started(world.backup.status.deletion ?? { failures: 0 }, now);
  const waitingSince = deletion.waitingSince ?? isoSeconds(now);
  const waitedSeconds = -secondsBetween(waitingSince, now);
  const sentence = `The mover that deletes the snapshots ${text}`;
  if (waitedSeconds < SLOT_GRACE_SECONDS) {
    const leftSeconds = Math.min(SLOT_GRACE_SECONDS, Math.ceil(SLOT_GRACE_SECONDS - waitedSeconds));
    const plan = isEarly
      ? waitingPlan(leaving, "Deleting", REASONS.Deleting, RUNNING_SECONDS)
      : { ...waitingPlan(leaving, why, sentence, leftSeconds), events: waitEvents(world, why, sentence) };
    return withDeletion(plan, { ...deletion, waitingSince });
  }
  const retryAt = retryTime(deletion, now);
  const message = `${sentence}; it is given up and tried again at ${retryAt}. ${escapeHint()}`;
  const plan = waitingPlan(leaving, why, message, SOON_SECONDS);
  const unstarted = (deletion.unstarted ?? 0) + 1;
  return {
    ...withDeletion(plan, { ...deletion, unstarted, retryAt, waitingSince: undefined }),
    events: waitEvents(world, why, message),
  };
}

/** Later and later, over failures and movers that did not start. */
function retryTime({ failures, unstarted = 0 }: Deletion, now: Date): string {
  const delaySeconds = Math.min(RETRY_SECONDS * 2 ** Math.min(failures + unstarted, 10), RETRY_MAX_SECONDS);
  return isoSeconds(new Date(now.getTime() + delaySeconds * 1000));
}

/** What stands in the way is said on until the next try. */
function betweenTries(leaving: Leaving, waitSeconds: number): BackupPlan {
  const { status } = leaving.world.backup;
  const told = findCondition(status.conditions, "Ready")?.reason;
  const waits = waitsForCheckpoints(status);
  if (waits !== undefined) return waitingPlan(leaving, "Deleting", waits, waitSeconds);
  if ((told === "Unschedulable" || told === "PodNotStarted") && status.message !== undefined) {
    return waitingPlan(leaving, told, status.message, waitSeconds);
  }
  if ((status.deletion?.failures ?? 0) > 0) {
    return waitingPlan(leaving, "SnapshotDeletionFailed", failedMessage(status), waitSeconds);
  }
  const message =
    `The mover that deletes the snapshots did not start; tried again at ${status.deletion?.retryAt}`;
  return waitingPlan(leaving, "PodNotStarted", message, waitSeconds);
}

/** Movers that were given up may still start: they are stopped and waited for, but not for ever. */
function stopGivenUp(leaving: Leaving): BackupPlan | undefined {
  const stopping = stopDeleteMovers(leaving, LOST_POD_SECONDS);
  if (stopping === undefined) return undefined;
  const { world, now } = leaving;
  const plan = betweenTries(leaving, STOPPING_SECONDS);
  const deletion = started(world.backup.status.deletion ?? { failures: 0 }, now);
  return { ...withDeletion(plan, { ...deletion, stoppingSince: stopping.since }), remove: stopping.remove };
}

/**
 * Stops the movers of a deletion that was taken back, and ends it where one of them has done its work. Undefined
 * once none is left, or none can be seen to stop for longer than the grace.
 */
export function takeBack(leaving: Leaving): BackupPlan | undefined {
  const { world, now } = leaving;
  const done = deletedPlan(leaving, { waits: false });
  if (done !== undefined) return done;
  const stopping = stopDeleteMovers(leaving, SLOT_GRACE_SECONDS);
  const { deletion } = world.backup.status;
  if (stopping === undefined) {
    return deletion?.checkpointWaits === undefined ? undefined : leaveYoung(leaving);
  }
  const message = "The deletion was taken back: its mover is being stopped";
  if (deletion?.startedAt === undefined && world.backup.unreadable === undefined) {
    // That there was one must be known when it is gone.
    return withDeletion(
      waitingPlan(leaving, "Deleting", message, SOON_SECONDS),
      started(deletion ?? { failures: 0 }, now),
    );
  }
  const plan = waitingPlan(leaving, "Deleting", message, STOPPING_SECONDS);
  const known = deletion ?? { failures: 0 };
  return { ...withDeletion(plan, { ...known, stoppingSince: stopping.since }), remove: stopping.remove };
}

/** Too late to keep the snapshots; only what was too young to be deleted with them stays. */
function leaveYoung(leaving: Leaving): BackupPlan {
  const note = `${SNAPSHOTS_GONE}; what its movers had not finished stays in the repository`;
  return {
    ...release(leaving, note),
    events: [{ type: "Normal", reason: "SnapshotDeleted", action: "Delete", note }],
  };
}

/** What is to be added where snapshots stay; empty when no mover was ever made to delete them. */
export function someMayBeGone({ world, now }: Leaving): string {
  if (world.backup.status.deletion?.startedAt === undefined) return "";
  const isAtWork = unfinishedDeleteMovers(world, now).isAny;
  return "; a mover was made to delete them before, so some of them may be gone" +
    (isAtWork ? ", and it could not be seen to stop, so more of them may go" : "");
}

function stopDeleteMovers(
  { world, now }: Leaving,
  longestSeconds: number,
): { readonly remove: readonly Removal[]; readonly since: string } | undefined {
  const { jobs, isAny, goingSince } = unfinishedDeleteMovers(world, now);
  if (!isAny) return undefined;
  // Of a status that cannot be read, and so not be written, the cluster remembers it.
  const known = world.backup.unreadable === undefined
    ? world.backup.status.deletion?.stoppingSince
    : goingSince;
  const since = known ?? isoSeconds(now);
  if (-secondsBetween(since, now) >= longestSeconds) return undefined;
  return { remove: moverRemovals(jobs, "Foreground"), since };
}

/** Jobs that have not ended, and whether anything may still be at work, a pod without its Job included. */
function unfinishedDeleteMovers(
  world: BackupWorld,
  now: Date,
): {
  readonly jobs: readonly KubeObject[];
  readonly isAny: boolean;
  readonly goingSince: string | undefined;
} {
  const all = deleteJobs(world);
  const jobs = all.filter((job) => {
    const { kind } = jobState({ job, pods: world.pods, operation: "snapshotDelete", now });
    return kind === "waiting" || kind === "running";
  });
  const known = new Set(all.map(({ metadata }) => metadata.uid));
  const alone = world.pods.filter((pod) =>
    isOf("snapshotDelete", pod) && podMayRun(pod) &&
    !known.has(controllerOf(pod)?.uid)
  );
  const left = [...jobs, ...alone];
  const times = left.flatMap(({ metadata }) => metadata.deletionTimestamp ?? []).toSorted();
  return { jobs, isAny: left.length > 0, goingSince: times[0] };
}

/** What the breaker says before a mover may be started. */
function breakerPlan(
  leaving: Leaving,
  verdict: Exclude<DeletionVerdict, { readonly kind: "free" }>,
): BackupPlan {
  switch (verdict.kind) {
    case "settling": {
      const { since, seconds, message = REASONS.SettlingDeletion, annotate } = verdict;
      const deletion = leaving.world.backup.status.deletion ?? { failures: 0 };
      const plan = waitingPlan(leaving, "SettlingDeletion", message, seconds);
      return { ...withDeletion(plan, { ...deletion, settlingSince: since }), annotate };
    }
    case "held": {
      const { reason, message, news } = verdict;
      return {
        ...waitingPlan(leaving, reason, message, RECHECK_SECONDS),
        conditions: [heldCondition("True", reason, message)],
        events: news === undefined
          ? []
          : [{ type: "Warning", reason, action: "ConfirmDeletion", note: news }],
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
  const deletion = started(world.backup.status.deletion ?? { failures: 0 }, now);
  const before = deletion.failures;
  const retryAt = retryTime(deletion, now);
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
      ...moverMeasures("snapshotDelete", "failed", state.result?.durationSeconds),
    ],
    next: withDeletion(plan, {
      ...deletion,
      failures: before + 1,
      lastJob: job?.metadata.uid,
      retryAt,
      waitingSince: undefined,
    }).next,
  };
}

function removeTold(leaving: Leaving, job: KubeObject): BackupPlan {
  const { backup } = leaving.world;
  const waitSeconds = Math.max(RUNNING_SECONDS, secondsUntil(backup.status.deletion?.retryAt, leaving.now));
  const waits = waitsForCheckpoints(backup.status);
  const plan = waits === undefined
    ? waitingPlan(leaving, "SnapshotDeletionFailed", failedMessage(backup.status), waitSeconds)
    : waitingPlan(leaving, "Deleting", waits, waitSeconds);
  return { ...plan, remove: moverRemovals([job], "Background") };
}

/** What was said when a mover had to leave something young. */
function waitsForCheckpoints({ message }: BackupStatus): string | undefined {
  return message?.startsWith(SNAPSHOTS_GONE) === true ? message : undefined;
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
  return world.jobs.filter((job) => isOf("snapshotDelete", job));
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
