/** So far back is looked. */
const WINDOW_MS = 120_000;
/** Of figures that are rounded, and so move seldom, so many moves are looked at however long ago they were. */
const FEWEST_MOVES = 4;
/** What less than this says is chance. */
const SHORTEST_MS = 5000;

interface Move {
  readonly ms: number;
  readonly bytes: number;
}

/** How fast a figure grows that is only seen now and then, and only rounded. */
export class Pace {
  #moves: readonly Move[];

  /** It begins at 0. */
  constructor(startMs: number) {
    this.#moves = [{ ms: startMs, bytes: 0 }];
  }

  /** Notes the figure as it is now. */
  note(bytes: number, nowMs: number): void {
    const last = this.#moves.at(-1)?.bytes ?? 0;
    if (bytes === last) return;
    // What goes back was begun anew.
    const moves = bytes < last ? [] : this.#moves;
    const from = moves.findIndex(({ ms }, index) =>
      nowMs - ms <= WINDOW_MS || moves.length - index < FEWEST_MOVES
    );
    this.#moves = [...(from < 0 ? [] : moves.slice(from)), { ms: nowMs, bytes }];
  }

  /** Bytes per second, slower and slower while the figure stands still; undefined when it is too early to say. */
  perSecond(nowMs: number): number | undefined {
    const [first] = this.#moves;
    const last = this.#moves.at(-1);
    if (first === undefined || last === undefined || first === last) return undefined;
    const tookMs = nowMs - first.ms;
    return tookMs < SHORTEST_MS ? undefined : (last.bytes - first.bytes) / (tookMs / 1000);
  }
}
