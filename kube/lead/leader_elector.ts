import type { Log, Sample } from "../../telemetry/mod.ts";
import { elapsedMs, type KubeClock, type Moment, momentOf, sleep } from "../clock.ts";
import { startDeadline } from "../deadline.ts";
import { answerOf, isConflict, isNotFound } from "../errors.ts";
import {
  type Claim,
  claimedLease,
  type Lease,
  type LeaseObject,
  parseLease,
  releasedLease,
} from "./lease.ts";
import { RESOURCES } from "../resources.ts";
import type { Transport } from "../transport/transport.ts";
import type { ObjectKey } from "../types.ts";

/** The settings of a candidate. Each duration must be shorter than the one before it. */
export interface LeaseOptions {
  readonly key: ObjectKey;
  /** Unique among the candidates, e.g. the pod's name and uid. */
  readonly identity: string;
  /** Others may take over when the lease was not renewed for this time; 15 s by default. */
  readonly leaseDurationSeconds?: number;
  /** The holder gives up when it could not renew for this time; 10 s by default. */
  readonly renewDeadlineSeconds?: number;
  /** Time between tries; 2 s by default. */
  readonly retryPeriodSeconds?: number;
}

/** A candidate for leadership. */
export interface LeaderElector {
  /** Starts to acquire the lease; when the signal aborts, a held lease is released. */
  start(signal: AbortSignal): void;
  /** True while the lease is held and was renewed in time; false at once after the process slept too long. */
  isLeader(): boolean;
  /** Resolves once the lease is held; rejects with the signal's reason. */
  whenLeader(signal: AbortSignal): Promise<void>;
  /** Resolves with the reason when a held lease is lost: the process must exit. Never after a release. */
  readonly lost: Promise<Error>;
  /** Resolves once it was started, has ended, and the lease is released. */
  readonly ended: Promise<void>;
  samples(): Iterable<Sample>;
}

/** What a candidate works with. */
export interface LeaderParts {
  readonly transport: Transport;
  readonly clock: KubeClock;
  /** A number from [0, 1). */
  readonly random: () => number;
  readonly log: Log;
}

/**
 * Leader election with a Lease, by the rules of client-go: a candidate measures with its own clock since when it
 * has seen no change, so the clocks of nodes may differ.
 */
export class LeaseElector implements LeaderElector {
  readonly lost: Promise<Error>;
  readonly ended: Promise<void>;
  readonly #parts: LeaderParts;
  readonly #claim: Claim;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  readonly #tellLost: (reason: Error) => void;
  readonly #tellEnded: () => void;
  readonly #waiting = new Set<() => void>();
  #seen: Lease | undefined;
  #seenMs = 0;
  /** When the last successful try began. */
  #renewed: Moment | undefined;
  /** True when it is unknown whether the server stored the last write. */
  #isUnsure = false;

