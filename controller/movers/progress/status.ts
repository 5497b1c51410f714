import { isoSeconds, type MoverProgress, type SourceProgress } from "../../../api/mod.ts";
import { READ_EVERY_SECONDS } from "./reader.ts";
import type { MoverAtWork } from "./at_work.ts";

/** How often a status is written only for progress. */
const WRITE_EVERY_SECONDS = 30;

/** A working mover and its latest progress; absent when its log was not read (yet). */
export type SeenProgress = MoverAtWork & { readonly said?: MoverProgress };

/** The progress for a status, and when to recheck it. */
interface ProgressStatus {
  readonly progress: readonly SourceProgress[];
  /** Absent: no mover works. */
  readonly recheckAfterSeconds?: number;
}

/**
 * The progress of the working movers. When a log cannot be read, the old progress stays with its time; a mover that
 * ended, or was followed by another pod, has none. New figures are written at most every {@link WRITE_EVERY_SECONDS}. Pure.
 */
export function progressStatus(
  before: readonly SourceProgress[],
  movers: readonly SeenProgress[],
  now: Date,
): ProgressStatus {
  if (movers.length === 0) return { progress: [] };
  const untilWrite = Math.max(0, ...before.map(({ observedAt }) => secondsUntilWrite(observedAt, now)));
  const reported = movers.map(({ source, pod, said }) => {
    const old = before.find((each) => each.source === source && each.pod === pod.name);
    const isNew = said !== undefined && (old === undefined || !isSame(old, said));
    return { old, next: isNew ? progressOf(source, pod.name, said, now) : old, isNew };
  });
  const isPutOff = untilWrite > 0 && reported.some(({ isNew }) => isNew);
  const entries = reported.map(({ old, next }) => isPutOff ? old : next).filter((entry) =>
    entry !== undefined
  );
  return {
    progress: entries.toSorted((a, b) => a.source < b.source ? -1 : Number(a.source > b.source)),
    recheckAfterSeconds: isPutOff ? untilWrite : READ_EVERY_SECONDS,
  };
}

/** Limited, as a clock that was set back must not keep a status from being written. */
function secondsUntilWrite(observedAt: string, now: Date): number {
  const age = (now.getTime() - Date.parse(observedAt)) / 1000;
  return age >= 0 && age < WRITE_EVERY_SECONDS ? Math.ceil(WRITE_EVERY_SECONDS - age) : 0;
}

function isSame(old: SourceProgress, said: MoverProgress): boolean {
  const { source: _source, pod: _pod, observedAt: _observedAt, ...figures } = old;
  const names = [...Object.keys(figures), ...Object.keys(said)] as (keyof MoverProgress)[];
  return names.every((name) =>
    name === "still" ? old.still?.since === said.still?.since : old[name] === said[name]
  );
}

function progressOf(source: string, pod: string, said: MoverProgress, now: Date): SourceProgress {
  const { bytesDone, filesDone, bytesEstimated, bytesWritten, errors, bytesPerSecond, secondsLeft, still } =
    said;
  return {
    source,
    pod,
    observedAt: isoSeconds(now),
    bytesDone,
    filesDone,
    ...(bytesEstimated === undefined ? {} : { bytesEstimated }),
    bytesWritten,
    ...(errors === undefined ? {} : { errors }),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
    ...(still === undefined ? {} : { still: { command: still.command, since: still.since } }),
  };
}
