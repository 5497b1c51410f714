const MOST_DOUBLINGS = 10;

/** How long it rests before what failed or did not run for the n-th time (0 is the first) is tried again. */
export function retrySeconds(
  times: number,
  { firstSeconds, longestSeconds }: { readonly firstSeconds: number; readonly longestSeconds: number },
): number {
  return Math.min(firstSeconds * 2 ** Math.min(times, MOST_DOUBLINGS), longestSeconds);
}
