import type { Log, Metrics, Sample } from "../../telemetry/mod.ts";
import { type Backoff, backoffSeconds } from "../backoff.ts";
import { Cache, type Indexes, type IndexFunction, type Store } from "./cache.ts";
import { elapsedMs, type KubeClock, type Moment, momentOf, sleep } from "../clock.ts";
import { listPages } from "./list_pages.ts";
import { resourceId } from "../resources.ts";
import type { Transport } from "../transport/transport.ts";
import { keyOf, keyText, type KubeObject, type Resource } from "../types.ts";
import { runWatch, type WatchEnd } from "./watch.ts";
import type { WatchEvent } from "./watch_event.ts";

/** A change of the cache; `old` is absent for a new object, `new` for a deleted one. */
export interface Change {
  readonly old?: KubeObject;
  readonly new?: KubeObject;
  /** Whether a watch or a list found it. */
  readonly cause: "list" | "watch";
}

/** What to keep a cache of. */
export interface InformerOptions {
  readonly resource: Resource;
  /** Only objects of this namespace. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Keep only metadata; `apiVersion` and `kind` are those of the resource. */
  readonly metadataOnly?: boolean;
  /** With `metadataOnly`: also keep these fields, as `status.phase`; the rest is dropped once it is read. */
  readonly fields?: readonly string[];
  readonly indexes?: Indexes;
  /** Called after the cache has changed; must be quick. What it throws is logged and otherwise ignored. */
  readonly onChange?: (change: Change) => void;
  readonly limits?: Partial<InformerLimits>;
}

/** The time limits of an informer; the defaults fit a real cluster. */
export interface InformerLimits {
  /** A watch that was silent for this time is restarted; 90 s. The server sends a bookmark each minute. */
  readonly silentSeconds: number;
  /** The server ends a watch after this to twice this time; 300 s. */
  readonly watchSeconds: number;
  /** Backoff after failures; 0.8 s doubled up to 30 s, ±50 %. */
  readonly backoff: Backoff;
}

/** A cache that follows the API server. */
export interface Informer {
  readonly resource: Resource;
  readonly store: Store;
  /** Starts listing and watching until the signal aborts; never throws, failures are logged and tried again. */
  start(signal: AbortSignal): void;
  /** True once the first list is complete. */
  synced(): boolean;
  /** Resolves once the first list is complete; rejects with the signal's reason when it aborts before. */
  whenSynced(signal: AbortSignal): Promise<void>;
  /** Resolves when the informer was started and has ended. */
  readonly ended: Promise<void>;
  /** Seconds since the API server was last heard, or since this informer was made. */
  stalenessSeconds(): number;
  /** The error of the last try; undefined when it succeeded. */
  lastError(): Error | undefined;
  /** The current gauges of this informer. */
  samples(): Iterable<Sample>;
}

/** What an informer works with. */
export interface InformerParts {
  readonly transport: Transport;
  readonly clock: KubeClock;
  /** A number from [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Pick<Metrics, "add">;
}

/** A healthy server is hardly ever silent for this time: a bookmark comes every 60 s. */
export const SILENT_SECONDS = 90;

const defaultLimits: InformerLimits = {
  silentSeconds: SILENT_SECONDS,
  watchSeconds: 300,
  backoff: { baseSeconds: 0.8, capSeconds: 30, jitter: 0.5 },
};
/** A watch that lasted this long was healthy, even without events. */
const healthySeconds = 10;

/**
 * Lists, watches from there, and lists again when the server no longer knows that version:
 *
 *     list ──▶ watch ──▶ ended by the server, cut, silent, refused ──▶ watch from the last version
 *      ▲                    └─ expired or garbled ──▶ list
 *      └────────────────────────────────────────────────┘
 */
export class ListWatchInformer implements Informer {
  readonly resource: Resource;
  readonly ended: Promise<void>;
  readonly #options: InformerOptions;
  readonly #parts: InformerParts;
  readonly #limits: InformerLimits;
  readonly #cache: Cache;
  readonly #waiting = new Set<() => void>();
  readonly #end: () => void;
  /** Where the next watch begins; undefined when a list has to come first. */
  #version: string | undefined;
  #lastHeard: Moment;
  #isSynced = false;
  #failures = 0;
  #lastError: Error | undefined;

  constructor(options: InformerOptions, parts: InformerParts) {
    this.resource = options.resource;
    this.#options = options;
    this.#parts = parts;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#cache = new Cache(guarded(options.indexes ?? {}, parts.log));
    this.#lastHeard = momentOf(parts.clock);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#end = resolve;
  }

  get store(): Store {
    return this.#cache;
  }

  start(signal: AbortSignal): void {
    void this.#run(signal).finally(this.#end);
  }

  synced(): boolean {
    return this.#isSynced;
  }

