import type { Metrics, Sample } from "../telemetry/mod.ts";
import { type Backoff, backoffSeconds } from "./backoff.ts";
import type { KubeClock } from "./clock.ts";
import { Delays } from "./delays.ts";
import { keyText, type ObjectKey } from "./types.ts";

/**
 * Why a key is queued. Everything else goes before `resync`; of several reasons the most
 * important one is kept: spec (the object itself), owned (something it depends on), requeue (a timer or a
 * retry), resync (nothing changed: the first list).
 */
export type Trigger = "spec" | "owned" | "requeue" | "resync";

/** A key taken from the queue; the worker must call `done` for it. */
export interface QueueItem {
  readonly key: ObjectKey;
  readonly trigger: Trigger;
}

/** The settings of a queue. */
export interface QueueOptions {
  /** Label `kind` of its metrics. */
  readonly name: string;
  readonly clock: KubeClock;
  /** A number from [0, 1). */
  readonly random: () => number;
  /** How `retry` waits. */
  readonly backoff: Backoff;
  readonly metrics: Pick<Metrics, "add" | "record">;
}

/** The backoff of failed keys: 5 s doubled up to 300 s, ±10 %. */
export const RETRY_BACKOFF: Backoff = { baseSeconds: 5, capSeconds: 300, jitter: 0.1 };

interface Entry {
  readonly key: ObjectKey;
  /** Set while the key waits for a worker, or for `done` of the worker that has it. */
  trigger: Trigger | undefined;
  dueMs: number;
  /** Set while a worker has the key. */
  startedMs: number | undefined;
  failures: number;
}

interface Waiter {
  readonly give: (item: QueueItem | undefined) => void;
}

const rank: Readonly<Record<Trigger, number>> = { spec: 0, owned: 1, requeue: 2, resync: 3 };
/** After so many keys in a row one resync goes first, so that resyncs do not starve in a busy cluster. */
const fairness = 16;

/**
 * The work queue. A key waits at most once however often it is added, and no two workers ever have
 * the same key: a key added meanwhile waits until `done`.
 */
export class Queue {
  readonly #options: QueueOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #urgent = new Set<string>();
  readonly #resyncs = new Set<string>();
  readonly #delays = new Delays<ObjectKey>();
  readonly #working = new Set<string>();
  readonly #waiters = new Set<Waiter>();
  readonly #whenIdle = new Set<() => void>();
  #cancelTimer: (() => void) | undefined;
  #timerDueMs = Infinity;
  #urgentInARow = 0;
  #isShutDown = false;

  constructor(options: QueueOptions) {
    this.#options = options;
    const { metrics, name } = options;
    // At 0 from the start, so that the first retry is seen as an increase.
    metrics.add("kopiur_workqueue_adds_total", 0, { kind: name });
    metrics.add("kopiur_workqueue_retries_total", 0, { kind: name });
  }

  /** Keys that wait for a worker; those with a delay are not counted. */
  get depth(): number {
    return this.#urgent.size + this.#resyncs.size;
  }

