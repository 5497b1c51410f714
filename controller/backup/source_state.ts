import { isoSeconds, type Reason, REASONS, type RepositoryStock, type SnapshotEntry } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import {
  failureIsRetryable,
  jobHasEnded,
  type JobState,
  type MissingPod,
  SLOT_GRACE_SECONDS,
} from "../movers/mod.ts";
import { sourceHasEnded } from "./world.ts";

/** Mover Jobs a source may get when one leaves no result; each finds by tag what the one before had saved. */
export const MAX_ATTEMPTS = 3;

/** So long a pod may pull its image and mount its volumes before that is worth telling. */
export const START_GRACE_SECONDS = 30;
/** The cluster may end so many movers of a source before the run ends too: a drain is ordinary, a full node is not. */
export const MAX_DISRUPTIONS = 10;
const TAIL_MAX_BYTES = 2048;
/** A pod on a node nobody hears of never goes; so long the end of its source waits for it. */
const STOP_LIMIT_SECONDS = 300;
/** Kubernetes waits up to ten minutes before it makes the next pod after one that failed. */
const NEXT_POD_SECONDS = 900;
/** After a mover that did not run: time for a new node, and for others to have a turn. */
const FIRST_REST_SECONDS = 60;
const LONGEST_REST_SECONDS = 300;

/** One mover Job of a source as it was found. */
export interface Attempt {
  readonly number: number;
  readonly name: string;
  readonly job: KubeObject | undefined;
  readonly state: JobState<"backup">;
  /** A pod of a Job of that name has not ended, though the Job itself may be gone. */
  readonly podIsAlive: boolean;
  /** All such pods were told to go. */
  readonly podIsToGo: boolean;
  /** Its mover ended, and a container beside it keeps the Job from being over. */
  readonly outlivesMover: boolean;
  /** True when its Job was made of other settings than one would be made of today. */
  readonly isOutdated: boolean;
}

/** What a run may take. */
export interface SourceLimits {
  /** So long a source may wait for a mover to run, all tries together. */
  readonly startDeadlineSeconds: number;
  /** So long a mover may work. */
  readonly activeDeadlineSeconds: number;
}

/** What becomes of one source in a pass. */
export type SourceStep =
  /** It had ended before. */
  | { readonly kind: "over"; readonly entry: SnapshotEntry }
  /** It ends now. */
  | {
    readonly kind: "ended";
    readonly entry: SnapshotEntry;
    /** Absent when no mover came to an end: it never started, or is gone without a trace. */
    readonly mover?: { readonly seconds: number | undefined };
    /** What the mover saw in the repository. */
    readonly repository?: RepositoryStock;
    readonly finishedAt: string;
  }
  /** It needs a mover Job of that number. */
  | { readonly kind: "start"; readonly entry: SnapshotEntry; readonly attempt: number }
  | { readonly kind: "running"; readonly entry: SnapshotEntry; readonly recheckAfterSeconds: number }
  /** No mover of it works, which is worth telling. */
  | {
    readonly kind: "waiting";
    readonly entry: SnapshotEntry;
    readonly reason: "Unschedulable" | "PodNotStarted";
    readonly text: string;
    readonly recheckAfterSeconds: number;
  };

/**
 * The next step of one source. Pure and idempotent: what is found decides, not what was meant to be done.
 *
 *   Pending → start(1) → Running → ended: Succeeded | Failed
 *      │                  │  └ no result, or Job gone → start(n + 1), at most {@link MAX_ATTEMPTS}
 *      │                  ├ no node, no pod or a lost one for the grace → given up: Job stopped, waited for
 *      │                  └ not started within the start deadline ─────→ given up │
 *      │                        └ starts all the same → Running                   │
 *      └── rests until it may ask for a slot again ◀── in time ─── Job and pod gone ── too late → ended: Failed
 *              │ stands in line for it as long as that takes
 *              └ it never ran: start(n), the same Job again; it ran: start(n + 1)
 */
export function nextStep(
  entry: SnapshotEntry,
  attempts: readonly Attempt[],
  limits: SourceLimits,
  now: Date,
): SourceStep {
  if (sourceHasEnded(entry)) return { kind: "over", entry };
  const step = stepOf(entry, attempts, limits, now);
  // Two movers of one source at once could each find no snapshot of the other and both make one.
  const stray = step.kind === "start" ? attempts.find((each) => isStray(each)) : undefined;
  return stray === undefined ? step : whileStray(step.entry, stray, limits, now);
}

