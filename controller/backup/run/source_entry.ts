import {
  isoSeconds,
  type Reason,
  REASONS,
  type RepositoryStock,
  type SnapshotEntry,
} from "../../../api/mod.ts";
import {
  jobMemory,
  nextStep,
  type SeenMover,
  type TaskMemory,
  taskMemory,
  type TaskStep,
} from "../../movers/mod.ts";
import { type NextStatus, sourceHasEnded } from "../world/world.ts";
import { reportedWait, type SourceTask } from "./task.ts";

/** The step of one source in a pass. */
export type SourceStep =
  /** It had ended before. */
  | { readonly kind: "over"; readonly entry: SnapshotEntry }
  /** It ends now. */
  | {
    readonly kind: "ended";
    readonly entry: SnapshotEntry;
    /** Absent when no mover ended: it never started, or is gone without a trace. */
    readonly mover?: { readonly seconds: number | undefined };
    /** What the mover last saw of the repository. */
    readonly repository?: RepositoryStock;
    readonly finishedAt: string;
  }
  /** It needs a mover Job of that number. */
  | { readonly kind: "start"; readonly entry: SnapshotEntry; readonly attempt: number }
  | { readonly kind: "running"; readonly entry: SnapshotEntry; readonly recheckAfterSeconds: number }
  /** No mover of it works, which is worth reporting. */
  | {
    readonly kind: "waiting";
    readonly entry: SnapshotEntry;
    readonly reason: ReturnType<typeof reportedWait>;
    readonly text: string;
    readonly recheckAfterSeconds: number;
  };

/** The next step of one source: that of its task, as an entry of the status. */
export function sourceStep(
  task: SourceTask,
  entry: SnapshotEntry,
  movers: readonly SeenMover<"backup">[],
  now: Date,
): SourceStep {
  if (sourceHasEnded(entry)) return { kind: "over", entry };
  return afterStep(task, entry, nextStep(task, memoryOf(entry), movers, now));
}

function afterStep(task: SourceTask, before: SnapshotEntry, step: TaskStep<"backup">): SourceStep {
  const entry = entryWith(task, before, step.memory);
  switch (step.kind) {
    case "start":
      return { kind: "start", entry: step.isRested ? pending(entry) : entry, attempt: step.number };
    case "works":
      return { kind: "running", entry, recheckAfterSeconds: step.recheckAfterSeconds };
    case "waits": {
      const { text, recheckAfterSeconds, isRested } = step;
      const reason = reportedWait(step.reason);
      return { kind: "waiting", entry: isRested ? pending(entry) : entry, reason, text, recheckAfterSeconds };
    }
    case "succeeded": {
      const { result: { backup, durationSeconds }, finishedAt, isOnlyMover } = step;
      return {
        kind: "ended",
        entry: succeededEntry(entry, backup, isOnlyMover),
        mover: { seconds: durationSeconds },
        ...(backup.repository === undefined ? {} : { repository: backup.repository }),
        finishedAt,
      };
    }
    case "failed": {
      const { failure: { class: failureClass, exitCode, resultKnown, nothingDone, text } } = step;
      const { mover, finishedAt } = step;
      const failure = {
        class: failureClass,
        message: REASONS[failureClass],
        ...(exitCode === undefined ? {} : { exitCode }),
        resultKnown,
        ...(nothingDone === true ? { nothingSaved: true } : {}),
        ...(text === undefined ? {} : { logTail: text }),
      };
      const failed: SnapshotEntry = { ...entry, phase: "Failed", failure };
      return { kind: "ended", entry: failed, ...(mover === undefined ? {} : { mover }), finishedAt };
    }
  }
}

function pending(entry: SnapshotEntry): SnapshotEntry {
  return { ...entry, phase: "Pending" };
}

/** The memory of a source's movers in its status entry. */
export function memoryOf({ job }: SnapshotEntry): TaskMemory | undefined {
  return job === undefined ? undefined : taskMemory(job);
}

/** The entry with the memory of its movers; unchanged when no mover was made. */
export function entryWith(
  task: SourceTask,
  before: SnapshotEntry,
  memory: TaskMemory | undefined,
): SnapshotEntry {
  if (memory === undefined) return before;
  const { source, sourcePath } = before;
  return { source, sourcePath, phase: "Running", job: jobMemory(task, memory) };
}

