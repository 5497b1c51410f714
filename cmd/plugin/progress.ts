import type { SourceProgress } from "../../api/mod.ts";
import { bytesText, durationText } from "./text.ts";

/** The progress of a run: the sum over its working movers. */
export interface RunProgress extends Omit<SourceProgress, "source" | "pod" | "observedAt"> {
  /** When the oldest of the figures was observed. */
  readonly observedAt: string;
}

/** Adds up the progress of movers. Estimates are absent unless every mover has one. Undefined for an empty list. */
export function sumProgress(progress: readonly SourceProgress[]): RunProgress | undefined {
  const [first] = progress;
  if (first === undefined) return undefined;
  const { bytesDone, filesDone, bytesWritten } = first;
  const sums = progress.slice(1).reduce((sum, each) => ({
    bytesDone: sum.bytesDone + each.bytesDone,
    filesDone: sum.filesDone + each.filesDone,
    bytesWritten: sum.bytesWritten + each.bytesWritten,
  }), { bytesDone, filesDone, bytesWritten });
  const errors = present(progress, "errors");
  const rates = present(progress, "bytesPerSecond");
  const estimates = present(progress, "bytesEstimated");
  const left = present(progress, "secondsLeft");
  const isEstimated = estimates.length === progress.length;
  return {
    ...sums,
    ...(isEstimated ? { bytesEstimated: total(estimates) } : {}),
    ...(errors.length === 0 ? {} : { errors: total(errors) }),
    ...(rates.length === 0 ? {} : { bytesPerSecond: total(rates) }),
    ...(left.length === progress.length ? { secondsLeft: Math.max(...left) } : {}),
    observedAt: progress.map(({ observedAt }) => observedAt)
      .toSorted((a, b) => Date.parse(a) - Date.parse(b))[0] ?? first.observedAt,
  };
}

/** `1.2 GiB of ~5.0 GiB (24%)`. */
export function doneText({ bytesDone, bytesEstimated }: RunProgress): string {
  const done = bytesText(bytesDone);
  if (bytesEstimated === undefined || bytesEstimated === 0) return done;
  const percent = Math.min(100, Math.floor(100 * bytesDone / bytesEstimated));
  return `${done} of ~${bytesText(bytesEstimated)} (${percent}%)`;
}

/** `85 MiB/s`; undefined when no mover gives a rate. */
export function rateText({ bytesPerSecond }: RunProgress): string | undefined {
  return bytesPerSecond === undefined ? undefined : `${bytesText(bytesPerSecond)}/s`;
}

/** The whole progress in one phrase. */
export function progressText(progress: RunProgress): string {
  const { filesDone, errors, secondsLeft } = progress;
  return [
    doneText(progress),
    `${filesDone} ${filesDone === 1 ? "file" : "files"}`,
    errors === undefined ? undefined : `${errors} could not be read`,
    rateText(progress),
    secondsLeft === undefined ? undefined : `${durationText(secondsLeft)} left`,
  ].filter((part) => part !== undefined).join(", ");
}

type Optional = "errors" | "bytesPerSecond" | "bytesEstimated" | "secondsLeft";

function present(progress: readonly SourceProgress[], name: Optional): readonly number[] {
  return progress.map((each) => each[name]).filter((value) => value !== undefined);
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}
