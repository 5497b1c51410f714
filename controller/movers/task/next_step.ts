import { isoSeconds, type OperationKey } from "../../../api/mod.ts";
import { SLOT_GRACE_SECONDS } from "../slots/types.ts";
import { failureIsRetryable } from "../state/failure.ts";
import { type AnyJobState, jobHasEnded, type MissingPod } from "../state/job_state.ts";
import { cutText, isDisruptedTooOften, memoryAfter, withoutTimesToCome } from "./memory.ts";
import { retrySeconds } from "./retry.ts";
import type { AnyMover, SeenMover } from "./seen_movers.ts";
import type { MoverTask, TaskFailure, TaskLimits, TaskMemory, TaskStep, WaitReason } from "./task.ts";
import { secondsSince, secondsUntil, timeOr } from "./time.ts";

/** How long a pod may take to pull its image and mount its volumes before that is reported. */
export const START_GRACE_SECONDS = 30;
/** A pod on a lost node never goes away; the end of its task waits for it only this long. */
const STOP_LIMIT_SECONDS = 300;
/** Kubernetes waits up to ten minutes before it makes the next pod after one that failed. */
const NEXT_POD_SECONDS = 900;
/** The rest after a mover that did not run: time for a new node, and a turn for others. */
const FIRST_REST_SECONDS = 60;

/** A step without a result. */
type OpenStep = Exclude<TaskStep<OperationKey>, { readonly kind: "succeeded" }>;
type Wait = { readonly reason: WaitReason; readonly text: string };

/**
 * The next step of a task. Pure and idempotent: it depends on what is found, not on what was planned before.
 *
 *   (nothing) → start(1) → works → succeeded | failed
 *      ▲            │         │  └ no result, or Job gone → start(n + 1), at most `limits.jobs`
 *      │            │         ├ no node, no pod or a lost one for the grace → given up: Job stopped, waited for
 *      │            │         └ not started within the start deadline ─────→ given up │
 *      │            │               └ starts all the same → works                     │
 *      └── rests until it may ask for a slot again ◀── in time ─── Job and pod gone ── too late → failed
 *              │ waits for it as long as that takes; its work has changed: given up, and made again at once
 *              └ it never ran: start(n), the same Job again; it ran: start(n + 1)
 *
 * Where two movers at once do no harm, a mover that was given up and does not go away is replaced after
 * `replaceAfterSeconds`: start(n + 1) makes the next one, though the old one may still work.
 */
export function nextStep<O extends OperationKey>(
  { limits }: MoverTask<O>,
  stored: TaskMemory | undefined,
  movers: readonly SeenMover<O>[],
  now: Date,
): TaskStep<O> {
  const before = withoutTimesToCome(stored, now);
  const step = stepOf(before, movers, limits, now);
  // Two movers of one task at once could both do its work, as neither sees the other's snapshot.
  const alive = step.kind === "start"
    ? movers.find((each) => isLeftPod(each, step.number, limits))
    : undefined;
  if (alive === undefined || mayReplace(before?.podGoneSince, limits, now)) return step;
  const podGoneSince = before?.podGoneSince;
  return whilePodIsLeft(
    podGoneSince === undefined || step.memory === undefined ? step.memory : { ...step.memory, podGoneSince },
    alive,
    limits,
    now,
  );
}

