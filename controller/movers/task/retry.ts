const MOST_DOUBLINGS = 10;

/** The rest after the n-th failure or mover that did not run (0 is the first). */
export function retrySeconds(
  times: number,
  { firstSeconds, longestSeconds }: { readonly firstSeconds: number; readonly longestSeconds: number },
): number {
  return Math.min(firstSeconds * 2 ** Math.min(times, MOST_DOUBLINGS), longestSeconds);
}
