/** Works on the items in order, some at a time; the first failure ends all. */
export async function inLanes<T>(
  items: Iterable<T>,
  lanes: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  async function lane(): Promise<void> {
    for (let next = rest.next(); next.done !== true; next = rest.next()) {
      signal.throwIfAborted();
      await work(next.value);
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane));
}
