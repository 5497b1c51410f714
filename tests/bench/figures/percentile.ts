/** The smallest sample that at least this share of all is not larger than. Throws without samples. */
export function percentileOf(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (found !== undefined && share > 0 && share <= 1) return found;
  throw new RangeError(
    `Cannot take a percentile: ${samples.length} samples at ${share}, expected samples and a share up to 1`,
  );
}
