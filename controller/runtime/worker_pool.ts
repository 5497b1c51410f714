import { type KubeClock, Queue, type QueueItem, RETRY_BACKOFF, type Trigger } from "../../kube/mod.ts";
import { keyText, type ObjectKey } from "../../kube/types.ts";
import type { CheckResult, Sample, Telemetry } from "../../telemetry/mod.ts";
import type { Guard } from "./guard.ts";
import type { QueueAction } from "./pass/report.ts";

/** The settings of a worker pool. */
export interface WorkerPoolOptions {
  /** Name of the kind. */
  readonly name: string;
  /** The number of workers. */
  readonly concurrency: number;
  /** Does one pass and returns when the key comes back. */
  readonly pass: (item: QueueItem, signal: AbortSignal) => Promise<QueueAction>;
  readonly clock: KubeClock;
  /** A number from [0, 1). */
  readonly random: () => number;
  readonly telemetry: Pick<Telemetry, "metrics">;
  readonly guard: Guard;
}

/** When a key is worked on or waits for longer, the pool counts as stuck. */
const stuckMs = 600_000;
/** After so many conflicts in a row a key gets the backoff of a failure. */
const mostConflicts = 5;
const conflictBaseSeconds = 0.05;

/** The queue of a kind and its workers. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #queue: Queue;
  readonly #conflicts = new Map<string, number>();
  readonly #startedMs = new Map<string, number>();
  readonly #halt = new AbortController();
  #workers: readonly Promise<void>[] = [];
  #lost = 0;
  #progressMs: number;

  constructor(options: WorkerPoolOptions) {
    const { name, clock, random, telemetry } = options;
    this.#options = options;
    this.#progressMs = clock.monotonicMs();
    this.#queue = new Queue({ name, clock, random, backoff: RETRY_BACKOFF, metrics: telemetry.metrics });
  }

  /** Adds a key to be worked on now. */
  add(key: ObjectKey, trigger: Trigger): void {
    if (this.#queue.depth === 0) this.#progressMs = this.#options.clock.monotonicMs();
    this.#queue.add(key, trigger);
  }

  /** Starts the workers; they run until `drain` or `halt`. */
  start(): void {
    this.#progressMs = this.#options.clock.monotonicMs();
    this.#workers = Array.from({ length: this.#options.concurrency }, () => this.#work());
  }

  /** Starts no more passes and waits for the running ones; aborts them when the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    await this.#queue.shutdown(signal);
    await this.halt(new Error("The process is ending"));
  }

  /** Aborts the running passes at once; resolves when the last worker has ended. */
  async halt(reason: Error): Promise<void> {
    this.#halt.abort(reason);
    await Promise.allSettled(this.#workers);
  }

  /** Whether the pool makes progress; an idle one is healthy, one that has work and does nothing is not. */
  check(): CheckResult {
    if (this.#lost > 0) {
      return { ok: false, reason: `${this.#lost} of ${this.#options.concurrency} workers ended` };
    }
    const nowMs = this.#options.clock.monotonicMs();
    for (const [id, startedMs] of this.#startedMs) {
      const seconds = Math.round((nowMs - startedMs) / 1000);
      if (nowMs - startedMs > stuckMs) return { ok: false, reason: `works on ${id} for ${seconds} s` };
    }
    if (this.#queue.depth === 0) return { ok: true, reason: "no key waits" };
    const silentMs = nowMs - this.#progressMs;
    const reason = `${this.#queue.depth} keys wait, last taken ${Math.round(silentMs / 1000)} s ago`;
    return { ok: this.#workers.length === 0 || silentMs <= stuckMs, reason };
  }

  /** The gauges of the queue. */
  samples(): Iterable<Sample> {
    return this.#queue.samples();
  }

  async #work(): Promise<void> {
    const { signal } = this.#halt;
    try {
      for (let item = await this.#take(); item !== undefined; item = await this.#take()) {
        await this.#pass(item);
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#lost += 1;
      this.#options.guard.passFailed(this.#options.name, { namespace: "", name: "" }, error);
    }
  }

  async #take(): Promise<QueueItem | undefined> {
    const item = await this.#queue.take(this.#halt.signal);
    this.#progressMs = this.#options.clock.monotonicMs();
    return item;
  }

  async #pass(item: QueueItem): Promise<void> {
    const { name, clock, guard, pass } = this.#options;
    const id = keyText(item.key);
    this.#startedMs.set(id, clock.monotonicMs());
    try {
      this.#act(item.key, await pass(item, this.#halt.signal));
    } catch (error) {
      guard.passFailed(name, item.key, error);
      this.#queue.retry(item.key);
    } finally {
      this.#startedMs.delete(id);
      this.#queue.done(item.key);
    }
  }

  #act(key: ObjectKey, action: QueueAction): void {
    const id = keyText(key);
    const conflicts = action.kind === "again" ? (this.#conflicts.get(id) ?? 0) + 1 : 0;
    if (conflicts === 0 || conflicts > mostConflicts) this.#conflicts.delete(id);
    else this.#conflicts.set(id, conflicts);
    switch (action.kind) {
      case "forget":
        return this.#queue.forget(key);
      case "after":
        this.#queue.forget(key);
        return this.#queue.addAfter(key, action.seconds);
      case "backoff":
        this.#queue.retry(key);
        return;
      case "again":
        if (conflicts > mostConflicts) this.#queue.retry(key);
        else this.#queue.addAfter(key, conflictSeconds(conflicts));
        return;
    }
  }
}

/** At once at first, then later each time: the cache may not have the new version yet. */
function conflictSeconds(conflicts: number): number {
  return conflicts === 1 ? 0 : conflictBaseSeconds * 2 ** (conflicts - 2);
}