  constructor(options: LeaseOptions, parts: LeaderParts) {
    const { leaseDurationSeconds = 15, renewDeadlineSeconds = 10, retryPeriodSeconds = 2 } = options;
    if (!(leaseDurationSeconds > renewDeadlineSeconds && renewDeadlineSeconds > retryPeriodSeconds)) {
      throw new TypeError(
        `Cannot run for leadership: the durations are ${leaseDurationSeconds}, ${renewDeadlineSeconds} and ` +
          `${retryPeriodSeconds} s, expected lease > renewal > retry`,
      );
    }
    this.#parts = parts;
    this.#claim = { key: options.key, holder: options.identity, durationSeconds: leaseDurationSeconds };
    this.#renewDeadlineMs = renewDeadlineSeconds * 1000;
    this.#retryPeriodMs = retryPeriodSeconds * 1000;
    const lost = Promise.withResolvers<Error>();
    const ended = Promise.withResolvers<void>();
    [this.lost, this.#tellLost] = [lost.promise, lost.resolve];
    [this.ended, this.#tellEnded] = [ended.promise, ended.resolve];
  }

  start(signal: AbortSignal): void {
    void this.#run(signal).finally(this.#tellEnded);
  }

  isLeader(): boolean {
    if (this.#renewed === undefined) return false;
    return elapsedMs(this.#parts.clock, this.#renewed) < this.#claim.durationSeconds * 1000;
  }

  whenLeader(signal: AbortSignal): Promise<void> {
    if (this.isLeader()) return Promise.resolve();
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting;
      function tell(): void {
        signal.removeEventListener("abort", onAbort);
        resolve();
      }
      function onAbort(): void {
        waiting.delete(tell);
        reject(signal.reason);
      }
      waiting.add(tell);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  *samples(): Iterable<Sample> {
    yield { name: "kopiur_leader", labels: {}, value: this.isLeader() ? 1 : 0 };
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const reason = await this.#try(signal);
      if (signal.aborted) break;
      if (reason !== undefined) {
        this.#renewed = undefined;
        this.#parts.log.error("leadership was lost", { lease: this.#claim.key.name, error: reason });
        this.#tellLost(reason);
        return;
      }
      await this.#pause(signal);
    }
    await this.#release();
  }

  /** One try to get or keep the lease; the reason when it was held and is lost. */
  async #try(signal: AbortSignal): Promise<Error | undefined> {
    const { clock, log } = this.#parts;
    const started = momentOf(clock);
    try {
      // Not aborted when the process ends: a lease that was stored meanwhile must be released.
      const holds = await this.#bounded((limited) => this.#claimOnce(limited, signal));
      if (holds) return this.#hold(started);
      return this.#renewed === undefined ? undefined : new Error(`"${this.#seen?.holder}" holds the lease`);
    } catch (error) {
      if (signal.aborted) return undefined;
      log.warn("the lease could not be claimed", { lease: this.#claim.key.name, error });
    }
    if (this.#renewed === undefined) return undefined;
    const silentMs = clock.monotonicMs() - this.#renewed.monotonicMs;
    return silentMs < this.#renewDeadlineMs
      ? undefined
      : new Error(`it was not renewed for ${silentMs / 1000} s`);
  }

  #hold(started: Moment): undefined {
    const isNew = this.#renewed === undefined;
    this.#renewed = started;
    if (!isNew) return;
    this.#parts.log.info("leadership was won", { lease: this.#claim.key.name, identity: this.#claim.holder });
    for (const tell of this.#waiting) tell();
    this.#waiting.clear();
  }

  /** True when this process now holds the lease; false when another one does. */
  async #claimOnce(limited: AbortSignal, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#parts;
    const { holder } = this.#claim;
    // A holder renews what it wrote last; it reads the lease only after a conflict.
    if (this.#seen?.holder !== holder) this.#observe(await this.#read(limited));
    const seen = this.#seen;
    if (seen !== undefined && seen.holder !== "" && seen.holder !== holder) {
      if (clock.monotonicMs() - this.#seenMs < seen.durationSeconds * 1000) return false;
    }
    signal.throwIfAborted();
    const body = claimedLease(this.#claim, seen, clock.epochMs());
    try {
      this.#observe(await this.#write(seen === undefined ? "create" : "update", body, limited));
      return true;
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
      this.#observe(await this.#read(limited));
      const other = this.#seen?.holder ?? "";
      // Gone, released, or written by us after all: the next try decides.
      if (other === "" || other === holder) throw error;
      return false;
    }
  }

  #observe(lease: Lease | undefined): void {
    const changed = lease?.resourceVersion !== this.#seen?.resourceVersion || lease?.uid !== this.#seen?.uid;
    this.#seen = lease;
    if (changed) this.#seenMs = this.#parts.clock.monotonicMs();
  }

  async #read(limited: AbortSignal): Promise<Lease | undefined> {
    const request = { verb: "get", resource: RESOURCES.lease, target: { key: this.#claim.key } } as const;
    try {
      return parseLease(await this.#parts.transport.send(request, limited));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #write(verb: "create" | "update", body: LeaseObject, limited: AbortSignal): Promise<Lease> {
    const { key } = this.#claim;
    const target = verb === "create" ? { namespace: key.namespace } : { key };
    const request = { verb, resource: RESOURCES.lease, target, body };
    this.#isUnsure = true;
    try {
      const lease = parseLease(await this.#parts.transport.send(request, limited));
      this.#isUnsure = false;
      if (lease !== undefined) return lease;
    } catch (error) {
      this.#isUnsure = (answerOf(error)?.code ?? 500) >= 500;
      throw error;
    }
    throw new TypeError("Cannot claim the lease: the answer is no Lease, expected it as stored");
  }

  /** Limits a try to a part of the renew deadline, so that one hanging request does not cost the lease. */
  async #bounded<T>(work: (limited: AbortSignal) => Promise<T>): Promise<T> {
    const deadline = startDeadline(
      this.#parts.clock,
      this.#renewDeadlineMs / 3,
      new AbortController().signal,
    );
    try {
      return await work(deadline.signal);
    } finally {
      deadline.end();
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#parts;
    // Waiting candidates must not all try at the same moment.
    const jitter = this.#renewed === undefined ? 1 + random() : 1;
    // Only an abort ends it early, and that ends the loop.
    await sleep(clock, this.#retryPeriodMs * jitter, signal).catch(() => {});
  }

  async #release(): Promise<void> {
    const { log } = this.#parts;
    const lease = this.#claim.key.name;
    this.#renewed = undefined;
    try {
      if (await this.#bounded((limited) => this.#giveBack(limited))) {
        log.info("leadership was released", { lease });
      }
    } catch (error) {
      // The lease expires by itself.
      log.warn("the lease could not be released", { lease, error });
    }
  }

  /** True when this process held the lease until now. */
  async #giveBack(limited: AbortSignal): Promise<boolean> {
    const { key, holder } = this.#claim;
    if (this.#isUnsure) this.#observe(await this.#read(limited));
    if (this.#seen?.holder !== holder) return false;
    await this.#write("update", releasedLease(key, this.#seen, this.#parts.clock.epochMs()), limited);
    return true;
  }
}
