/** A rate limit: `burst` times at once, then once in `refillSeconds`. */
export interface Rate {
  readonly burst: number;
  readonly refillSeconds: number;
}

interface Bucket {
  tokens: number;
  filledMs: number;
}

/** A rate limit per id. Full buckets are forgotten. */
export class TokenBuckets {
  readonly #rate: Rate;
  readonly #buckets = new Map<string, Bucket>();
  #sweptMs = -Infinity;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one token of an id; false when none is left. */
  take(id: string, nowMs: number): boolean {
    this.#sweep(nowMs);
    const bucket = this.#buckets.get(id) ?? { tokens: this.#rate.burst, filledMs: nowMs };
    this.#fill(bucket, nowMs);
    this.#buckets.set(id, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }

  #fill(bucket: Bucket, nowMs: number): void {
    const gained = (nowMs - bucket.filledMs) / 1000 / this.#rate.refillSeconds;
    bucket.tokens = Math.min(this.#rate.burst, bucket.tokens + gained);
    bucket.filledMs = nowMs;
  }

  #sweep(nowMs: number): void {
    const fullAfterMs = this.#rate.burst * this.#rate.refillSeconds * 1000;
    if (nowMs - this.#sweptMs < fullAfterMs) return;
    this.#sweptMs = nowMs;
    for (const [id, bucket] of this.#buckets) {
      if (nowMs - bucket.filledMs >= fullAfterMs) this.#buckets.delete(id);
    }
  }
}
