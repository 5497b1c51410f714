/** The series of deleted objects: they read 0 for a while, so that alerts clear, and then vanish. */
import { LAST_ZERO_MS } from "./silent_zeros.ts";
import type { Sample } from "./state_metrics.ts";

interface Tombstone {
  readonly samples: readonly Sample[];
  readonly untilMs: number;
}

/** How long a deleted object's series stay, and how many deleted objects are remembered at most. */
export interface TombstoneLimits {
  readonly keepMs: number;
  readonly most: number;
}

/** Ten thousand are enough for any bulk deletion. */
export const tombstoneLimits: TombstoneLimits = { keepMs: LAST_ZERO_MS, most: 10_000 };

/** Remembers deleted objects by key. Time is passed in and must not go backwards. */
export class Tombstones {
  readonly #limits: TombstoneLimits;
  /** In the order of burial, which is also the order of expiry. */
  readonly #graves = new Map<string, Tombstone>();

  constructor(limits: TombstoneLimits = tombstoneLimits) {
    this.#limits = limits;
  }

  /** Reports the last samples of a deleted object with the value 0 from now on. */
  bury(key: string, samples: Iterable<Sample>, nowMs: number): void {
    this.#dropExpired(nowMs);
    this.#graves.delete(key);
    const zeroed = [...samples].map((sample): Sample => ({ ...sample, value: 0 }));
    this.#graves.set(key, { samples: zeroed, untilMs: nowMs + this.#limits.keepMs });
    for (const oldest of this.#graves.keys()) {
      if (this.#graves.size <= this.#limits.most) break;
      this.#graves.delete(oldest);
    }
  }

  /** Ends that: an object of that key exists again, and its source reports it. */
  unbury(key: string): void {
    this.#graves.delete(key);
  }

  /** The samples that still read 0. */
  *read(nowMs: number): Iterable<Sample> {
    this.#dropExpired(nowMs);
    for (const { samples } of this.#graves.values()) yield* samples;
  }

  #dropExpired(nowMs: number): void {
    for (const [key, { untilMs }] of this.#graves) {
      if (untilMs > nowMs) break;
      this.#graves.delete(key);
    }
  }
}