function stepOf<O extends OperationKey>(
  before: TaskMemory | undefined,
  movers: readonly SeenMover<O>[],
  limits: TaskLimits,
  now: Date,
): TaskStep<O> {
  const current = currentMover(before, movers);
  if (current === undefined) return { kind: "start", number: 1, memory: before, isRested: false };
  const memory = memoryAfter(before, current, limits);
  const { state } = current;
  if (staysTooLong(memory, current, limits, now) || isOverAndStays(memory, current, now)) {
    return replace(memory, current, limits, now);
  }
  if (current.unwantedWhy !== undefined) {
    const wait = { reason: "PodNotStarted", text: current.unwantedWhy } as const;
    return giveUp(memory, wait, now, restEnds(memory, limits, limits.startDeadlineSeconds, now));
  }
  if (current.isUnwanted === true) return whileUnwanted(memory, now);
  switch (state.kind) {
    case "absent":
      return afterVanished(memory, current, limits, now);
    case "waiting":
      return whileWaiting(memory, state, current, limits, now);
    case "running":
      if (isDisruptedTooOften(memory) && state.noPod !== undefined) {
        return giveUp(memory, { reason: "PodNotStarted", text: state.noPod.text }, now, now);
      }
      if (state.noPod !== undefined) {
        return whilePodIsGone(memory, state.noPod, limits, { now, serverNow: current.serverNow });
      }
      return { kind: "works", memory, recheckAfterSeconds: jobHasEnded(current.job) ? 5 : 60 };
    case "succeeded": {
      const { result, finishedAt } = state;
      return {
        kind: "succeeded",
        memory,
        result,
        finishedAt,
        isOnlyMover: isOnlyMover(current, memory),
      };
    }
    case "failed":
      if (mayTryAgain(state) && limits.jobs !== undefined && current.number < limits.jobs) {
        return { kind: "start", number: current.number + 1, memory, isRested: false };
      }
      return failed(memory, state, current);
  }
}

/** Failures that the Job itself does not retry: without a result, or with a Job that does not know that it failed. */
function mayTryAgain(state: Failed): boolean {
  return state.class === "ResultMissing" || (state.jobGoesOn === true && failureIsRetryable(state.class));
}

/** True for a pod that may still work although its Job is gone; earlier pods were already waited for. */
function isLeftPod({ state, podIsAlive, number }: AnyMover, next: number, limits: TaskLimits): boolean {
  return state.kind === "absent" && podIsAlive &&
    (limits.replaceAfterSeconds === undefined || number >= next);
}

function mayReplace(since: string | undefined, { replaceAfterSeconds }: TaskLimits, now: Date): boolean {
  return since !== undefined && replaceAfterSeconds !== undefined &&
    secondsSince(since, now) >= replaceAfterSeconds;
}

/** True for a mover that was given up, does not go away (as on a lost node), and may be replaced. */
function staysTooLong(
  memory: TaskMemory,
  { state, podIsAlive }: AnyMover,
  limits: TaskLimits,
  now: Date,
): boolean {
  const isThere = podIsAlive || state.kind === "waiting" || state.kind === "running";
  return isThere && mayReplace(memory.stoppedAt, limits, now);
}

/** True for a mover that has ended, and whose unwanted Job does not go away. */
function isOverAndStays(memory: TaskMemory, { state, podIsAlive, isUnwanted }: AnyMover, now: Date): boolean {
  const isOver = (state.kind === "succeeded" || state.kind === "failed") && !podIsAlive;
  return isUnwanted === true && isOver && memory.stoppedAt !== undefined &&
    secondsSince(memory.stoppedAt, now) >= STOP_LIMIT_SECONDS;
}

/** The next Job gets another number, as the old one still exists. */
function replace(memory: TaskMemory, current: AnyMover, limits: TaskLimits, now: Date): OpenStep {
  const { stoppedAt: _stoppedAt, startedAt: _startedAt, podGoneSince: _podGoneSince, ...rest } = memory;
  const number = current.number + 1;
  return whileResting({ ...rest, number }, { ...current, number }, limits, now);
}

/** The newest existing Job, else the one in status: a controller may have died before it recorded a new one. */
function currentMover<O extends OperationKey>(
  before: TaskMemory | undefined,
  movers: readonly SeenMover<O>[],
): SeenMover<O> | undefined {
  const found = movers.findLast(({ job }) => job !== undefined);
  const known = movers.find(({ number }) => number === before?.number);
  return found !== undefined && found.number >= (known?.number ?? 0) ? found : known;
}

function afterVanished(memory: TaskMemory, current: AnyMover, limits: TaskLimits, now: Date): OpenStep {
  if (memory.stoppedAt !== undefined) return afterStopped(memory, memory.stoppedAt, current, limits, now);
  if (current.podIsAlive && !mayReplace(memory.podGoneSince, limits, now)) {
    return whilePodIsLeft(memory, current, limits, now);
  }
  if (memory.retryAt !== undefined) return whileResting(memory, current, limits, now);
  if (current.number < (limits.jobs ?? Infinity)) {
    return { kind: "start", number: current.number + 1, memory, isRested: false };
  }
  return ended(memory, { class: "ResultMissing", resultKnown: false }, now);
}

