/** How many movers work, over time. */
export class PoolRecord {
  /** The most that ever worked at a time. */
  most = 0;
  /** Those that have ended. */
  ended = 0;
  readonly #changes: { readonly atMs: number; readonly working: number }[] = [];
  #working = 0;

  /** One more, or one less. */
  note(change: 1 | -1, atMs: number): void {
    this.#working += change;
    this.most = Math.max(this.most, this.#working);
    if (change < 0) this.ended++;
    this.#changes.push({ atMs, working: this.#working });
  }

  /** The share of the slots in use, from when all were for the first time to when the last mover began. */
  use(slots: number): number {
    const first = this.#changes.findIndex(({ working }) => working >= slots);
    const last = this.#changes.findLastIndex(({ working }, at) =>
      working > (this.#changes[at - 1]?.working ?? 0)
    );
    if (first < 0 || last <= first) {
      throw new Error(
        `Cannot measure the pool: ${this.most} movers worked at most, expected all ${slots} slots in use`,
      );
    }
    const span = this.#changes.slice(first, last + 1);
    let used = 0;
    let whole = 0;
    for (const [at, { atMs, working }] of span.entries()) {
      const next = span[at + 1];
      if (next === undefined) break;
      used += working * (next.atMs - atMs);
      whole += slots * (next.atMs - atMs);
    }
    return used / whole;
  }
}
