import type { KubeClock } from "../clock.ts";
import type { Credentials, CredentialSource } from "./connection.ts";
import { startDeadline } from "../deadline.ts";
import { assertSendable } from "./sendable_headers.ts";

/** Credentials, and how long they need not be read again. */
export interface Loaded {
  readonly credentials: Credentials;
  readonly goodForSeconds: number;
}

/** Reads credentials from their source. Throws a TransientError that names no secret. */
export type LoadCredentials = (signal: AbortSignal) => Promise<Loaded>;

const loadLimitMs = 60_000;
/** Seconds until a failed read is repeated; the former credentials are used meanwhile. */
const retrySeconds = 5;
/** With former credentials nobody waits longer for new ones, so that a slow plugin does not cost the lease. */
const patienceMs = 1000;

/**
 * Credentials that are read again when they are due or refused; concurrent calls share one read. Credentials that
 * cannot be sent count as not read; `origin` names their source in that error.
 */
export class PolledCredentials implements CredentialSource {
  readonly #load: LoadCredentials;
  readonly #clock: KubeClock;
  readonly #origin: string;
  #known: { readonly credentials: Credentials; readonly dueMs: number } | undefined;
  #loading: Promise<Credentials> | undefined;

  constructor(load: LoadCredentials, clock: KubeClock, origin: string) {
    this.#load = load;
    this.#clock = clock;
    this.#origin = origin;
  }

  async current(signal: AbortSignal): Promise<Credentials> {
    const known = this.#known;
    if (known !== undefined && this.#clock.monotonicMs() < known.dueMs) return known.credentials;
    if (known === undefined) return await abortable(this.#reload(), signal);
    const patience = startDeadline(this.#clock, patienceMs, signal);
    try {
      return await abortable(this.#reload(), patience.signal);
    } catch {
      signal.throwIfAborted();
      // A slow plugin, or a file that is just being replaced. If the former credentials are not valid any more,
      // the server refuses them, and then `refresh` throws the error.
      return known.credentials;
    } finally {
      patience.end();
    }
  }

  async refresh(refused: Credentials, signal: AbortSignal): Promise<Credentials> {
    if (this.#known !== undefined && this.#known.credentials !== refused) return this.#known.credentials;
    return await abortable(this.#reload(), signal);
  }

  #reload(): Promise<Credentials> {
    this.#loading ??= this.#loadOnce().finally(() => this.#loading = undefined);
    return this.#loading;
  }

  async #loadOnce(): Promise<Credentials> {
    const deadline = startDeadline(this.#clock, loadLimitMs, new AbortController().signal);
    try {
      const { credentials, goodForSeconds } = await abortable(this.#load(deadline.signal), deadline.signal);
      assertSendable(credentials.headers, this.#origin);
      this.#known = { credentials, dueMs: this.#clock.monotonicMs() + goodForSeconds * 1000 };
      return credentials;
    } catch (error) {
      const dueMs = this.#clock.monotonicMs() + retrySeconds * 1000;
      if (this.#known !== undefined) this.#known = { ...this.#known, dueMs };
      throw error;
    } finally {
      deadline.end();
    }
  }
}

/** The promise, or the signal's reason as soon as it aborts. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    function onAbort(): void {
      reject(signal.reason);
    }
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
