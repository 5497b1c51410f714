import type { KubeClock } from "../clock.ts";

/**
 * The clock of the API server, as the Date header of its last answer told it, to the second. What the server dates
 * (the making and the deletion of objects) is compared with this one; between two answers our monotonic clock goes on
 * for it, so our wall clock may be any.
 */
export class ServerClock {
  readonly #clock: Pick<KubeClock, "monotonicMs">;
  #aheadMs: number | undefined;

  constructor(clock: Pick<KubeClock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** Takes the Date header of an answer that just came; one that is missing or no date says nothing. */
  note(date: string | null): void {
    const serverMs = Date.parse(date ?? "");
    if (!Number.isNaN(serverMs)) this.#aheadMs = serverMs - this.#clock.monotonicMs();
  }

  /** Its time now; undefined before it told any. */
  now(): Date | undefined {
    return this.#aheadMs === undefined ? undefined : new Date(this.#clock.monotonicMs() + this.#aheadMs);
  }
}
