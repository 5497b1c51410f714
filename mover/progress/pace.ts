/** Changes older than this are forgotten. */
const WINDOW_MS = 120_000;
/** Kept whatever their age: a rounded figure changes seldom. */
const FEWEST_MOVES = 4;
/** No rate is given for a shorter time. */
const SHORTEST_MS = 5000;

interface Move {
  readonly ms: number;
  readonly bytes: number;
}

/** The rate of a figure that is seen from time to time, and rounded. */
export class Pace {
  #moves: readonly Move[];

  /** The figure is 0 at the start. */
  constructor(startMs: number) {
    this.#moves = [{ ms: startMs, bytes: 0 }];
  }

  /** Records the figure. */
  note(bytes: number, nowMs: number): void {
    const last = this.#moves.at(-1)?.bytes ?? 0;
    if (bytes === last) return;
    // A smaller figure means that kopia began again.
    const moves = bytes < last ? [] : this.#moves;
    const from = moves.findIndex(({ ms }, index) =>
      nowMs - ms <= WINDOW_MS || moves.length - index < FEWEST_MOVES
    );
    this.#moves = [...(from < 0 ? [] : moves.slice(from)), { ms: nowMs, bytes }];
  }

  /** Bytes per second; it falls while the figure does not change. Undefined during the first seconds. */
  perSecond(nowMs: number): number | undefined {
    const [first] = this.#moves;
    const last = this.#moves.at(-1);
    if (first === undefined || last === undefined || first === last) return undefined;
    const tookMs = nowMs - first.ms;
    return tookMs < SHORTEST_MS ? undefined : (last.bytes - first.bytes) / (tookMs / 1000);
  }
}
