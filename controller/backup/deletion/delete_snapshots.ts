import {
  ANNOTATION,
  type BackupStatus,
  findCondition,
  isoSeconds,
  type MoverMemory,
  REASONS,
} from "../../../api/mod.ts";
import type { KubeObject, Removal } from "../../../kube/types.ts";
import { JOB } from "../../shared/mod.ts";
import {
  formerJobs,
  isOf,
  jobMemory,
  jobNameOf,
  type JobState,
  leftOf,
  leftoverJobs,
  mayStart,
  memoryOfStart,
  moverMeasures,
  moverRemovals,
  moversThere,
  needsPerson,
  nextStep,
  noSlotFor,
  type Obstacle,
  retrySeconds,
  type SeenMover,
  seenMovers,
  settingsOf,
  SLOT_GRACE_SECONDS,
  stopMovers,
  type TaskMemory,
  type TaskStep,
  type Unnumbered,
} from "../../movers/mod.ts";
import { deletionChecks, firstRefusal, foundRepository } from "../run/checks.ts";
import type { RunPin } from "../run/pin.ts";
import { isMoverLeft } from "../run/stop_movers.ts";
import { waitEvents } from "../run/notices.ts";
import { reportedWait } from "../run/task.ts";
import { deletionSpan } from "../run/traces.ts";
import type { BackupPlan, BackupWorld } from "../world/world.ts";
import { type DeletionJudgement, heldByPin, heldCondition, isKeptByPin, judgeDeletion } from "./breaker.ts";
import {
  DELETE_LIMIT_SECONDS,
  deleteJob,
  DELETION_RETRY_MAX_SECONDS,
  deletionMemory,
  type DeletionTask,
  deletionTask,
} from "./job.ts";
import { type DeletingRun, release, waitingPlan } from "./deleting_run.ts";

const RECHECK_SECONDS = 300;
const SOON_SECONDS = 1;
const RETRY_SECONDS = 60;
/** The longest wait for a checkpoint to get old enough: kopia writes one every 45 minutes, so a longer wait is a wrong clock. */
const CHECKPOINT_WAIT_SECONDS = 5400;
const SNAPSHOTS_GONE = "The snapshots are deleted";
/** The most movers that look again for young checkpoints: those still written to after that are another client's. */
const MAX_CHECKPOINT_LOOKS = 3;

/**
 * Deletes the snapshots of a run with a mover Job and follows it, then releases the Backup. Failures are counted,
 * reported and retried; missing needs are waited for. Nothing is ever left behind silently.
 */
export function deleteSnapshots(deleting: DeletingRun): BackupPlan {
  const { world, now } = deleting;
  const end = holdPinned(deleting) ?? deletedPlan(deleting, { waits: true });
  if (end !== undefined) return end;
  const task = deletionTask(world.backup);
  const memory = deletionMemory(world.backup.status.deletion);
  const movers = seenMovers(task, memory, world, world.serverNow, settingsToday(deleting, memory));
  const step = nextStep(task, memory, movers, now);
  return { ...planOfStep(deleting, task, step), remove: leftovers(world, task, memory, movers) };
}

/** The settings its Job would have today; only while there is a Job whose mover may not have begun. */
function settingsToday(
  { world, pin, entries, now }: DeletingRun,
  memory: TaskMemory | undefined,
): string | undefined {
  const repository = foundRepository(world);
  if (repository === undefined || pin === undefined || memory?.startedAt !== undefined) return undefined;
  if (deleteJobs(world).length === 0) return undefined;
  return settingsOf(deleteJob(world, repository, pin, { entries, attempt: memory?.number ?? 1, now }));
}

type Step = TaskStep<"snapshotDelete">;
type StepOf<K extends Step["kind"]> = Extract<Step, { readonly kind: K }>;

function planOfStep(deleting: DeletingRun, task: DeletionTask, step: Step): BackupPlan {
  switch (step.kind) {
    case "start":
      return startPlan(deleting, task, step);
    case "works": {
      const plan = waitingPlan(deleting, "Deleting", REASONS.Deleting, step.recheckAfterSeconds);
      return withMemory(deleting, plan, jobMemory(task, step.memory));
    }
    case "waits":
      return waitsPlan(deleting, task, step);
    case "succeeded":
      return checkpointsPlan(deleting, task, step);
    case "failed":
      return failedPlan(deleting, task, step);
  }
}

