/** One run of what is measured and one of what it is compared with, made right after each other. */
export interface Pair<T> {
  readonly ours: T;
  readonly theirs: T;
}

/** What is compared; `run` gets the number of the pair, from 0. */
export interface Comparison<T> {
  readonly runs: number;
  readonly ours: (run: number) => Promise<T>;
  readonly theirs: (run: number) => Promise<T>;
}

/** Runs both sides in turn, A B A B …, so that whatever else the machine does falls on both alike. */
export async function measureInPairs<T>(
  comparison: Comparison<T>,
  signal: AbortSignal,
): Promise<readonly Pair<T>[]> {
  const pairs: Pair<T>[] = [];
  for (let run = 0; run < comparison.runs; run++) {
    signal.throwIfAborted();
    const ours = await comparison.ours(run);
    signal.throwIfAborted();
    const theirs = await comparison.theirs(run);
    pairs.push({ ours, theirs });
  }
  return pairs;
}

/** How many times theirs ours is, pair by pair: a slow minute of the machine leaves a quotient as it was. */
export function quotients(pairs: readonly Pair<number>[]): readonly number[] {
  return pairs.map(({ ours, theirs }) => {
    if (ours > 0 && theirs > 0) return ours / theirs;
    throw new RangeError(`Cannot compare ${ours} with ${theirs}: expected two numbers above 0`);
  });
}