/** A Job that was given up is gone: the task goes on once its pod is gone as well. */
function afterStopped(
  memory: TaskMemory,
  stoppedAt: string,
  current: AnyMover,
  limits: TaskLimits,
  now: Date,
): OpenStep {
  const isLate = startIsTooLate(memory, limits, now);
  if (current.podIsAlive && !(isLate && stopTookTooLong(stoppedAt, now))) {
    const { stoppedReason: reason = "PodNotStarted", stoppedWhy = "no reason was given" } = memory;
    return waits(memory, { reason, text: `${stoppedWhy}; its Job is gone, and its pod is waited for` }, 10);
  }
  if (isDisruptedTooOften(memory)) return endedByCluster(memory, now);
  if (isLate) return missedStart(memory, current.podIsAlive || !isOnlyMover(current, memory), now);
  if (memory.startedAt !== undefined && current.number >= (limits.jobs ?? Infinity)) {
    return endedByCluster(memory, now);
  }
  const { stoppedAt: _stoppedAt, ...rest } = memory;
  return whileResting(rest, current, limits, now);
}

/** It gave its slot back and asks for one again at `retryAt`. */
function whileResting(memory: TaskMemory, current: AnyMover, limits: TaskLimits, now: Date): OpenStep {
  const { retryAt = "", startedAt, stoppedWhy = "", stoppedReason = "PodNotStarted" } = memory;
  // From here on it waits for a slot; that time does not count against its deadline.
  const restsUntil = new Date(Math.min(now.getTime(), timeOr(retryAt, now)));
  if (startIsTooLate(memory, limits, restsUntil)) {
    return missedStart(memory, !isOnlyMover(current, memory), now);
  }
  const untilRetry = secondsUntil(retryAt, now);
  if (untilRetry <= 0) {
    // A mover that never ran did nothing, so the same Job is made again.
    const number = current.number + (startedAt === undefined ? 0 : 1);
    if (number > (limits.jobs ?? Infinity)) return endedByCluster(memory, now);
    return { kind: "start", number, memory, isRested: true };
  }
  const text =
    `${stoppedWhy === "" ? "no reason was given" : stoppedWhy}; its slot was given back, and it asks ` +
    `for one again at ${retryAt}`;
  const untilLate = Math.max(1, secondsUntilLate(memory, limits, now));
  const recheckAfterSeconds = Math.min(untilRetry, untilLate);
  return { kind: "waits", memory, reason: stoppedReason, text, recheckAfterSeconds, isRested: true };
}

/**
 * A pod whose Job is gone, as after `kubectl delete job --cascade=orphan` or on a lost node. Its result is lost, but no
 * other mover is made while it may work. The task waits for a pod that is being deleted until the start deadline, and
 * for a working one until its active deadline.
 */
function whilePodIsLeft(
  before: TaskMemory | undefined,
  mover: AnyMover,
  limits: TaskLimits,
  now: Date,
): OpenStep {
  const since = before?.podGoneSince ?? isoSeconds(now);
  const goneSeconds = Math.max(0, -secondsUntil(since, now));
  const limitSeconds = limits.replaceAfterSeconds ??
    (mover.podIsToGo ? limits.startDeadlineSeconds : limits.activeDeadlineSeconds);
  const what = mover.podIsToGo ? "is to go, but its node does not say that it went" : "is still there";
  const text = `its Job is gone (${since}), and its pod ${what}; no other mover is made beside it`;
  const memory: TaskMemory = { ...before, number: before?.number ?? mover.number, podGoneSince: since };
  if (goneSeconds >= limitSeconds) {
    return ended(memory, { class: "ResultMissing", resultKnown: false, text }, now);
  }
  const left = Math.max(1, Math.ceil(limitSeconds - goneSeconds));
  if (goneSeconds < START_GRACE_SECONDS) {
    const untilReported = Math.ceil(START_GRACE_SECONDS - goneSeconds);
    return { kind: "works", memory, recheckAfterSeconds: Math.min(10, untilReported, left) };
  }
  return waits(memory, { reason: "MoverLost", text }, Math.min(60, left));
}