function stepOf(
  entry: SnapshotEntry,
  attempts: readonly Attempt[],
  limits: SourceLimits,
  now: Date,
): SourceStep {
  const current = currentAttempt(entry, attempts);
  if (current === undefined) return { kind: "start", entry, attempt: 1 };
  const running: SnapshotEntry = {
    source: entry.source,
    sourcePath: entry.sourcePath,
    phase: "Running",
    job: { name: current.name, attempts: current.number, ...memoryOf(entry, current) },
  };
  const { state } = current;
  switch (state.kind) {
    case "absent":
      return afterVanished(running, current, limits, now);
    case "waiting":
      return whileWaiting(running, state, current, limits, now);
    case "running":
      if (isDisruptedTooOften(running) && state.noPod !== undefined) {
        return giveUp(running, { reason: "PodNotStarted", text: state.noPod.text }, now, now);
      }
      if (state.noPod !== undefined) {
        return whilePodIsGone(running, state.noPod, limits, now);
      }
      return { kind: "running", entry: running, recheckAfterSeconds: jobHasEnded(current.job) ? 5 : 60 };
    case "succeeded": {
      const { backup, durationSeconds } = state.result;
      return {
        kind: "ended",
        entry: succeededEntry(running, backup, current),
        mover: { seconds: durationSeconds },
        ...(backup.repository === undefined ? {} : { repository: backup.repository }),
        finishedAt: state.finishedAt,
      };
    }
    case "failed":
      if (mayTryAgain(state) && current.number < MAX_ATTEMPTS) {
        return { kind: "start", entry: running, attempt: current.number + 1 };
      }
      return failed(running, state, current);
  }
}

/** What the Job itself does not try again: an end without a result, or one it does not hear of. */
function mayTryAgain(state: Failed): boolean {
  return state.class === "ResultMissing" || (state.jobGoesOn === true && failureIsRetryable(state.class));
}

/** A pod may work though nothing of its Job is left to say so. */
function isStray({ state, podIsAlive }: Attempt): boolean {
  return state.kind === "absent" && podIsAlive;
}

/**
 * True when a snapshot of that source, or what a killed mover had of one, may be in the repository. That there is
 * nothing takes a proof, no guess from the class of a failure: a password may be refused, or a storage be full, hours
 * after the first checkpoint. Of several movers the last one proves nothing about those before it.
 */
export function mayHoldSnapshot(entry: SnapshotEntry): boolean {
  if (entry.kopiaSnapshotID !== undefined) return true;
  // Its mover looked for a snapshot the run may have made before it said so.
  if (entry.unchanged === true) return entry.leftUnfinished === true;
  if (entry.job === undefined) return false;
  return entry.failure?.nothingSaved !== true;
}

/** A failure of a source that has no Job to speak for it, as an entry. */
export function failedEntry(entry: SnapshotEntry, failureClass: Reason, resultKnown: boolean): SnapshotEntry {
  const failure = { class: failureClass, message: REASONS[failureClass], resultKnown };
  return { ...entry, phase: "Failed", failure };
}

/** The newest Job there is, else the one status speaks of: a controller may have died before it wrote it down. */
function currentAttempt(entry: SnapshotEntry, attempts: readonly Attempt[]): Attempt | undefined {
  const found = attempts.findLast(({ job }) => job !== undefined);
  const known = attempts.find(({ number }) => number === entry.job?.attempts);
  return found !== undefined && found.number >= (known?.number ?? 0) ? found : known;
}

function afterVanished(
  running: SnapshotEntry,
  current: Attempt,
  limits: SourceLimits,
  now: Date,
): SourceStep {
  const { job } = running;
  if (job?.stoppedAt !== undefined) return afterStopped(running, current, limits, now);
  if (current.podIsAlive) return whileStray(running, current, limits, now);
  if (job?.retryAt !== undefined) return whileResting(running, current, limits, now);
  if (current.number < MAX_ATTEMPTS) {
    return { kind: "start", entry: running, attempt: current.number + 1 };
  }
  return {
    kind: "ended",
    entry: failedEntry(running, "ResultMissing", false),
    finishedAt: now.toISOString(),
  };
}