/**
 * True when a snapshot of that source, or a checkpoint of a killed mover, may be in the repository. That there is
 * none needs a proof; the class of a failure is none: a password may be refused, or a storage be full, hours
 * after the first checkpoint. Of several movers the last one proves nothing about those before it.
 */
export function mayHaveSnapshot(entry: SnapshotEntry): boolean {
  if (entry.kopiaSnapshotID !== undefined) return true;
  // Its mover looked for a snapshot of the run before it reported that.
  if (entry.unchanged === true) return entry.leftUnfinished === true;
  if (entry.job === undefined) return false;
  return entry.failure?.nothingSaved !== true;
}

/** The entry of a source that failed without a Job's result. */
export function failedEntry(entry: SnapshotEntry, failureClass: Reason, resultKnown: boolean): SnapshotEntry {
  const failure = { class: failureClass, message: REASONS[failureClass], resultKnown };
  return { ...entry, phase: "Failed", failure };
}

type BackupDocument = Extract<TaskStep<"backup">, { readonly kind: "succeeded" }>["result"]["backup"];

function succeededEntry(
  running: SnapshotEntry,
  result: BackupDocument,
  isOnlyMover: boolean,
): SnapshotEntry {
  const { snapshotId, startTime, endTime, sizeBytes, files, bytesNew, filesNew, filesUnchanged } = result;
  const { unreadable, unchanged, excluded, grownBytes } = result;
  const names = namesOf(result);
  const seconds = (Date.parse(endTime) - Date.parse(startTime)) / 1000;
  const entry: SnapshotEntry = {
    ...running,
    phase: "Succeeded",
    // The snapshot of an unchanged source belongs to another run, and must never be deleted with this one.
    ...(unchanged === true ? { unchanged, unchangedSince: snapshotId } : { kopiaSnapshotID: snapshotId }),
    // A new snapshot removes earlier checkpoints from the repository; when kopia makes none, they stay.
    ...(unchanged === true && !isOnlyMover ? { leftUnfinished: true } : {}),
    startTime,
    endTime,
    durationSeconds: Math.max(0, seconds),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(files === undefined ? {} : { files }),
    ...(grownBytes === undefined ? {} : { grownBytes }),
    ...(bytesNew === undefined ? {} : { bytesNew }),
    ...(filesNew === undefined ? {} : { filesNew }),
    ...(filesUnchanged === undefined ? {} : { filesUnchanged }),
    ...(excluded === undefined ? {} : { excluded: { files: excluded.files, folders: excluded.folders } }),
    ...(unreadable === undefined ? {} : { unreadable: shortened(unreadable) }),
    ...(names === undefined ? {} : { names }),
  };
  if (files !== 0 || unreadable === undefined) return entry;
  // There is a snapshot, so its id is kept for its deletion; but nothing could be restored from it.
  return failedEntry(entry, "PermissionDenied", true);
}

/**
 * The names to report; undefined when all were kept. A mover of an older release did not check them.
 */
function namesOf({ names = { unknown: true } }: BackupDocument): SnapshotEntry["names"] {
  const { renamed, lost, unknown } = names;
  if (renamed === undefined && lost === undefined && unknown === undefined) return undefined;
  return {
    ...(renamed === undefined ? {} : { renamed: shortened(renamed) }),
    ...(lost === undefined ? {} : { lost: shortened(lost) }),
    ...(unknown === undefined ? {} : { unknown }),
  };
}

function shortened({ count, paths }: { readonly count: number; readonly paths: readonly string[] }) {
  return { count, paths: paths.slice(0, 10) };
}

/** The newest listing by a mover of the run, if any of these or the one `before` is one. */
export function repositorySeen(
  steps: readonly SourceStep[],
  before: NextStatus["repository"],
): Pick<NextStatus, "repository"> {
  const seen = steps.flatMap((step) => {
    if (step.kind !== "ended" || step.repository === undefined) return [];
    const { snapshotCount, totalSizeBytes, recent } = step.repository;
    const { observedAt = isoSeconds(new Date(step.finishedAt)) } = step.repository;
    return [{ snapshotCount, totalSizeBytes, observedAt, ...(recent === undefined ? {} : { recent }) }];
  });
  const [newest] = [...seen, ...(before === undefined ? [] : [before])]
    .toSorted((a, b) => Date.parse(b.observedAt) - Date.parse(a.observedAt));
  return newest === undefined ? {} : { repository: newest };
}