  /** Adds a key to be worked on now, and drops its delay. */
  add(key: ObjectKey, trigger: Trigger): void {
    if (this.#isShutDown) return;
    const id = keyText(key);
    this.#delays.drop(id);
    this.#makeDue(id, key, trigger);
  }

  /** Adds a key with a delay, unless it already waits for a worker; of several delays the earliest counts. */
  addAfter(key: ObjectKey, seconds: number): void {
    if (this.#isShutDown) return;
    if (seconds <= 0) return this.add(key, "requeue");
    const id = keyText(key);
    if (this.#entries.get(id)?.trigger !== undefined) return;
    this.#delays.add(id, key, this.#options.clock.monotonicMs() + seconds * 1000);
    this.#armTimer();
  }

  /** Adds a failed key with backoff since the last `forget`; returns the seconds it waits. */
  retry(key: ObjectKey): number {
    const entry = this.#entryOf(keyText(key), key);
    entry.failures++;
    const { backoff, random, metrics, name } = this.#options;
    const seconds = backoffSeconds(backoff, entry.failures, random());
    metrics.add("kopiur_workqueue_retries_total", 1, { kind: name });
    this.addAfter(key, seconds);
    return seconds;
  }

  /** Forgets the failures of a key. */
  forget(key: ObjectKey): void {
    const id = keyText(key);
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.failures = 0;
    this.#dropIfIdle(id, entry);
  }

  /** The next key; undefined once the queue is shut down. Rejects with the signal's reason when it aborts. */
  take(signal: AbortSignal): Promise<QueueItem | undefined> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#isShutDown) return Promise.resolve(undefined);
    const item = this.#takeNow();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters;
      const waiter: Waiter = {
        give: (given) => {
          waiters.delete(waiter);
          signal.removeEventListener("abort", onAbort);
          resolve(given);
        },
      };
      function onAbort(): void {
        waiters.delete(waiter);
        reject(signal.reason);
      }
      waiters.add(waiter);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Returns a taken key; it is due again at once when it was added meanwhile. */
  done(key: ObjectKey): void {
    const id = keyText(key);
    const entry = this.#entries.get(id);
    if (entry?.startedMs === undefined) return;
    const { clock, metrics, name } = this.#options;
    const worked = (clock.monotonicMs() - entry.startedMs) / 1000;
    metrics.record("kopiur_workqueue_work_duration_seconds", Math.max(0, worked), { kind: name });
    entry.startedMs = undefined;
    this.#working.delete(id);
    if (entry.trigger !== undefined && !this.#isShutDown) this.#lineUp(id, entry.trigger);
    this.#dropIfIdle(id, entry);
    if (this.#working.size === 0) { for (const tell of this.#whenIdle) tell(); }
  }

  /** Accepts and hands out no more keys; resolves once every taken key is done or the signal aborts. */
  shutdown(signal: AbortSignal): Promise<void> {
    this.#isShutDown = true;
    this.#cancelTimer?.();
    this.#delays.clear();
    this.#urgent.clear();
    this.#resyncs.clear();
    for (const waiter of [...this.#waiters]) waiter.give(undefined);
    if (this.#working.size === 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const whenIdle = this.#whenIdle;
      function end(): void {
        whenIdle.delete(end);
        signal.removeEventListener("abort", end);
        resolve();
      }
      whenIdle.add(end);
      signal.addEventListener("abort", end, { once: true });
    });
  }

  /** The current gauges of this queue. */
  *samples(): Iterable<Sample> {
    const labels = { kind: this.#options.name };
    const nowMs = this.#options.clock.monotonicMs();
    let unfinished = 0;
    let longest = 0;
    for (const id of this.#working) {
      const seconds = (nowMs - (this.#entries.get(id)?.startedMs ?? nowMs)) / 1000;
      unfinished += seconds;
      longest = Math.max(longest, seconds);
    }
    yield { name: "kopiur_workqueue_depth", labels, value: this.depth };
    yield { name: "kopiur_workqueue_unfinished_work_seconds", labels, value: unfinished };
    yield { name: "kopiur_workqueue_longest_running_processor_seconds", labels, value: longest };
  }

  #entryOf(id: string, key: ObjectKey): Entry {
    const known = this.#entries.get(id);
    if (known !== undefined) return known;
    const made: Entry = { key, trigger: undefined, dueMs: 0, startedMs: undefined, failures: 0 };
    this.#entries.set(id, made);
    return made;
  }

  #makeDue(id: string, key: ObjectKey, trigger: Trigger): void {
    const entry = this.#entryOf(id, key);
    if (entry.trigger === undefined) {
      entry.dueMs = this.#options.clock.monotonicMs();
      this.#options.metrics.add("kopiur_workqueue_adds_total", 1, { kind: this.#options.name });
    } else if (rank[entry.trigger] <= rank[trigger]) {
      return;
    }
    entry.trigger = trigger;
    if (entry.startedMs === undefined) this.#lineUp(id, trigger);
  }

  #lineUp(id: string, trigger: Trigger): void {
    if (trigger === "resync") {
      this.#resyncs.add(id);
    } else {
      this.#resyncs.delete(id);
      this.#urgent.add(id);
    }
    const [waiter] = this.#waiters;
    if (waiter === undefined) return;
    const item = this.#takeNow();
    if (item !== undefined) waiter.give(item);
  }

  #takeNow(): QueueItem | undefined {
    const resyncFirst = this.#urgent.size === 0 ||
      (this.#urgentInARow >= fairness && this.#resyncs.size > 0);
    const line = resyncFirst ? this.#resyncs : this.#urgent;
    const [id] = line;
    const entry = id === undefined ? undefined : this.#entries.get(id);
    if (id === undefined || entry?.trigger === undefined) return undefined;
    line.delete(id);
    this.#urgentInARow = resyncFirst ? 0 : this.#urgentInARow + 1;
    const { key, trigger } = entry;
    const { clock, metrics, name } = this.#options;
    entry.startedMs = clock.monotonicMs();
    entry.trigger = undefined;
    this.#working.add(id);
    const waited = Math.max(0, entry.startedMs - entry.dueMs) / 1000;
    metrics.record("kopiur_workqueue_queue_duration_seconds", waited, { kind: name });
    return { key, trigger };
  }

  /** Removes an idle entry, so that deleted objects leave nothing behind. */
  #dropIfIdle(id: string, entry: Entry): void {
    if (entry.trigger === undefined && entry.startedMs === undefined && entry.failures === 0) {
      this.#entries.delete(id);
    }
  }

  #armTimer(): void {
    const nextMs = this.#delays.nextDueMs() ?? Infinity;
    if (nextMs === this.#timerDueMs) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#timerDueMs = nextMs;
    if (nextMs === Infinity) return;
    const { clock } = this.#options;
    this.#cancelTimer = clock.setTimer(Math.max(0, nextMs - clock.monotonicMs()), () => this.#onTimer());
  }

  #onTimer(): void {
    this.#timerDueMs = Infinity;
    this.#cancelTimer = undefined;
    for (const key of this.#delays.takeDue(this.#options.clock.monotonicMs())) {
      this.#makeDue(keyText(key), key, "requeue");
    }
    this.#armTimer();
  }
}
