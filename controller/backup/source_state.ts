import { isoSeconds, type Reason, REASONS, type RepositoryStock, type SnapshotEntry } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { jobHasEnded, type JobState } from "../shared/mod.ts";
import { sourceHasEnded } from "./world.ts";

/** Mover Jobs a source may get when one leaves no result; each finds by tag what the one before had saved. */
export const MAX_ATTEMPTS = 3;

/** So long a pod may pull its image and mount its volumes before that is worth telling. */
export const START_GRACE_SECONDS = 30;
const TAIL_MAX_BYTES = 2048;
/** A pod on a node nobody hears of never goes; so long the end of its source waits for it. */
const STOP_LIMIT_SECONDS = 300;

/** One mover Job of a source as it was found. */
export interface Attempt {
  readonly number: number;
  readonly name: string;
  readonly job: KubeObject | undefined;
  readonly state: JobState<"backup">;
  /** A pod of a Job of that name has not ended, though the Job itself may be gone. */
  readonly podIsAlive: boolean;
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
  /** Its mover does not start, which is worth telling. */
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
 *                          │  └ no result, or Job gone → start(n + 1), at most {@link MAX_ATTEMPTS}
 *                          └ not started within the start deadline → Job stopped, waited for → ended: Failed
 *                                             └ it starts all the same → Running
 */
export function nextStep(
  entry: SnapshotEntry,
  attempts: readonly Attempt[],
  startDeadlineSeconds: number,
  now: Date,
): SourceStep {
  if (sourceHasEnded(entry)) return { kind: "over", entry };
  const current = currentAttempt(entry, attempts);
  if (current === undefined) return { kind: "start", entry, attempt: 1 };
  const running: SnapshotEntry = {
    source: entry.source,
    sourcePath: entry.sourcePath,
    phase: "Running",
    job: { name: current.name, attempts: current.number, ...timesOf(entry, current) },
  };
  const { state } = current;
  switch (state.kind) {
    case "absent":
      return afterVanished(running, current, now);
    case "waiting":
      return whileWaiting(running, state, current, startDeadlineSeconds, now);
    case "running":
      if (state.noPod !== undefined) {
        return whilePodIsGone(running, { ...state.noPod, tellAfterSeconds: startDeadlineSeconds }, now);
      }
      return { kind: "running", entry: running, recheckAfterSeconds: jobHasEnded(current.job) ? 5 : 60 };
    case "succeeded": {
      const { backup, durationSeconds } = state.result;
      return {
        kind: "ended",
        entry: succeededEntry(running, backup),
        mover: { seconds: durationSeconds },
        ...(backup.repository === undefined ? {} : { repository: backup.repository }),
        finishedAt: state.finishedAt,
      };
    }
    case "failed":
      if (state.class === "ResultMissing" && current.number < MAX_ATTEMPTS) {
        return { kind: "start", entry: running, attempt: current.number + 1 };
      }
      return failed(running, state, current);
  }
}

/**
 * True when a snapshot of that source may be in the repository. Only a mover that never ran, or one that was
 * refused before it could write, proves that there is none; of several movers the last one proves nothing about
 * those before it.
 */
export function mayHoldSnapshot(entry: SnapshotEntry): boolean {
  if (entry.kopiaSnapshotID !== undefined) return true;
  // Its mover looked for what the run may have made before it said so.
  if (entry.unchanged === true) return false;
  if (entry.job === undefined) return false;
  if (entry.failure === undefined) return true;
  return !entry.failure.resultKnown || WRITING_MAY_HAVE_ENDED.has(entry.failure.class);
}

/** A failure of a source that has no Job to speak for it, as an entry. */
export function failedEntry(entry: SnapshotEntry, failureClass: Reason, resultKnown: boolean): SnapshotEntry {
  const failure = { class: failureClass, message: REASONS[failureClass], resultKnown };
  return { ...entry, phase: "Failed", failure };
}

/** Failures that can strike after kopia had written the snapshot and before the mover had read its id. */
const WRITING_MAY_HAVE_ENDED: ReadonlySet<string> = new Set<Reason>([
  "Interrupted",
  "DeadlineExceeded",
  "UnexpectedOutput",
  "RepositoryUnavailable",
  "OutOfMemory",
  "Unknown",
]);

/** The newest Job there is, else the one status speaks of: a controller may have died before it wrote it down. */
function currentAttempt(entry: SnapshotEntry, attempts: readonly Attempt[]): Attempt | undefined {
  const found = attempts.findLast(({ job }) => job !== undefined);
  const known = attempts.find(({ number }) => number === entry.job?.attempts);
  return found !== undefined && found.number >= (known?.number ?? 0) ? found : known;
}

function afterVanished(running: SnapshotEntry, current: Attempt, now: Date): SourceStep {
  // Two movers of one source at once could each find no snapshot of the other and both make one.
  const stoppedAt = running.job?.stoppedAt;
  if (stoppedAt !== undefined) {
    const waitsForPod = current.podIsAlive && !stopTookTooLong(stoppedAt, now);
    return waitsForPod
      ? { kind: "running", entry: running, recheckAfterSeconds: 10 }
      : missedStart(running, current.podIsAlive || !isOnlyMover(current), now);
  }
  if (current.podIsAlive) return { kind: "running", entry: running, recheckAfterSeconds: 10 };
  if (current.number < MAX_ATTEMPTS) {
    return { kind: "start", entry: running, attempt: current.number + 1 };
  }
  return {
    kind: "ended",
    entry: failedEntry(running, "ResultMissing", false),
    finishedAt: now.toISOString(),
  };
}

/**
 * What is known of the times of this very Job. A pod that follows another one does not move the start; one that
 * starts before its Job is removed ends the giving up.
 */
function timesOf(
  entry: SnapshotEntry,
  { number, state, job }: Attempt,
): Pick<NonNullable<SnapshotEntry["job"]>, "startedAt" | "podGoneSince" | "stoppedAt" | "stoppedWhy"> {
  const known = entry.job?.attempts === number ? entry.job : undefined;
  const seen = state.kind === "running" || state.kind === "waiting" ? state.startedAt : undefined;
  const startedAt = known?.startedAt ?? seen;
  const goesOn = state.kind === "running" && job !== undefined &&
    job.metadata.deletionTimestamp === undefined;
  const { stoppedAt, stoppedWhy } = goesOn ? {} : known ?? {};
  const hasPod = state.kind === "waiting"
    ? state.podMadeAt !== undefined
    : state.kind !== "running" || state.noPod === undefined;
  const podGoneSince = hasPod ? undefined : known?.podGoneSince;
  return {
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(podGoneSince === undefined ? {} : { podGoneSince }),
    ...(stoppedAt === undefined ? {} : { stoppedAt }),
    ...(stoppedWhy === undefined ? {} : { stoppedWhy }),
  };
}

/** True for a Job that had no more than one pod, of a source that had no other Job. */
function isOnlyMover({ number, state }: Attempt): boolean {
  return number === 1 && (state.kind === "absent" || state.attempts <= 1);
}

type Waiting = Extract<JobState<"backup">, { kind: "waiting" }>;

function whileWaiting(
  running: SnapshotEntry,
  state: Waiting,
  current: Attempt,
  startDeadlineSeconds: number,
  now: Date,
): SourceStep {
  const wasStarted = running.job?.startedAt !== undefined;
  if (wasStarted && state.podMadeAt === undefined) {
    return whilePodIsGone(running, { text: "its pod is gone", tellAfterSeconds: 0 }, now);
  }
  const since = Date.parse(state.podMadeAt ?? current.job?.metadata.creationTimestamp ?? state.since);
  const waitedSeconds = Number.isNaN(since) ? 0 : (now.getTime() - since) / 1000;
  const { why: reason, text } = state;
  if (waitedSeconds >= startDeadlineSeconds) {
    const { job } = running;
    if (job?.stoppedAt !== undefined && stopTookTooLong(job.stoppedAt, now)) {
      return missedStart(running, true, now);
    }
    return whileStopped(running, { reason, text }, now);
  }
  const untilDeadline = Math.ceil(startDeadlineSeconds - waitedSeconds);
  if (reason === "PodNotStarted" && waitedSeconds < START_GRACE_SECONDS) {
    const untilTold = Math.ceil(START_GRACE_SECONDS - waitedSeconds);
    return { kind: "running", entry: running, recheckAfterSeconds: Math.min(untilTold, untilDeadline) };
  }
  const recheckAfterSeconds = Math.min(60, untilDeadline);
  return { kind: "waiting", entry: running, reason, text, recheckAfterSeconds };
}

/**
 * Its start deadline is over. A pod may begin at this very moment and save a snapshot nobody would hear of, so the
 * Job is given up first, then removed, and only when it is gone the source has ended.
 */
function whileStopped(
  running: SnapshotEntry,
  { reason, text }: Pick<Extract<SourceStep, { kind: "waiting" }>, "reason" | "text">,
  now: Date,
): SourceStep {
  const { job } = running;
  if (job === undefined || job.stoppedAt !== undefined) {
    return { kind: "waiting", entry: running, reason, text, recheckAfterSeconds: 15 };
  }
  const stopped = {
    ...job,
    stoppedAt: isoSeconds(now),
    ...(text === "" ? {} : { stoppedWhy: cutTail(text) }),
  };
  return { kind: "waiting", entry: { ...running, job: stopped }, reason, text, recheckAfterSeconds: 1 };
}

function stopTookTooLong(stoppedAt: string, now: Date): boolean {
  return now.getTime() - Date.parse(stoppedAt) >= STOP_LIMIT_SECONDS * 1000;
}

function missedStart(running: SnapshotEntry, mayHaveRun: boolean, now: Date): SourceStep {
  const neverRan = !mayHaveRun && running.job?.startedAt === undefined;
  const entry = failedEntry(running, "StartDeadlineExceeded", neverRan);
  const { stoppedWhy } = running.job ?? {};
  const failure = entry.failure === undefined || stoppedWhy === undefined
    ? {}
    : { failure: { ...entry.failure, logTail: stoppedWhy } };
  return { kind: "ended", entry: { ...entry, ...failure }, finishedAt: now.toISOString() };
}

/**
 * A Job that had a pod and has none that works: between two tries that is its ordinary course, but behind a lost node
 * or a quota it stays so, and nothing in the Job says it. Such a run does not end; it says why it does not go on.
 */
function whilePodIsGone(
  running: SnapshotEntry,
  noPod: { readonly text: string; readonly since?: string; readonly tellAfterSeconds: number },
  now: Date,
): SourceStep {
  const { job } = running;
  const since = noPod.since ?? job?.podGoneSince ?? isoSeconds(now);
  const goneSeconds = (now.getTime() - Date.parse(since)) / 1000;
  const entry = noPod.since !== undefined || job === undefined
    ? running
    : { ...running, job: { ...job, podGoneSince: since } };
  if (goneSeconds < noPod.tellAfterSeconds) {
    const left = Math.max(1, Math.ceil(noPod.tellAfterSeconds - goneSeconds));
    return { kind: "running", entry, recheckAfterSeconds: Math.min(60, left) };
  }
  const text =
    `${noPod.text} (${since}), and the next one was not made yet: its node may be lost, or a quota ` +
    "may forbid it; kubectl describe of the Job says more";
  return { kind: "waiting", entry, reason: "PodNotStarted", text, recheckAfterSeconds: 60 };
}

type Failed = Extract<JobState<"backup">, { kind: "failed" }>;

function failed(running: SnapshotEntry, state: Failed, current: Attempt): SourceStep {
  const neverStarted = state.class === "StartDeadlineExceeded" && running.job?.startedAt === undefined;
  const words = [state.tail ?? "", state.message].filter((text) => text !== "");
  const tail = words.length === 2 && words[0]?.includes(state.message) ? state.tail ?? "" : words.join("\n");
  const entry: SnapshotEntry = {
    ...running,
    phase: "Failed",
    failure: {
      class: state.class,
      message: REASONS[state.class],
      ...(state.exitCode === undefined ? {} : { exitCode: state.exitCode }),
      resultKnown: isOnlyMover(current) && (state.resultKnown || neverStarted),
      ...(tail === "" ? {} : { logTail: cutTail(tail) }),
    },
  };
  const mover = { seconds: state.result?.durationSeconds };
  return { kind: "ended", entry, mover, finishedAt: state.finishedAt };
}

type BackupDocument = Extract<JobState<"backup">, { kind: "succeeded" }>["result"]["backup"];

function succeededEntry(running: SnapshotEntry, result: BackupDocument): SnapshotEntry {
  const { snapshotId, startTime, endTime, sizeBytes, files, bytesNew, filesNew, filesUnchanged } = result;
  const { unreadable, unchanged, excluded } = result;
  const seconds = (Date.parse(endTime) - Date.parse(startTime)) / 1000;
  const entry: SnapshotEntry = {
    ...running,
    phase: "Succeeded",
    // Of an unchanged source it belongs to another run, and must never be deleted with this one.
    ...(unchanged === true ? { unchanged, unchangedSince: snapshotId } : { kopiaSnapshotID: snapshotId }),
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