  whenSynced(signal: AbortSignal): Promise<void> {
    if (this.#isSynced) return Promise.resolve();
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

  stalenessSeconds(): number {
    return elapsedMs(this.#parts.clock, this.#lastHeard) / 1000;
  }

  lastError(): Error | undefined {
    return this.#lastError;
  }

  *samples(): Iterable<Sample> {
    const labels = { resource: resourceId(this.resource) };
    yield { name: "kopiur_informer_synced", labels, value: this.#isSynced ? 1 : 0 };
    yield { name: "kopiur_informer_staleness_seconds", labels, value: this.stalenessSeconds() };
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#version === undefined) this.#version = await this.#list(signal);
        await this.#watch(this.#version, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#note("list", error);
      }
      await this.#pause(signal);
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const seen = new Set<string>();
    const version = await listPages(this.#parts.transport, this.#options, {
      begin: () => seen.clear(),
      page: (objects) => {
        this.#heard();
        for (const object of objects) {
          seen.add(keyText(keyOf(object)));
          this.#put(object, "list");
        }
      },
    }, signal);
    for (const key of [...this.#cache.keys()]) if (!seen.has(keyText(key))) this.#drop(key, "list");
    this.#isSynced = true;
    for (const tell of this.#waiting) tell();
    this.#waiting.clear();
    return version;
  }

  async #watch(version: string, signal: AbortSignal): Promise<void> {
    const { clock, random, transport } = this.#parts;
    const { silentSeconds, watchSeconds } = this.#limits;
    const startMs = clock.monotonicMs();
    let wasHealthy = false;
    const end = await runWatch({
      transport,
      clock,
      selection: this.#options,
      version,
      timeoutSeconds: sendsBookmarks(this.resource)
        ? Math.round(watchSeconds * (1 + random()))
        : Math.floor(silentSeconds * 2 / 3),
      silentSeconds,
      onHeard: () => this.#heard(),
      onEvent: (event) => {
        wasHealthy = true;
        this.#trace(event);
        if (event.kind === "bookmark") {
          this.#version = event.resourceVersion;
          return;
        }
        this.#version = event.object.metadata.resourceVersion;
        if (event.kind === "changed") this.#put(event.object, "watch");
        else this.#drop(keyOf(event.object), "watch");
      },
    }, signal);
    if (signal.aborted) return;
    const livedSeconds = (clock.monotonicMs() - startMs) / 1000;
    if (wasHealthy || livedSeconds >= healthySeconds) this.#failures = 0;
    this.#restart(end);
    // A server that ends every watch at once must not be called in a busy loop.
    if (end.reason === "ended" && !wasHealthy && livedSeconds < 1) this.#failures++;
  }

  #trace(event: Exclude<WatchEvent, { readonly kind: "error" }>): void {
    const { log } = this.#parts;
    if (!log.enabled("trace")) return;
    const seen = event.kind === "bookmark"
      ? { version: event.resourceVersion }
      : { object: keyText(keyOf(event.object)), version: event.object.metadata.resourceVersion };
    log.trace("watch event", { resource: resourceId(this.resource), event: event.kind, ...seen });
  }

  #restart(end: WatchEnd): void {
    this.#parts.metrics.add("kopiur_watch_restarts_total", 1, {
      resource: resourceId(this.resource),
      reason: end.reason,
    });
    if (end.reason === "expired" || end.reason === "garbled") this.#version = undefined;
    if (end.reason === "ended") this.#lastError = undefined;
    else this.#note(end.reason, end.error);
  }

  #note(what: string, error: unknown): void {
    this.#failures++;
    this.#lastError = error instanceof Error ? error : new Error(String(error));
    const fields = { resource: resourceId(this.resource), what, failures: this.#failures, error };
    // An expired version is part of the protocol; every other reason is a warning.
    if (what === "expired") this.#parts.log.info("the cache of a resource is listed again", fields);
    else this.#parts.log.warn("the cache of a resource lost contact", fields);
  }

  async #pause(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#failures === 0) return;
    const { clock, random } = this.#parts;
    const seconds = backoffSeconds(this.#limits.backoff, this.#failures, random());
    // Only an abort ends it early, and that ends the loop.
    await sleep(clock, seconds * 1000, signal).catch(() => {});
  }

  #heard(): void {
    this.#lastHeard = momentOf(this.#parts.clock);
    this.#lastError = undefined;
  }

  #put(object: KubeObject, cause: Change["cause"]): void {
    const known = this.#cache.get(keyOf(object));
    if (known !== undefined && known.metadata.resourceVersion === object.metadata.resourceVersion) return;
    const old = this.#cache.put(object);
    this.#tell(old === undefined ? { new: object, cause } : { old, new: object, cause });
  }

  #drop(key: { readonly namespace: string; readonly name: string }, cause: Change["cause"]): void {
    const old = this.#cache.drop(key);
    if (old !== undefined) this.#tell({ old, cause });
  }

  #tell(change: Change): void {
    try {
      this.#options.onChange?.(change);
    } catch (error) {
      // A failing callback must not stop this cache.
      this.#parts.log.error("a change could not be handed on", {
        resource: resourceId(this.resource),
        error,
      });
    }
  }
}

/** Index functions see any object the server stores; when one throws, its object is not indexed. */
function guarded(indexes: Indexes, log: Log): Indexes {
  const entries = Object.entries(indexes).map(([name, index]): [string, IndexFunction] => [name, (object) => {
    try {
      return index(object);
    } catch (error) {
      log.error("an object could not be indexed", { index: name, object: keyText(keyOf(object)), error });
      return [];
    }
  }]);
  return Object.fromEntries(entries);
}

/** The API server keeps no cache of Events, and sends no bookmarks for them: such a watch ends before it counts as silent. */
function sendsBookmarks({ plural }: Resource): boolean {
  return plural !== "events";
}
