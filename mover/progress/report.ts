import { type MoverProgress, progressLine } from "../../api/mover/progress.ts";
import type { Log, Sink } from "../../telemetry/mod.ts";
import type { Progress, ProgressCounts } from "../kopia/progress.ts";
import { Pace } from "./pace.ts";

/** What a {@link ProgressReport} needs. */
export interface ProgressReportParts {
  /** Gets kopia's progress lines at debug, and one line at info from time to time. */
  readonly log: Log;
  /** Standard output, which the controller reads. */
  readonly print: Sink;
  /** The expected size in bytes; absent: the used space of the file system, where that is the volume's own. */
  readonly bytesEstimated?: number;
  /** True when the source is a file system of its own, so that its used space is an estimate. */
  readonly hasOwnFileSystem: boolean;
}

/** How often `tick` is called. */
const TICK_MS = 5000;
/** A shorter upload reports nothing. */
const QUIET_MS = 10_000;
/** The controller reads no more often than every 30 s. */
const PRINT_EVERY_MS = 20_000;
/** Kopia prints a progress line every five seconds, and one more for each file it cannot read. */
const WORDS_EVERY_MS = 4000;
/** When the first line at info comes, and the gap to the next one; gaps grow, to some fifty lines in a day. */
const FIRST_REPORT_MS = 30_000;
const SHORTEST_GAP_MS = 60_000;
const GAP_SHARE = 0.1;
/** No time left is given before this share is done: kopia begins slowly. */
const LEAST_SHARE = 0.01;
/** No longer time left is given. */
const LONGEST_LEFT_SECONDS = 30 * 86_400;

/**
 * Reports the progress of an upload that takes longer than 10 s: to the log, and to the controller as a line on
 * standard output ({@link progressLine}). A report uses only the newest line seen: the name of a file may look like a
 * progress line, but a true one follows at once.
 */
export class ProgressReport {
  readonly #parts: ProgressReportParts;
  readonly #startMs: number;
  readonly #pace: Pace;
  #seen: ProgressCounts | undefined;
  #movedMs: number;
  #wordsMs = -Infinity;
  #printedMs = -Infinity;
  #printed = "";
  #reportedMs = -Infinity;

  constructor(parts: ProgressReportParts, nowMs: number) {
    this.#parts = parts;
    this.#startMs = nowMs;
    this.#movedMs = nowMs;
    this.#pace = new Pace(nowMs);
  }

  /** Takes a progress line of kopia. */
  see({ counts, words }: Progress, nowMs: number): void {
    if (this.#seen === undefined || JSON.stringify(counts) !== JSON.stringify(this.#seen)) {
      this.#movedMs = nowMs;
    }
    this.#seen = counts;
    if (nowMs - this.#wordsMs < WORDS_EVERY_MS) return;
    this.#wordsMs = nowMs;
    this.#parts.log.debug(words);
  }

  /** Writes the reports that are due. */
  tick(nowMs: number): void {
    if (this.#seen === undefined) return;
    const { bytesHashed, bytesCached } = this.#seen;
    this.#pace.note(bytesHashed + bytesCached, nowMs);
    if (nowMs - this.#startMs < QUIET_MS) return;
    this.#print(this.#seen, nowMs);
    this.#logInfo(this.#seen, nowMs);
  }

  /** Unchanged figures are not printed again, so that a reader sees how old they are. */
  #print(counts: ProgressCounts, nowMs: number): void {
    const figures = JSON.stringify(counts);
    if (figures === this.#printed || nowMs - this.#printedMs < PRINT_EVERY_MS) return;
    this.#printed = figures;
    this.#printedMs = nowMs;
    this.#parts.print(`${progressLine(this.#progressOf(counts, nowMs))}\n`);
  }

  #logInfo(counts: ProgressCounts, nowMs: number): void {
    const elapsedMs = nowMs - this.#startMs;
    const gapMs = Math.max(SHORTEST_GAP_MS, elapsedMs * GAP_SHARE);
    if (elapsedMs < FIRST_REPORT_MS || nowMs - this.#reportedMs < gapMs) return;
    this.#reportedMs = nowMs;
    const stillMs = nowMs - this.#movedMs;
    const still = stillMs < SHORTEST_GAP_MS ? {} : { unchangedSeconds: Math.round(stillMs / 1000) };
    this.#parts.log.info("in progress", { ...this.#progressOf(counts, nowMs), ...still });
  }

  #progressOf(counts: ProgressCounts, nowMs: number): MoverProgress {
    const { filesHashed, filesCached, bytesHashed, bytesCached, bytesUploaded, errors } = counts;
    const bytesDone = bytesHashed + bytesCached;
    const bytesEstimated = this.#estimateFor(counts, bytesDone);
    const perSecond = this.#pace.perSecond(nowMs);
    const isTooEarly = bytesEstimated === undefined || bytesDone < bytesEstimated * LEAST_SHARE;
    const secondsLeft = isTooEarly || perSecond === undefined || perSecond <= 0
      ? undefined
      : Math.ceil((bytesEstimated - bytesDone) / perSecond);
    return {
      bytesDone,
      filesDone: filesHashed + filesCached,
      ...(bytesEstimated === undefined ? {} : { bytesEstimated }),
      bytesWritten: bytesUploaded,
      ...(errors === 0 ? {} : { errors }),
      ...(perSecond === undefined ? {} : { bytesPerSecond: Math.round(perSecond) }),
      ...(secondsLeft === undefined || secondsLeft > LONGEST_LEFT_SECONDS ? {} : { secondsLeft }),
    };
  }

  /** The first estimate that was not yet passed. */
  #estimateFor({ bytesUsed }: ProgressCounts, bytesDone: number): number | undefined {
    const { bytesEstimated, hasOwnFileSystem } = this.#parts;
    return [bytesEstimated, hasOwnFileSystem ? bytesUsed : undefined]
      .find((bytes) => bytes !== undefined && bytes >= bytesDone && bytes > 0);
  }
}

/** Runs fn and reports the progress it passes to its argument, until it ends. */
export async function withProgressReport<T>(
  parts: ProgressReportParts,
  fn: (see: (progress: Progress) => void) => Promise<T>,
): Promise<T> {
  const report = new ProgressReport(parts, performance.now());
  const timer = setInterval(() => report.tick(performance.now()), TICK_MS);
  try {
    return await fn((progress) => report.see(progress, performance.now()));
  } finally {
    clearInterval(timer);
  }
}
