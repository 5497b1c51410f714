/** At a time: thousands of Backups must not take an hour, nor flood the API server. */
const WORKERS = 8;

/** An item whose work failed, and the error's message. */
export type Failure<T> = readonly [item: T, why: string];

/** Does the work for each item, several at a time, and returns the failures. Rejects with the reason of `stop`. */
export async function inParallel<T>(
  items: readonly T[],
  stop: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<readonly Failure<T>[]> {
  const rest = items.values();
  const failures: Failure<T>[] = [];
  async function worker(): Promise<void> {
    for (const item of rest) {
      try {
        await work(item);
      } catch (error) {
        stop.throwIfAborted();
        failures.push([item, error instanceof Error ? error.message : String(error)]);
      }
    }
  }
  await Promise.all(Array.from({ length: WORKERS }, worker));
  return failures;
}
