/**
 * Does every piece of work, two at a time: one lane takes from the front of the list, the other from its back, until
 * they meet. What waits much and what works much can so be put at the two ends.
 */
export async function inTwoLanes<T>(work: readonly T[], run: (piece: T) => Promise<void>): Promise<void> {
  const left = [...work];
  async function lane(take: () => T | undefined): Promise<void> {
    for (let piece = take(); piece !== undefined; piece = take()) await run(piece);
  }
  await Promise.all([lane(() => left.shift()), lane(() => left.pop())]);
}