/** Its work has changed: the Job is removed without a report, unless it stays, and the next one is made at once. */
function whileUnwanted(
  { slotsGivenBack: _given, stoppedWhy: _why, stoppedReason: _reason, ...before }: TaskMemory,
  now: Date,
): OpenStep {
  const stoppedAt = before.stoppedAt ?? isoSeconds(now);
  const memory = { ...before, waitingSince: before.waitingSince ?? stoppedAt, stoppedAt, retryAt: stoppedAt };
  if (before.stoppedAt === undefined) return { kind: "works", memory, recheckAfterSeconds: 1 };
  if (secondsSince(stoppedAt, now) < STOP_LIMIT_SECONDS) {
    return { kind: "works", memory, recheckAfterSeconds: 15 };
  }
  const text = `its Job was given up at ${stoppedAt}, for something else is wanted, and is still there`;
  return waits(memory, { reason: "MoverLost", text }, 15);
}

type Waiting = Extract<AnyJobState, { readonly kind: "waiting" }>;

function whileWaiting(
  memory: TaskMemory,
  state: Waiting,
  current: AnyMover,
  limits: TaskLimits,
  now: Date,
): OpenStep {
  const { why: reason, text, podMadeAt } = state;
  const wait = { reason, text };
  if (memory.startedAt !== undefined && podMadeAt === undefined) {
    // The Job controller makes the next pod within seconds, or not for long.
    const noPod = { why: "gone", text: "its pod is gone", isNew: true } as const;
    return whilePodIsGone(memory, noPod, limits, { now, serverNow: current.serverNow });
  }
  // A Job of which no pod ever ran has one grace, however often its pod is made again.
  const podSince = memory.startedAt === undefined ? undefined : podMadeAt;
  const madeAt = podSince ?? current.job?.metadata.creationTimestamp ?? state.since;
  const madeSeconds = Math.max(0, secondsSince(madeAt, current.serverNow));
  const since = memory.waitingSince ?? isoSeconds(new Date(now.getTime() - madeSeconds * 1000));
  const waitedSeconds = secondsSince(since, now);
  // Another clock is believed only within what this controller saw itself.
  const thisTimeSeconds = Math.min(madeSeconds, waitedSeconds);
  const { startDeadlineSeconds } = limits;
  if (isDisruptedTooOften(memory)) return giveUp(memory, wait, now, now);
  if (waitedSeconds >= startDeadlineSeconds) {
    if (memory.stoppedAt !== undefined && stopTookTooLong(memory.stoppedAt, now)) {
      return missedStart(memory, true, now);
    }
    return giveUp(memory, wait, now, now, since);
  }
  if (memory.stoppedAt !== undefined) return waits(memory, wait, 15);
  if (memory.startedAt === undefined && current.isOutdated) return giveUp(memory, wait, now, now, since);
  // It has a node and pulls its image. Where no deadline ends that, it gives its slot back too.
  const keepsSlot = state.hasNode && startDeadlineSeconds !== Infinity;
  if (!keepsSlot && thisTimeSeconds >= SLOT_GRACE_SECONDS) {
    const leftSeconds = startDeadlineSeconds - waitedSeconds;
    return giveUp(memory, wait, now, restEnds(memory, limits, leftSeconds, now), since);
  }
  const untilDeadline = Math.ceil(startDeadlineSeconds - waitedSeconds);
  const untilGrace = keepsSlot ? untilDeadline : Math.ceil(SLOT_GRACE_SECONDS - thisTimeSeconds);
  const left = Math.max(1, Math.min(untilDeadline, untilGrace));
  const isKnown = state.isRefused === true || isSettingsFault(text);
  if (reason === "PodNotStarted" && !isKnown && thisTimeSeconds < START_GRACE_SECONDS) {
    const untilReported = Math.ceil(START_GRACE_SECONDS - thisTimeSeconds);
    return { kind: "works", memory, recheckAfterSeconds: Math.min(untilReported, left) };
  }
  return waits(memory, wait, Math.min(60, left));
}

