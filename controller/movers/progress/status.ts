import { isoSeconds, type MoverProgress, type SourceProgress } from "../../../api/mod.ts";
import { READ_EVERY_SECONDS } from "./reader.ts";
import type { MoverAtWork } from "./at_work.ts";

/** So often a status is written for progress alone. */
const WRITE_EVERY_SECONDS = 30;

/** A mover that works, and what it said last; nothing where its log was not read (yet). */
export type SeenProgress = MoverAtWork & { readonly said?: MoverProgress };

/** What a status says of the progress of its movers, and when it is to be looked at again. */
interface ProgressStatus {
  readonly progress: readonly SourceProgress[];
  /** Absent: no mover works. */
  readonly recheckAfterSeconds?: number;
}

/**
 * What to say of the movers that work. Of one whose log cannot be read stays what was said, as old as it is; of one that
 * ended, or was followed by another pod, nothing. New figures are taken at most every {@link WRITE_EVERY_SECONDS}. Pure.
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

/** A clock that was put back must not keep a status from being written. */
function secondsUntilWrite(observedAt: string, now: Date): number {
  const age = (now.getTime() - Date.parse(observedAt)) / 1000;
  return age >= 0 && age < WRITE_EVERY_SECONDS ? Math.ceil(WRITE_EVERY_SECONDS - age) : 0;
}

function isSame(old: SourceProgress, said: MoverProgress): boolean {
  const { source: _source, pod: _pod, observedAt: _observedAt, ...figures } = old;
  const names = [...Object.keys(figures), ...Object.keys(said)] as (keyof MoverProgress)[];
  return names.every((name) => old[name] === said[name]);
}

function progressOf(source: string, pod: string, said: MoverProgress, now: Date): SourceProgress {
  const { bytesDone, filesDone, bytesEstimated, bytesWritten, errors, bytesPerSecond, secondsLeft } = said;
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
  };
}
