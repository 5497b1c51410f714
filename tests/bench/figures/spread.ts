/** What several measurements of one thing say together. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

/** Median, smallest and largest of some samples. Throws without samples, and for one that is no finite number. */
export function spreadOf(samples: readonly number[]): Spread {
  const wrong = samples.find((sample) => !Number.isFinite(sample));
  if (samples.length === 0 || wrong !== undefined) {
    throw new RangeError(
      `Cannot take a median: ${
        wrong === undefined ? "there is no sample" : `a sample is ${wrong}`
      }, expected numbers`,
    );
  }
  const sorted = samples.toSorted((a, b) => a - b);
  const upper = sorted.length >> 1;
  const lower = (sorted.length - 1) >> 1;
  return {
    median: (at(sorted, lower) + at(sorted, upper)) / 2,
    min: at(sorted, 0),
    max: at(sorted, sorted.length - 1),
    runs: sorted.length,
  };
}

function at(sorted: readonly number[], index: number): number {
  return sorted[index] ?? Number.NaN;
}