/** A kubelet's reason that comes from the Job's own settings and does not go away by itself. */
export function isSettingsFault(text: string): boolean {
  return /\b(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|ImageInspectError|RegistryUnavailable|CreateContainerConfigError|CreateContainerError|RunContainerError)\b/
    .test(text);
}

/**
 * A Job that had a pod and now has none that works. Between two tries that is normal, but with a lost node or a quota it
 * lasts, and the Job does not say so. It is reported after a while, then given up: the next mover finds what this one
 * did. A pod on a lost node is waited for first, as long as a start may take.
 */
function whilePodIsGone(
  before: TaskMemory,
  noPod: MissingPod & { readonly isNew?: true },
  limits: TaskLimits,
  { now, serverNow }: { readonly now: Date; readonly serverNow: Date },
): OpenStep {
  // The grace starts when this controller first saw it: the next pod may not be in its cache yet.
  const seenSince = before.podGoneSince ?? isoSeconds(now);
  const seenSeconds = secondsSince(seenSince, now);
  const since = noPod.since ?? seenSince;
  const goneSeconds = noPod.since === undefined ? seenSeconds : secondsSince(noPod.since, serverNow);
  const memory: TaskMemory = { ...before, podGoneSince: seenSince };
  const graceSeconds = noPod.why === "ended" ? NEXT_POD_SECONDS : SLOT_GRACE_SECONDS;
  const text = `${noPod.text} (${since}), ${goneText(noPod, limits)}`;
  const isLost = noPod.why === "lost" || noPod.why === "late";
  const wait = { reason: isLost ? "MoverLost" : "PodNotStarted", text } as const;
  if (memory.stoppedAt !== undefined) {
    const waitsSeconds = Math.max(STOP_LIMIT_SECONDS, limits.startDeadlineSeconds);
    if (secondsSince(memory.stoppedAt, now) >= waitsSeconds) return endedByCluster(before, now);
    return waits(memory, wait, 15);
  }
  if (Math.min(goneSeconds, seenSeconds) >= graceSeconds) {
    return giveUp(memory, wait, now, restEnds(memory, limits, limits.startDeadlineSeconds, now));
  }
  const left = Math.max(1, Math.ceil(graceSeconds - Math.min(goneSeconds, seenSeconds)));
  const tellAfterSeconds = noPod.isNew === true
    ? START_GRACE_SECONDS
    : Math.min(SLOT_GRACE_SECONDS, limits.startDeadlineSeconds);
  if (goneSeconds < tellAfterSeconds) {
    const untilReported = Math.max(1, Math.ceil(tellAfterSeconds - goneSeconds));
    return { kind: "works", memory, recheckAfterSeconds: Math.min(60, left, untilReported) };
  }
  return waits(memory, wait, Math.min(60, left));
}

function goneText({ why }: MissingPod, { replaceAfterSeconds }: TaskLimits): string {
  switch (why) {
    case "lost":
    case "late":
      return `so its node may be lost; no other mover is made ${
        replaceAfterSeconds === undefined
          ? "while the pod may work"
          : `beside it for ${replaceAfterSeconds} s`
      }`;
    case "ended":
    case "gone":
      return "and the next one was not made yet: if that lasts a quota or a webhook may forbid it; kubectl describe " +
        "of the Job says more";
  }
}

function waits(memory: TaskMemory, wait: Wait, recheckAfterSeconds: number): OpenStep {
  return { kind: "waits", memory, ...wait, recheckAfterSeconds, isRested: false };
}

/** A cluster needs minutes to add a node; a mover that waits longer gives its slot to others. */
function restEnds(
  { slotsGivenBack = 0 }: TaskMemory,
  { longestRestSeconds }: TaskLimits,
  leftSeconds: number,
  now: Date,
): Date {
  const limits = { firstSeconds: FIRST_REST_SECONDS, longestSeconds: longestRestSeconds };
  const rest = retrySeconds(slotsGivenBack, limits);
  const seconds = Math.max(1, Math.min(rest, Math.floor(leftSeconds / 2)));
  return new Date(now.getTime() + seconds * 1000);
}

/**
 * The mover does not run and blocks a slot. Its pod may still start at this moment, and its work would be lost. So the
 * Job is first marked as given up, then removed; once it is gone the task goes on with another try from `retryAt`, or
 * ends.
 */