/** Starts the next mover, if breaker, needs and slots allow it. */
function startPlan(
  deleting: DeletingRun,
  task: DeletionTask,
  { number, memory }: StepOf<"start">,
): BackupPlan {
  const { world, pin, entries, now } = deleting;
  const judgement = snapshotsAreGone(world) ? noSnapshotGoes : judgeDeletion(world, pin, now);
  if (judgement.kind !== "free") return breakerPlan(deleting, judgement);
  const refusal = firstRefusal(deletionChecks, world, pin);
  if (refusal !== undefined) return refusedPlan(deleting, refusal, memory?.retryAt);
  const repository = foundRepository(world);
  if (repository === undefined || pin === undefined) {
    const message = "It is not known which repository holds the snapshots";
    return refusedPlan(deleting, { reason: "ConfigNotFound", message }, memory?.retryAt);
  }
  if (!mayStart(world, world.backup.key.namespace, jobNameOf(task, number))) return queuedPlan(deleting, pin);
  const plan = waitingPlan(deleting, "Deleting", REASONS.Deleting, RECHECK_SECONDS);
  return {
    ...withMemory(deleting, plan, jobMemory(task, memoryOfStart(memory, number, now))),
    annotate: judgement.annotate,
    create: [deleteJob(world, repository, pin, { entries, attempt: number, now })],
  };
}

/** The breaker does not judge a finished deletion: only its young checkpoints are looked for again. */
const noSnapshotGoes: DeletionJudgement = { kind: "free", annotate: [] };

/**
 * A mover that does not run is reported; one that is given up is replaced, as often as needed while there are
 * snapshots.
 */
function waitsPlan(deleting: DeletingRun, task: DeletionTask, step: StepOf<"waits">): BackupPlan {
  const { world, pin, now } = deleting;
  const { memory, recheckAfterSeconds, isRested } = step;
  const reason = reportedWait(step.reason);
  const isGone = snapshotsAreGone(world);
  if (isRested) {
    const looks = looksWith(world) - 1 + (memory.slotsGivenBack ?? 0);
    if (isGone && looks >= MAX_CHECKPOINT_LOOKS) {
      return keepYoung(deleting, `the mover that was to look at it again did not run: ${step.text}`);
    }
    const judgement = isGone ? noSnapshotGoes : judgeDeletion(world, pin, now);
    if (judgement.kind !== "free") return breakerPlan(deleting, judgement);
    if (memory.stoppedReason === undefined) return betweenTries(deleting, recheckAfterSeconds);
  }
  const what = memory.startedAt === undefined ? "does not start" : "does not go on";
  const isGivenUp = memory.retryAt !== undefined;
  const mover = isGone
    ? `${SNAPSHOTS_GONE}; the mover that looks at what was left again`
    : "The mover that deletes the snapshots";
  const sentence = `${mover} ${what}: ${isGivenUp ? memory.stoppedWhy ?? step.text : step.text}`;
  const message = isGivenUp
    ? `${sentence}; it is given up and tried again at ${memory.retryAt}. ${escapeHint()}`
    : sentence;
  const plan = waitingPlan(deleting, reason, message, recheckAfterSeconds);
  return {
    ...withMemory(deleting, plan, jobMemory(task, memory)),
    events: waitEvents(world, reason, message),
  };
}

/**
 * Movers that were given up, and earlier ones than the remembered: reported and counted, or no longer waited for.
 */
function leftovers(
  world: BackupWorld,
  task: DeletionTask,
  memory: TaskMemory | undefined,
  movers: readonly SeenMover<"snapshotDelete">[],
): readonly Removal[] {
  if (memory === undefined) return [];
  const former = formerJobs(task, memory, deleteJobs(world));
  return moverRemovals([...former, ...leftoverJobs(memory, movers)]);
}

type Deletion = NonNullable<BackupStatus["deletion"]>;
/** Fields to remove are undefined. */
type DeletionChange = { readonly [Field in keyof Deletion]: Deletion[Field] | undefined };

function started(deletion: Deletion, now: Date): Deletion {
  return { ...deletion, startedAt: deletion.startedAt ?? isoSeconds(now) };
}