/** A Job that was given up is gone: what becomes of its source is decided when its pod is gone as well. */
function afterStopped(
  running: SnapshotEntry,
  current: Attempt,
  limits: SourceLimits,
  now: Date,
): SourceStep {
  const { job } = running;
  const isLate = startIsTooLate(running, limits, now);
  if (job?.stoppedAt === undefined) return { kind: "running", entry: running, recheckAfterSeconds: 10 };
  if (current.podIsAlive && !(isLate && stopTookTooLong(job.stoppedAt, now))) {
    return { kind: "running", entry: running, recheckAfterSeconds: 10 };
  }
  if (isDisruptedTooOften(running)) return endedByCluster(running, now);
  if (isLate) return missedStart(running, current.podIsAlive || !isOnlyMover(current, running), now);
  if (job.startedAt !== undefined && current.number >= MAX_ATTEMPTS) return endedByCluster(running, now);
  const { stoppedAt: _stoppedAt, ...rest } = job;
  return whileResting({ ...running, job: rest }, current, limits, now);
}

/** Its slot went back; it asks for one again when its time has come. */
function whileResting(
  running: SnapshotEntry,
  current: Attempt,
  limits: SourceLimits,
  now: Date,
): SourceStep {
  const entry: SnapshotEntry = { ...running, phase: "Pending" };
  const { retryAt = "", startedAt, stoppedWhy = "", stoppedReason = "PodNotStarted" } = running.job ?? {};
  // From there on it stands in line, which may be long, and is nobody's fault.
  const restsUntil = new Date(Math.min(now.getTime(), timeOr(retryAt, now)));
  if (startIsTooLate(running, limits, restsUntil)) {
    return missedStart(running, !isOnlyMover(current, running), now);
  }
  const untilRetry = secondsUntil(retryAt, now);
  if (untilRetry <= 0) {
    // A mover that never ran proves nothing, and is made again under its name.
    return { kind: "start", entry, attempt: current.number + (startedAt === undefined ? 0 : 1) };
  }
  const text =
    `${stoppedWhy === "" ? "no reason was given" : stoppedWhy}; its slot was given back, and it asks ` +
    `for one again at ${retryAt}`;
  const untilLate = Math.max(1, secondsUntilLate(running, limits, now));
  const recheckAfterSeconds = Math.min(untilRetry, untilLate);
  return { kind: "waiting", entry, reason: stoppedReason, text, recheckAfterSeconds };
}

/**
 * A pod whose Job is gone, as by `kubectl delete job --cascade=orphan` or on a lost node: nobody will hear of its end,
 * but as long as it may work no other mover is made. One that is to go is waited for until the start deadline, one that
 * works until the time a mover may take is over.
 */
function whileStray(entry: SnapshotEntry, stray: Attempt, limits: SourceLimits, now: Date): SourceStep {
  const { job } = entry;
  const since = job?.podGoneSince ?? isoSeconds(now);
  const goneSeconds = Math.max(0, -secondsUntil(since, now));
  const limitSeconds = stray.podIsToGo ? limits.startDeadlineSeconds : limits.activeDeadlineSeconds;
  const text = stray.podIsToGo
    ? `its Job is gone (${since}), and its pod is to go, but its node does not say that it went; no other mover is ` +
      "made beside it"
    : `its Job is gone (${since}), and its pod is still there; no other mover is made beside it`;
  const running: SnapshotEntry = {
    ...entry,
    phase: "Running",
    job: {
      ...job,
      name: job?.name ?? stray.name,
      attempts: job?.attempts ?? stray.number,
      podGoneSince: since,
    },
  };
  if (goneSeconds >= limitSeconds) {
    return ended(withWords(failedEntry(running, "ResultMissing", false), text), now);
  }
  const left = Math.max(1, Math.ceil(limitSeconds - goneSeconds));
  if (goneSeconds < START_GRACE_SECONDS) {
    const untilTold = Math.ceil(START_GRACE_SECONDS - goneSeconds);
    return { kind: "running", entry: running, recheckAfterSeconds: Math.min(10, untilTold, left) };
  }
  return {
    kind: "waiting",
    entry: running,
    reason: "PodNotStarted",
    text,
    recheckAfterSeconds: Math.min(60, left),
  };
}

/** That nothing was saved. */
function withProof(entry: SnapshotEntry): SnapshotEntry {
  return entry.failure === undefined
    ? entry
    : { ...entry, failure: { ...entry.failure, nothingSaved: true } };
}