function giveUp(
  memory: TaskMemory,
  wait: Wait,
  now: Date,
  retryAt: Date,
  waitingSince: string = isoSeconds(now),
): OpenStep {
  if (memory.stoppedAt !== undefined) return waits(memory, wait, 15);
  const since = new Date(timeOr(waitingSince, now));
  const often = isDisruptedTooOften(memory)
    ? `the cluster ended its movers ${memory.disruptions} times, the last one: ${memory.disruptedWhy ?? ""}`
    : wait.text;
  const stopped: TaskMemory = {
    ...memory,
    waitingSince: isoSeconds(since),
    slotsGivenBack: (memory.slotsGivenBack ?? 0) + 1,
    stoppedAt: isoSeconds(now),
    stoppedReason: wait.reason,
    ...(often === "" ? {} : { stoppedWhy: cutText(often) }),
    retryAt: isoSeconds(retryAt),
  };
  return waits(stopped, wait, 1);
}

/** True when a task has waited longer than its start deadline for a mover to run, all tries together. */
function startIsTooLate(memory: TaskMemory, limits: TaskLimits, now: Date): boolean {
  return secondsUntilLate(memory, limits, now) <= 0;
}

function secondsUntilLate(memory: TaskMemory, limits: TaskLimits, now: Date): number {
  // A release that did not remember this gave it up after the whole wait.
  const { waitingSince = memory.stoppedAt === undefined ? isoSeconds(now) : "" } = memory;
  if (Number.isNaN(Date.parse(waitingSince))) return 0;
  return Math.ceil(limits.startDeadlineSeconds - secondsSince(waitingSince, now));
}

function stopTookTooLong(stoppedAt: string, now: Date): boolean {
  return now.getTime() - Date.parse(stoppedAt) >= STOP_LIMIT_SECONDS * 1000;
}

/** True when the task had one Job with at most one pod, and the cluster ended none of its pods. */
function isOnlyMover({ number, state }: AnyMover, { disruptions = 0 }: TaskMemory): boolean {
  return number === 1 && (state.kind === "absent" || state.attempts <= 1) && disruptions === 0;
}

/** The cluster ended its movers too often, or lost the last one it may have. */
function endedByCluster(memory: TaskMemory, now: Date): OpenStep {
  return ended(memory, { class: "Interrupted", resultKnown: false, ...words(memory.stoppedWhy) }, now);
}

function missedStart(memory: TaskMemory, mayHaveRun: boolean, now: Date): OpenStep {
  const neverRan = !mayHaveRun && memory.startedAt === undefined;
  const failure: TaskFailure = {
    class: "StartDeadlineExceeded",
    resultKnown: neverRan,
    ...(neverRan ? { nothingDone: true } : {}),
    ...words(memory.stoppedWhy),
  };
  return ended(memory, failure, now);
}

function ended(memory: TaskMemory, failure: TaskFailure, now: Date): OpenStep {
  return { kind: "failed", memory, failure, finishedAt: now.toISOString() };
}

function words(text: string | undefined): { readonly text?: string } {
  return text === undefined ? {} : { text };
}

type Failed = Extract<AnyJobState, { readonly kind: "failed" }>;

function failed(memory: TaskMemory, state: Failed, current: AnyMover): OpenStep {
  const neverStarted = state.class === "StartDeadlineExceeded" && memory.startedAt === undefined;
  const isOnly = isOnlyMover(current, memory);
  const parts = [state.tail ?? "", state.message].filter((text) => text !== "");
  const text = parts.length === 2 && parts[0]?.includes(state.message) ? state.tail ?? "" : parts.join("\n");
  const failure: TaskFailure = {
    class: state.class,
    ...(state.exitCode === undefined ? {} : { exitCode: state.exitCode }),
    resultKnown: isOnly && (state.resultKnown || neverStarted),
    ...(isOnly && (neverStarted || state.result?.failure.nothingSaved === true) ? { nothingDone: true } : {}),
    ...(text === "" ? {} : { text: cutText(text) }),
  };
  const mover = { seconds: state.result?.durationSeconds, message: state.message };
  return { kind: "failed", memory, failure, mover, finishedAt: state.finishedAt };
}
