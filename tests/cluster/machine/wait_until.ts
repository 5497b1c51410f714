/** How long to wait for something, and how often to look. */
export interface WaitOptions {
  /** What is waited for, as it stands in "Cannot wait any longer for …". */
  readonly what: string;
  readonly limitSeconds: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Looks again and again until `look` answers with something other than undefined. What `look` throws counts as "not
 * yet"; the last such error becomes the cause when the time is up.
 */
export async function waitUntil<T>(
  look: () => Promise<T | undefined> | T | undefined,
  options: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + options.limitSeconds * 1000;
  let cause: unknown;
  while (true) {
    options.signal?.throwIfAborted();
    try {
      const found = await look();
      if (found !== undefined) return found;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) throw timeUp(options, cause);
    await pause(options.everyMs ?? 50, options.signal);
  }
}

function timeUp(options: WaitOptions, cause: unknown): Error {
  const last = cause instanceof Error ? `; the last look said: ${cause.message}` : "";
  return new Error(`Cannot wait any longer for ${options.what}: ${options.limitSeconds} s are over${last}`, {
    cause,
  });
}

/** Waits for some milliseconds, or rejects as soon as the signal aborts. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const aborted = () => {
    clearTimeout(timer);
    reject(signal?.reason);
  };
  const timer = setTimeout(() => {
    signal?.removeEventListener("abort", aborted);
    resolve();
  }, milliseconds);
  signal?.addEventListener("abort", aborted, { once: true });
  return promise;
}