/** The cluster ended its movers too often, or lost the last one it may have. */
function endedByCluster(running: SnapshotEntry, now: Date): SourceStep {
  return ended(withWords(failedEntry(running, "Interrupted", false), running.job?.stoppedWhy), now);
}

function ended(entry: SnapshotEntry, now: Date): SourceStep {
  return { kind: "ended", entry, finishedAt: now.toISOString() };
}

function withWords(entry: SnapshotEntry, words: string | undefined): SnapshotEntry {
  if (entry.failure === undefined || words === undefined) return entry;
  return { ...entry, failure: { ...entry.failure, logTail: words } };
}

type JobMemory = Omit<NonNullable<SnapshotEntry["job"]>, "name" | "attempts">;

/**
 * What is remembered of the movers of a source. A pod that follows another one does not move the start of its Job; one
 * that starts before its Job is removed ends the giving up. How long it waits, how often it gave its slot back, and how
 * often the cluster ended it, is remembered over all its Jobs.
 */
function memoryOf(entry: SnapshotEntry, { number, state, job, podIsAlive }: Attempt): JobMemory {
  const known = entry.job?.attempts === number ? entry.job : undefined;
  const isOpen = state.kind === "running" || state.kind === "waiting";
  const startedAt = known?.startedAt ?? (isOpen ? state.startedAt : undefined);
  const works = state.kind === "running" && state.noPod === undefined;
  const disruptions = disruptionsOf(entry, state);
  const goesOn = works && job !== undefined && job.metadata.deletionTimestamp === undefined &&
    (disruptions.disruptions ?? 0) < MAX_DISRUPTIONS;
  const { stoppedAt, stoppedWhy, stoppedReason, retryAt } = goesOn ? {} : known ?? {};
  const isGivenUp = stoppedAt !== undefined || (job === undefined && retryAt !== undefined);
  const hasPod = state.kind === "waiting"
    ? state.podMadeAt !== undefined
    : state.kind === "absent"
    ? !podIsAlive
    : works;
  const podGoneSince = hasPod ? undefined : known?.podGoneSince;
  const hasEnded = state.kind === "succeeded" || state.kind === "failed";
  const { waitingSince, slotsGivenBack } = goesOn || hasEnded ? {} : entry.job ?? {};
  return {
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(podGoneSince === undefined ? {} : { podGoneSince }),
    ...(waitingSince === undefined ? {} : { waitingSince }),
    ...(slotsGivenBack === undefined ? {} : { slotsGivenBack }),
    ...(stoppedAt === undefined ? {} : { stoppedAt }),
    ...(!isGivenUp || stoppedWhy === undefined ? {} : { stoppedWhy }),
    ...(!isGivenUp || stoppedReason === undefined ? {} : { stoppedReason }),
    ...(!isGivenUp || retryAt === undefined ? {} : { retryAt }),
    ...disruptions,
  };
}

/** Counts each pod once, by when it was made: those of a drained node are gone soon. */
function disruptionsOf(
  { job }: SnapshotEntry,
  state: JobState<"backup">,
): Pick<JobMemory, "disruptions" | "disruptedAt" | "disruptedWhy"> {
  const { disruptions: count = 0, disruptedAt = "", disruptedWhy } = job ?? {};
  const found = state.kind === "running" || state.kind === "waiting" ? state.disruptions ?? [] : [];
  const fresh = found.filter(({ podMadeAt }) => podMadeAt > disruptedAt);
  const [newest] = fresh;
  if (newest !== undefined) {
    const why = cutTail(newest.text);
    return { disruptions: count + fresh.length, disruptedAt: newest.podMadeAt, disruptedWhy: why };
  }
  return count === 0
    ? {}
    : { disruptions: count, disruptedAt, ...(disruptedWhy === undefined ? {} : { disruptedWhy }) };
}

/** True when the cluster ended so many movers of the source that it ends as well. */
export function isDisruptedTooOften({ job }: SnapshotEntry): boolean {
  return (job?.disruptions ?? 0) >= MAX_DISRUPTIONS;
}

/** True for a Job that had no more than one pod, of a source that had no other Job and no pod the cluster ended. */
function isOnlyMover({ number, state }: Attempt, { job }: SnapshotEntry): boolean {
  return number === 1 && (state.kind === "absent" || state.attempts <= 1) && (job?.disruptions ?? 0) === 0;
}

type Waiting = Extract<JobState<"backup">, { kind: "waiting" }>;
type Wait = Pick<Extract<SourceStep, { kind: "waiting" }>, "reason" | "text">;