function withDeletion(plan: BackupPlan, { failures = 0, ...change }: DeletionChange): BackupPlan {
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  return { ...plan, next: { ...plan.next, deletion: { failures, ...Object.fromEntries(given) } } };
}

/** With what is remembered of its movers now; what releases before this one remembered of them is in it. */
function withMemory({ world, now }: DeletingRun, plan: BackupPlan, job: MoverMemory): BackupPlan {
  const deletion = started(world.backup.status.deletion ?? { failures: 0 }, now);
  return withDeletion(plan, {
    ...deletion,
    job,
    retryAt: undefined,
    waitingSince: undefined,
    unstarted: undefined,
    stoppingSince: undefined,
  });
}

type Deleted = Extract<JobState<"snapshotDelete">, { kind: "succeeded" }>;

/**
 * The end of a deletion, once any of its movers has done its work; also of one that left young checkpoints when nobody
 * waits for that.
 */
function deletedPlan(deleting: DeletingRun, { waits }: { readonly waits: boolean }): BackupPlan | undefined {
  const { world } = deleting;
  for (const { job, state } of deleteMovers(world)) {
    if (job === undefined || state.kind !== "succeeded") continue;
    if (waits && isToWait(deleting, job, state)) continue;
    return {
      ...release(deleting, "The snapshots were deleted"),
      events: [{
        type: "Normal",
        reason: "SnapshotDeleted",
        action: "Delete",
        note: `${deletedNote(state)}${lateText(deleting)}`,
      }],
      measures: [
        // A mover that left young checkpoints was counted when that was reported.
        ...(job.metadata.uid === world.backup.status.deletion?.lastJob
          ? []
          : moverMeasures("snapshotDelete", "succeeded", state.result.durationSeconds)),
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

/** A lost node may come back with a mover that goes on. */
function lateText({ world, pin }: DeletingRun): string {
  if (!isMoverLeft(world, pin)) return "";
  return "; a mover of the run could not be seen to stop, so what it may save yet stays";
}

function isToWait({ world }: DeletingRun, { metadata }: KubeObject, { result }: Deleted): boolean {
  const isReported = metadata.uid === world.backup.status.deletion?.lastJob;
  return result.snapshotDelete.left !== undefined && (isReported || looksWith(world) < MAX_CHECKPOINT_LOOKS);
}

/** True once a mover deleted the snapshots and left young checkpoints. */
export function snapshotsAreGone({ backup }: Pick<BackupWorld, "backup">): boolean {
  return backup.status.deletion?.checkpointWaits !== undefined;
}

/** How many movers looked again, or failed to, since the snapshots are gone, including one that ends now. */
function looksWith({ backup }: BackupWorld): number {
  const { checkpointWaits = 0, failures = 0 } = backup.status.deletion ?? {};
  return checkpointWaits === 0 ? 0 : checkpointWaits + failures;
}

/**
 * The snapshots are gone; checkpoints of a killed mover stay until they are so old that no upload of another
 * cluster can continue from them. Then another mover looks again.
 */
function checkpointsPlan(deleting: DeletingRun, task: DeletionTask, step: StepOf<"succeeded">): BackupPlan {
  const { world, now } = deleting;
  const { snapshotDelete: { left }, durationSeconds } = step.result;
  const { checkpointWaits = 0 } = world.backup.status.deletion ?? {};
  const waitSeconds = Math.min(
    CHECKPOINT_WAIT_SECONDS,
    Math.max(RETRY_SECONDS, Math.ceil(secondsBetween(left?.quietAt, now))),
  );
  const retryAt = isoSeconds(new Date(now.getTime() + waitSeconds * 1000));
  const message =
    `${SNAPSHOTS_GONE}; ${left?.count ?? 0} unfinished that a killed mover may have left are looked ` +
    `at again at ${retryAt}, when it can be told that nobody works on them. ${escapeHint()}`;
  const plan = waitingPlan(deleting, "Deleting", message, SOON_SECONDS);
  // From now on the failures of these movers count.
  const change = { checkpointWaits: checkpointWaits + 1, ...(checkpointWaits === 0 ? { failures: 0 } : {}) };
  return {
    ...afterEnd(deleting, task, plan, { step, retryAt, change }),
    measures: moverMeasures("snapshotDelete", "succeeded", durationSeconds),
  };
}

/** Records the end of a mover with its Job's uid before the Job is removed; the next Job has a new number. */
function afterEnd(
  deleting: DeletingRun,
  task: DeletionTask,
  plan: BackupPlan,
  { step, retryAt, change }: {
    readonly step: StepOf<"succeeded" | "failed">;
    readonly retryAt: string;
    readonly change: Partial<DeletionChange>;
  },
): BackupPlan {
  const { world } = deleting;
  const { number, slotsGivenBack } = step.memory;
  const name = jobNameOf(task, number);
  const next = { number: number + 1, retryAt, ...(slotsGivenBack === undefined ? {} : { slotsGivenBack }) };
  const reported = withMemory(deleting, plan, jobMemory(task, next));
  const deletion = { failures: 0, ...reported.next.deletion, ...change };
  const lastJob = deleteJobs(world).find(({ metadata }) => metadata.name === name)?.metadata.uid;
  return withDeletion(reported, { ...deletion, lastJob });
}

/** Keeps the message of the last failure until the next try. */
function betweenTries(deleting: DeletingRun, waitSeconds: number): BackupPlan {
  const { status } = deleting.world.backup;
  const reported = findCondition(status.conditions, "Ready")?.reason;
  const waits = waitsForCheckpoints(status);
  if (waits !== undefined) {
    const isTrouble = reported === "SnapshotDeletionFailed" || reported === "Unschedulable" ||
      reported === "PodNotStarted";
    return waitingPlan(deleting, isTrouble ? reported : "Deleting", waits, waitSeconds);
  }
  if ((reported === "Unschedulable" || reported === "PodNotStarted") && status.message !== undefined) {
    return waitingPlan(deleting, reported, status.message, waitSeconds);
  }
  if ((status.deletion?.failures ?? 0) > 0) {
    return waitingPlan(deleting, "SnapshotDeletionFailed", failedMessage(status), waitSeconds);
  }
  const message = `The mover that deletes the snapshots did not start; tried again at ${
    deletionMemory(status.deletion)?.retryAt
  }`;
  return waitingPlan(deleting, "PodNotStarted", message, waitSeconds);
}

/**
 * Stops the movers of a deletion that was taken back, and ends the deletion when one of them has done its work. Undefined
 * once none is left, or none can be seen to stop for longer than the grace.
 */
export function stopDeletion(deleting: DeletingRun): BackupPlan | undefined {
  const { world, now } = deleting;
  const done = deletedPlan(deleting, { waits: false });
  if (done !== undefined) return done;
  const { status: { deletion = { failures: 0 } }, unreadable } = world.backup;
  const movers = deleteMovers(world);
  const [askedAt, clock] = unreadable === undefined
    ? [deletion.stoppingSince, now]
    // For an unreadable status, which cannot be written, the Jobs themselves are the memory.
    : [goingSince(movers), world.serverNow];
  // It must be recorded that there was a mover, before it is gone.
  const isWrittenDown = unreadable !== undefined || deletion.startedAt !== undefined;
  const stopping = stopMovers(movers, { isWrittenDown, askedAt, longestSeconds: SLOT_GRACE_SECONDS }, clock);
  if (stopping === undefined) return snapshotsAreGone(world) ? keepYoung(deleting) : undefined;
  const message = "The mover that deletes the snapshots is being stopped";
  const plan = waitingPlan(deleting, "Deleting", message, stopping.recheckAfterSeconds);
  const next = { ...started(deletion, now), stoppingSince: stopping.askedAt };
  return { ...withDeletion(plan, next), remove: stopping.remove };
}

/**
 * Since when the last of them is to go; undefined while a Job was not told yet. A pod whose Job is gone is told by nobody:
 * its own limit ends it.
 */
function goingSince(movers: DeleteMovers): string | undefined {
  const times = leftOf(movers).map(({ kind, metadata: { deletionTimestamp, creationTimestamp = "" } }) => {
    if (deletionTimestamp !== undefined || kind === JOB.kind) return Date.parse(deletionTimestamp ?? "");
    return Date.parse(creationTimestamp) + DELETE_LIMIT_SECONDS * 1000;
  });
  const last = Math.max(...times);
  return Number.isFinite(last) ? isoSeconds(new Date(last)) : undefined;
}

type DeleteMovers = readonly Unnumbered<SeenMover<"snapshotDelete">>[];

/** All movers of the deletion, whatever the status has. */
export function deleteMovers({ backup, serverNow, ...found }: BackupWorld): DeleteMovers {
  return moversThere(deletionTask(backup), found, serverNow);
}

/**
 * The snapshots are gone and cannot be kept any more; only young checkpoints stay. A mover
 * that failed, or was lost, may have deleted that as well.
 */
function keepYoung(deleting: DeletingRun, because?: string): BackupPlan {
  const mayBeGone = because !== undefined || leftOf(deleteMovers(deleting.world)).length > 0;
  const note = `${SNAPSHOTS_GONE}; what its movers had not finished ${
    mayBeGone ? "may stay" : "stays"
  } in the repository until the next snapshot of its source is made${
    because === undefined ? "" : `, because ${because}`
  }`;
  return {
    ...release(deleting, note),
    events: [{ type: "Normal", reason: "SnapshotDeleted", action: "Delete", note }],
  };
}

/** A sentence to add when snapshots stay; empty when no mover was ever made to delete them. */
export function someMayBeGone({ world }: DeletingRun): string {
  const movers = deleteMovers(world);
  if (world.backup.status.deletion?.startedAt === undefined && movers.length === 0) return "";
  return "; a mover was made to delete them before, so some of them may be gone" +
    (leftOf(movers).length > 0 ? ", and it could not be seen to stop, so more of them may go" : "");
}

/**
 * No routine deletes a pinned Backup, even when the pin came after the mover was made: the mover is stopped first.
 * Undefined when no pin holds the deletion.
 */
function holdPinned(deleting: DeletingRun): BackupPlan | undefined {
  const { world } = deleting;
  if (!isKeptByPin(world.backup) || snapshotsAreGone(world)) return undefined;
  return stopDeletion(deleting) ?? breakerPlan(deleting, heldByPin(world));
}

/** The plan for a judgement of the breaker that allows no mover. */
function breakerPlan(
  deleting: DeletingRun,
  judgement: Exclude<DeletionJudgement, { readonly kind: "free" }>,
): BackupPlan {
  switch (judgement.kind) {
    case "settling": {
      const { since, seconds, message = REASONS.SettlingDeletion, annotate } = judgement;
      const deletion = deleting.world.backup.status.deletion ?? { failures: 0 };
      const plan = waitingPlan(deleting, "SettlingDeletion", message, seconds);
      return { ...withDeletion(plan, { ...deletion, settlingSince: since }), annotate };
    }
    case "held": {
      const { reason, message, eventNote } = judgement;
      return {
        ...waitingPlan(deleting, reason, message, RECHECK_SECONDS),
        conditions: [heldCondition("True", reason, message)],
        events: eventNote === undefined
          ? []
          : [{ type: "Warning", reason, action: "ConfirmDeletion", note: eventNote }],
      };
    }
    case "confirmed": {
      const { message } = judgement;
      return {
        ...waitingPlan(deleting, "MassDeletionReleased", message, SOON_SECONDS),
        conditions: [heldCondition("False", "MassDeletionReleased", message)],
        events: [{ type: "Normal", reason: "MassDeletionReleased", action: "Delete", note: message }],
      };
    }
  }
}

/** Waits for a slot: a night's retention or a confirmed mass deletion must not start many movers at once. */
function queuedPlan(deleting: DeletingRun, pin: RunPin): BackupPlan {
  const noSlot = noSlotFor(deleting.world.slots, pin.resolved.repository.name);
  const plan = waitingPlan(deleting, noSlot.reason, noSlot.message, noSlot.recheckAfterSeconds);
  return { ...plan, outcome: { kind: "waiting", ...noSlot } };
}

function failedPlan(deleting: DeletingRun, task: DeletionTask, step: StepOf<"failed">): BackupPlan {
  const { world, now } = deleting;
  const isGone = snapshotsAreGone(world);
  const { namespace } = world.backup.key;
  const { failure, mover, memory: { slotsGivenBack = 0 } } = step;
  const { failures = 0 } = world.backup.status.deletion ?? {};
  // The rest grows with failures and movers that did not run.
  const limits = { firstSeconds: RETRY_SECONDS, longestSeconds: DELETION_RETRY_MAX_SECONDS };
  const seconds = retrySeconds(failures + slotsGivenBack, limits);
  const retryAt = isoSeconds(new Date(now.getTime() + seconds * 1000));
  const why = REASONS[failure.class];
  const what = isGone
    ? `${SNAPSHOTS_GONE}; what killed movers may have left could not be looked at again`
    : "Cannot delete the snapshots";
  const sentence = `${what}: ${why}; tried again at ${retryAt}. ${escapeHint()}`;
  const plan = waitingPlan(deleting, "SnapshotDeletionFailed", sentence, SOON_SECONDS);
  const end = isGone && looksWith(world) >= MAX_CHECKPOINT_LOOKS
    ? keepYoung(deleting, `the mover that was to look at it again failed: ${why}`)
    : undefined;
  return {
    ...(end ?? afterEnd(deleting, task, plan, { step, retryAt, change: { failures: failures + 1 } })),
    events: [...(end?.events ?? []), {
      type: "Warning",
      reason: "SnapshotDeletionFailed",
      action: "Delete",
      note: `Attempt ${failures + 1}: ${why}: ${mover?.message ?? failure.text ?? ""}`,
    }],
    measures: [
      { kind: "add", metric: "kopiur_snapshot_deletion_failures_total", labels: { namespace }, value: 1 },
      ...(mover === undefined ? [] : moverMeasures("snapshotDelete", "failed", mover.seconds)),
    ],
  };
}

/** The message since the snapshots are gone. */
function waitsForCheckpoints({ message }: BackupStatus): string | undefined {
  return message?.startsWith(SNAPSHOTS_GONE) === true ? message : undefined;
}

/** Reports an obstacle; a replaced repository needs a person. */
function refusedPlan(deleting: DeletingRun, obstacle: Obstacle, dueAt: string | undefined): BackupPlan {
  const { reason } = obstacle;
  if (snapshotsAreGone(deleting.world)) return unlookedPlan(deleting, obstacle, dueAt);
  const message = `Cannot delete the snapshots: ${obstacle.message}. ${escapeHint()}`;
  const plan = waitingPlan(deleting, reason, message, RECHECK_SECONDS);
  const events = waitEvents(deleting.world, reason, message);
  if (!needsPerson(obstacle)) return { ...plan, events };
  return { ...plan, events, outcome: { kind: "stalled", reason, message } };
}

/**
 * What is too young to go is not worth more than a while: what stands in the way of looking at it again, as a
 * Secret that was taken away, may stay there for ever.
 */
function unlookedPlan(
  deleting: DeletingRun,
  { reason, message: obstacle }: Obstacle,
  dueAt: string | undefined,
): BackupPlan {
  const untilMs = Date.parse(dueAt ?? "") + CHECKPOINT_WAIT_SECONDS * 1000;
  if (Number.isNaN(untilMs) || deleting.now.getTime() >= untilMs) return keepYoung(deleting, obstacle);
  const message =
    `${SNAPSHOTS_GONE}; what killed movers may have left cannot be looked at again: ${obstacle}. ` +
    `It stays if that is still so at ${isoSeconds(new Date(untilMs))}`;
  const seconds = Math.min(RECHECK_SECONDS, Math.ceil((untilMs - deleting.now.getTime()) / 1000));
  return {
    ...waitingPlan(deleting, reason, message, seconds),
    events: waitEvents(deleting.world, reason, message),
  };
}

/** The mover Jobs of the deletion. */
export function deleteJobs(world: BackupWorld): readonly KubeObject[] {
  return world.jobs.filter((job) => isOf("snapshotDelete", job));
}

function failedMessage(status: BackupWorld["backup"]["status"]): string {
  const { message } = status;
  return message?.startsWith("Cannot delete") === true ? message : REASONS.SnapshotDeletionFailed;
}

function escapeHint(): string {
  return `To leave them where they are, annotate the Backup with ${ANNOTATION.skipSnapshotCleanup}: "true"`;
}

function secondsBetween(time: string | undefined, now: Date): number {
  const seconds = (Date.parse(time ?? "") - now.getTime()) / 1000;
  return Number.isNaN(seconds) ? 0 : seconds;
}
