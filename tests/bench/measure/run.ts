import type { Figure } from "../figures/figure.ts";
import type { Measurement } from "./measurement.ts";

/** What became of the measurements. */
export interface BenchReport {
  readonly figures: readonly Figure[];
  /** One sentence for each measurement that could not be made. */
  readonly failures: readonly string[];
}

/** What running them needs of what they share. */
export interface Bench {
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Makes the measurements one after another; one that fails does not keep the others from being made. */
export async function runMeasurements<B extends Bench>(
  measurements: readonly Measurement<B>[],
  bench: B,
): Promise<BenchReport> {
  const figures: Figure[] = [];
  const failures: string[] = [];
  for (const { name, measure } of measurements) {
    if (bench.signal.aborted) {
      failures.push(failureText(name, bench.signal.reason));
      continue;
    }
    bench.progress(`== ${name}`);
    try {
      figures.push(...await measure(bench));
    } catch (error) {
      failures.push(failureText(name, error));
      bench.progress(failures.at(-1) ?? "");
    }
  }
  return { figures, failures };
}

function failureText(name: string, error: unknown): string {
  return `Cannot measure ${name}: ${error instanceof Error ? error.message : String(error)}`;
}