function whileWaiting(
  running: SnapshotEntry,
  state: Waiting,
  current: Attempt,
  limits: SourceLimits,
  now: Date,
): SourceStep {
  const { job } = running;
  const { why: reason, text, podMadeAt } = state;
  if (job?.startedAt !== undefined && podMadeAt === undefined) {
    return whilePodIsGone(running, { why: "gone", text: "its pod is gone", isNews: true }, limits, now);
  }
  const madeAt = podMadeAt ?? current.job?.metadata.creationTimestamp ?? state.since;
  const since = job?.waitingSince ?? madeAt;
  const waitedSeconds = secondsSince(since, now);
  // The API server's clock may be another one: what this controller itself has seen bounds it.
  const thisTimeSeconds = Math.min(secondsSince(madeAt, now), waitedSeconds);
  const { startDeadlineSeconds } = limits;
  if (isDisruptedTooOften(running)) return giveUp(running, { reason, text }, now, now);
  if (waitedSeconds >= startDeadlineSeconds) {
    if (job?.stoppedAt !== undefined && stopTookTooLong(job.stoppedAt, now)) {
      return missedStart(running, true, now);
    }
    return giveUp(running, { reason, text }, now, now, since);
  }
  if (job?.stoppedAt !== undefined) return { ...waits(running, { reason, text }), recheckAfterSeconds: 15 };
  const neverRan = job?.startedAt === undefined;
  if (neverRan && current.isOutdated) return giveUp(running, { reason, text }, now, now, since);
  if (!state.hasNode && thisTimeSeconds >= SLOT_GRACE_SECONDS) {
    return giveUp(
      running,
      { reason, text },
      now,
      restEnds(running, startDeadlineSeconds - waitedSeconds, now),
      since,
    );
  }
  const untilDeadline = Math.ceil(startDeadlineSeconds - waitedSeconds);
  const untilGrace = state.hasNode ? untilDeadline : Math.ceil(SLOT_GRACE_SECONDS - thisTimeSeconds);
  const left = Math.max(1, Math.min(untilDeadline, untilGrace));
  if (reason === "PodNotStarted" && !isSettingsFault(text) && thisTimeSeconds < START_GRACE_SECONDS) {
    const untilTold = Math.ceil(START_GRACE_SECONDS - thisTimeSeconds);
    return { kind: "running", entry: running, recheckAfterSeconds: Math.min(untilTold, left) };
  }
  return { ...waits(running, { reason, text }), recheckAfterSeconds: Math.min(60, left) };
}

/** A kubelet's word for what comes of what the controller gave the Job, and does not pass by itself. */
export function isSettingsFault(text: string): boolean {
  return /\b(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|ImageInspectError|RegistryUnavailable|CreateContainerConfigError|CreateContainerError|RunContainerError)\b/
    .test(text);
}

function waits(entry: SnapshotEntry, wait: Wait): Extract<SourceStep, { kind: "waiting" }> {
  return { kind: "waiting", entry, ...wait, recheckAfterSeconds: 60 };
}

/** A cluster that makes a new node takes minutes, and then the pod finds it; who waits for longer leaves room to others. */
function restEnds({ job }: SnapshotEntry, leftSeconds: number, now: Date): Date {
  const rest = FIRST_REST_SECONDS * 2 ** Math.min(10, job?.slotsGivenBack ?? 0);
  const seconds = Math.max(1, Math.min(LONGEST_REST_SECONDS, rest, Math.floor(leftSeconds / 2)));
  return new Date(now.getTime() + seconds * 1000);
}

/**
 * Its mover does not run, and keeps a slot from one that would. A pod may begin at this very moment and save a
 * snapshot nobody would hear of, so the Job is given up first, then removed, and only when it is gone the source goes
 * on: with another try from `retryAt` on, or to its end.
 */
