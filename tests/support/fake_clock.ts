import { setImmediate } from "node:timers/promises";
import type { KubeClock } from "../../kube/mod.ts";

const TURNS = 5;

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until it is moved; timers fire only while {@link FakeClock.advance} runs. Its
 * functions are bound, so that each can be handed out alone.
 */
export class FakeClock implements KubeClock {
  #nowMs: number;
  readonly #timers = new Set<Timer>();
  readonly #turns: number;

  /** `turns` of the event loop are given to what a timer woke. */
  constructor(start = "2026-01-02T03:04:05Z", turns = TURNS) {
    this.#nowMs = Date.parse(start);
    this.#turns = turns;
  }

  /** The time as a date. */
  now(): Date {
    return new Date(this.#nowMs);
  }

  /** Milliseconds since the epoch. */
  readonly epochMs = (): number => this.#nowMs;

  /** The same: this clock never jumps. */
  readonly monotonicMs = (): number => this.#nowMs;

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Calls back once, `delayMs` from now; the answer cancels it. */
  readonly setTimer = (delayMs: number, callback: () => void): () => void => {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  /** Resolves after `delayMs` of this clock; rejects with the signal's reason when it aborts before. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const cancel = this.setTimer(delayMs, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      function onAbort(): void {
        cancel();
        reject(signal?.reason);
      }
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Moves time forward, firing due timers in order and letting what they woke run before the next. */
  async advance(milliseconds: number): Promise<void> {
    const endMs = this.#nowMs + milliseconds;
    await settle(this.#turns);
    for (let next = this.#nextDue(endMs); next !== undefined; next = this.#nextDue(endMs)) {
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
      await settle(this.#turns);
    }
    this.#nowMs = endMs;
    await settle(this.#turns);
  }

  #nextDue(endMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs <= endMs && (first === undefined || timer.dueMs < first.dueMs)) first = timer;
    }
    return first;
  }
}

/** Lets every promise that can go on without time or network go on. */
export async function settle(turns = TURNS): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await setImmediate();
}
