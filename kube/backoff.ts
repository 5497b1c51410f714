/** Exponential backoff: base, twice the base, and so on up to a cap, each with random jitter. */
export interface Backoff {
  readonly baseSeconds: number;
  readonly capSeconds: number;
  /** 0.1 means ±10 %. */
  readonly jitter: number;
}

/** Seconds to wait after the n-th failure in a row (1 is the first); `random` is from [0, 1). */
export function backoffSeconds(backoff: Backoff, failures: number, random: number): number {
  const { baseSeconds, capSeconds, jitter } = backoff;
  const doubled = baseSeconds * 2 ** Math.min(Math.max(0, failures - 1), 30);
  return Math.min(doubled, capSeconds) * (1 + jitter * (2 * random - 1));
}