function giveUp(
  running: SnapshotEntry,
  wait: Wait,
  now: Date,
  retryAt: Date,
  waitingSince: string = isoSeconds(now),
): SourceStep {
  const { job } = running;
  if (job === undefined || job.stoppedAt !== undefined) {
    return { ...waits(running, wait), recheckAfterSeconds: 15 };
  }
  const since = Number.isNaN(Date.parse(waitingSince)) ? now : new Date(Date.parse(waitingSince));
  const often = isDisruptedTooOften(running)
    ? `the cluster ended its movers ${job.disruptions} times, the last one: ${job.disruptedWhy ?? ""}`
    : wait.text;
  const stopped: NonNullable<SnapshotEntry["job"]> = {
    ...job,
    waitingSince: isoSeconds(since),
    slotsGivenBack: (job.slotsGivenBack ?? 0) + 1,
    stoppedAt: isoSeconds(now),
    stoppedReason: wait.reason,
    ...(often === "" ? {} : { stoppedWhy: cutTail(often) }),
    retryAt: isoSeconds(retryAt),
  };
  return { ...waits({ ...running, job: stopped }, wait), recheckAfterSeconds: 1 };
}

/** Since when a source that is given a mover now has waited for one that runs: its time in the line does not count. */
export function waitingSinceOf({ job }: SnapshotEntry, now: Date): string {
  const since = Date.parse(job?.waitingSince ?? "");
  if (Number.isNaN(since)) return isoSeconds(now);
  const inLineMs = Math.max(0, now.getTime() - timeOr(job?.retryAt ?? "", now));
  return isoSeconds(new Date(since + inLineMs));
}

function timeOr(text: string, other: Date): number {
  const time = Date.parse(text);
  return Number.isNaN(time) ? other.getTime() : time;
}

/** True when the source has waited for longer than it may since no mover of it ran, all tries together. */
function startIsTooLate(running: SnapshotEntry, limits: SourceLimits, now: Date): boolean {
  return secondsUntilLate(running, limits, now) <= 0;
}

function secondsUntilLate({ job }: SnapshotEntry, limits: SourceLimits, now: Date): number {
  // One that was given up before this was remembered waited for all of it.
  const { waitingSince = job?.stoppedAt === undefined ? isoSeconds(now) : "" } = job ?? {};
  const since = Date.parse(waitingSince);
  if (Number.isNaN(since)) return 0;
  return Math.ceil(limits.startDeadlineSeconds - secondsSince(waitingSince, now));
}

function secondsSince(time: string, now: Date): number {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? 0 : (now.getTime() - ms) / 1000;
}

function secondsUntil(time: string, now: Date): number {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? 0 : Math.ceil((ms - now.getTime()) / 1000);
}

function stopTookTooLong(stoppedAt: string, now: Date): boolean {
  return now.getTime() - Date.parse(stoppedAt) >= STOP_LIMIT_SECONDS * 1000;
}

function missedStart(running: SnapshotEntry, mayHaveRun: boolean, now: Date): SourceStep {
  const neverRan = !mayHaveRun && running.job?.startedAt === undefined;
  const entry = withWords(failedEntry(running, "StartDeadlineExceeded", neverRan), running.job?.stoppedWhy);
  return ended(neverRan ? withProof(entry) : entry, now);
}

/**
 * A Job that had a pod and has none that works: between two tries that is its ordinary course, but behind a lost node
 * or a quota it stays so, and nothing in the Job says it. Told after a while, and given up: the next mover finds what
 * this one saved. A pod on a lost node is waited for before that, as long as a start may take.
 */
function whilePodIsGone(
  running: SnapshotEntry,
  noPod: MissingPod & { readonly isNews?: true },
  limits: SourceLimits,
  now: Date,
): SourceStep {
  const { job } = running;
  const since = noPod.since ?? job?.podGoneSince ?? isoSeconds(now);
  const goneSeconds = secondsSince(since, now);
  // The grace counts from when this controller first saw it: the next pod may be on its way here.
  const seenSince = job?.podGoneSince ?? isoSeconds(now);
  const seenSeconds = secondsSince(seenSince, now);
  const entry = job === undefined ? running : { ...running, job: { ...job, podGoneSince: seenSince } };
  const graceSeconds = noPod.why === "ended" ? NEXT_POD_SECONDS : SLOT_GRACE_SECONDS;
  const text = `${noPod.text} (${since}), ${goneWords(noPod)}`;
  const wait = { reason: "PodNotStarted", text } as const;
  if (job?.stoppedAt !== undefined) {
    const waitsSeconds = Math.max(STOP_LIMIT_SECONDS, limits.startDeadlineSeconds);
    if (secondsSince(job.stoppedAt, now) >= waitsSeconds) return endedByCluster(running, now);
    return { ...waits(entry, wait), recheckAfterSeconds: 15 };
  }
  if (Math.min(goneSeconds, seenSeconds) >= graceSeconds) {
    return giveUp(entry, wait, now, restEnds(entry, limits.startDeadlineSeconds, now));
  }
  const left = Math.max(1, Math.ceil(graceSeconds - Math.min(goneSeconds, seenSeconds)));
  const tellAfterSeconds = noPod.isNews === true
    ? 0
    : Math.min(SLOT_GRACE_SECONDS, limits.startDeadlineSeconds);
  if (goneSeconds < tellAfterSeconds) {
    const untilTold = Math.max(1, Math.ceil(tellAfterSeconds - goneSeconds));
    return { kind: "running", entry, recheckAfterSeconds: Math.min(60, left, untilTold) };
  }
  return { ...waits(entry, wait), recheckAfterSeconds: Math.min(60, left) };
}

