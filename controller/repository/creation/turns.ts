import { keyText, type ObjectKey } from "../../../kube/types.ts";
import { GRANT_SECONDS } from "../../movers/mod.ts";

interface Turn {
  readonly repository: ObjectKey;
  readonly sinceMs: number;
}

/**
 * Whose pass may make a creating mover in a storage: one at a time, from before it looks live at the movers of the
 * others until its own is made, or is not. Passes run side by side, and two that looked at the same moment would both
 * see nobody; the one that comes later sees the Job of the first. A pass that was broken off loses its turn after a
 * while. Kept by the process that leads, for it alone makes movers.
 */
export class CreationTurns {
  readonly #turns = new Map<string, Turn>();

  /** Takes the turn, in place of any other this Repository has; answers whose it is when it is another's. */
  take(storage: string, repository: ObjectKey, now: Date): ObjectKey | undefined {
    this.giveBack(repository);
    const turn = this.#turns.get(storage);
    // Either way: a clock that was set back would have it held for as long.
    const isHeld = turn !== undefined && Math.abs(now.getTime() - turn.sinceMs) < GRANT_SECONDS * 1000;
    if (isHeld) return turn.repository;
    this.#turns.set(storage, { repository, sinceMs: now.getTime() });
    return undefined;
  }

  /** Gives back what a Repository has. */
  giveBack(repository: ObjectKey): void {
    for (const [storage, turn] of this.#turns) {
      if (keyText(turn.repository) === keyText(repository)) this.#turns.delete(storage);
    }
  }
}
