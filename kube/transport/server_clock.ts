import type { KubeClock } from "../clock.ts";

/**
 * The clock of the API server, to the second, from the Date header of its last answer. Times that the server sets
 * (creation and deletion of objects) are compared with this clock. Between two answers our monotonic clock counts, so
 * our wall clock may be wrong.
 */
export class ServerClock {
  readonly #clock: Pick<KubeClock, "monotonicMs">;
  #aheadMs: number | undefined;

  constructor(clock: Pick<KubeClock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** Takes the Date header of an answer that just came; a missing or invalid one is ignored. */
  note(date: string | null): void {
    const serverMs = Date.parse(date ?? "");
    if (!Number.isNaN(serverMs)) this.#aheadMs = serverMs - this.#clock.monotonicMs();
  }

  /** The server's time now; undefined before the first answer. */
  now(): Date | undefined {
    return this.#aheadMs === undefined ? undefined : new Date(this.#clock.monotonicMs() + this.#aheadMs);
  }
}
