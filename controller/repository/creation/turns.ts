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

  /** Takes the turn and gives up any other of this Repository; returns the owner when another one has it. */
  take(storage: string, repository: ObjectKey, now: Date): ObjectKey | undefined {
    this.giveBack(repository);
    const turn = this.#turns.get(storage);
    // In both directions: after a clock was set back the turn would last too long.
    const isTaken = turn !== undefined && Math.abs(now.getTime() - turn.sinceMs) < GRANT_SECONDS * 1000;
    if (isTaken) return turn.repository;
    this.#turns.set(storage, { repository, sinceMs: now.getTime() });
    return undefined;
  }

  /** Gives back the turn of a Repository. */
  giveBack(repository: ObjectKey): void {
    for (const [storage, turn] of this.#turns) {
      if (keyText(turn.repository) === keyText(repository)) this.#turns.delete(storage);
    }
  }
}