function goneWords({ why }: MissingPod): string {
  switch (why) {
    case "lost":
      return "so its node may be lost; no other mover is made while the pod may work";
    case "ended":
    case "gone":
      return "and the next one was not made yet: if that lasts a quota or a webhook may forbid it; kubectl describe " +
        "of the Job says more";
  }
}

type Failed = Extract<JobState<"backup">, { kind: "failed" }>;

function failed(running: SnapshotEntry, state: Failed, current: Attempt): SourceStep {
  const neverStarted = state.class === "StartDeadlineExceeded" && running.job?.startedAt === undefined;
  const isOnly = isOnlyMover(current, running);
  const words = [state.tail ?? "", state.message].filter((text) => text !== "");
  const tail = words.length === 2 && words[0]?.includes(state.message) ? state.tail ?? "" : words.join("\n");
  const entry: SnapshotEntry = {
    ...running,
    phase: "Failed",
    failure: {
      class: state.class,
      message: REASONS[state.class],
      ...(state.exitCode === undefined ? {} : { exitCode: state.exitCode }),
      resultKnown: isOnly && (state.resultKnown || neverStarted),
      ...(isOnly && (neverStarted || state.result?.failure.nothingSaved === true)
        ? { nothingSaved: true }
        : {}),
      ...(tail === "" ? {} : { logTail: cutTail(tail) }),
    },
  };
  const mover = { seconds: state.result?.durationSeconds };
  return { kind: "ended", entry, mover, finishedAt: state.finishedAt };
}

type BackupDocument = Extract<JobState<"backup">, { kind: "succeeded" }>["result"]["backup"];

function succeededEntry(running: SnapshotEntry, result: BackupDocument, current: Attempt): SnapshotEntry {
  const { snapshotId, startTime, endTime, sizeBytes, files, bytesNew, filesNew, filesUnchanged } = result;
  const { unreadable, unchanged, excluded } = result;
  const seconds = (Date.parse(endTime) - Date.parse(startTime)) / 1000;
  const entry: SnapshotEntry = {
    ...running,
    phase: "Succeeded",
    // Of an unchanged source it belongs to another run, and must never be deleted with this one.
    ...(unchanged === true ? { unchanged, unchangedSince: snapshotId } : { kopiaSnapshotID: snapshotId }),
    // A snapshot takes what was left before it out of the repository; where kopia makes none, that stays.
    ...(unchanged === true && !isOnlyMover(current, running) ? { leftUnfinished: true } : {}),
    startTime,
    endTime,
    durationSeconds: Math.max(0, seconds),
    sizeBytes,
    files,
    ...(bytesNew === undefined ? {} : { bytesNew }),
    ...(filesNew === undefined ? {} : { filesNew }),
    ...(filesUnchanged === undefined ? {} : { filesUnchanged }),
    ...(excluded === undefined ? {} : { excluded: { files: excluded.files, folders: excluded.folders } }),
    ...(unreadable === undefined
      ? {}
      : { unreadable: { count: unreadable.count, paths: unreadable.paths.slice(0, 10) } }),
  };
  if (files > 0 || unreadable === undefined) return entry;
  // There is a snapshot, so its id is kept for its deletion; but nothing could be restored from it.
  return failedEntry(entry, "PermissionDenied", true);
}

/** The end of a text, in at most {@link TAIL_MAX_BYTES} bytes of UTF-8, cut between characters. */
function cutTail(text: string): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= TAIL_MAX_BYTES) return text;
  const cut = new TextDecoder().decode(bytes.subarray(bytes.length - TAIL_MAX_BYTES + 3));
  return `…${cut.replace(/^\uFFFD+/, "")}`;
}
