import { escapeControls, type Log } from "../../telemetry/mod.ts";
import type { Made } from "../builtins.ts";
import { type KubeClock, microTime } from "../clock.ts";
import { startDeadline } from "../deadline.ts";
import { isNotFound } from "../errors.ts";
import { cutToBytes, NOTE_BYTES, textShape } from "./event_text.ts";
import { RESOURCES } from "../resources.ts";
import { type Rate, TokenBuckets } from "./token_buckets.ts";
import type { Transport } from "../transport/transport.ts";
import {
  type EventRecord,
  type EventSink,
  keyOf,
  keyText,
  type KubeObject,
  type ObjectKey,
} from "../types.ts";

/** The name of this program in Events. */
export const REPORTING_CONTROLLER = "kopiur-controller";

/** What an EventRecorder needs. */
export interface EventRecorderParts {
  readonly transport: Transport;
  readonly clock: KubeClock;
  /** A number from [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** Takes secrets out of a note. */
  readonly redact: (text: string) => string;
  /** The pod's name. */
  readonly instance: string;
}

/** The same Event within this time becomes part of a series. */
const seriesMs = 6 * 60_000;
/** The rate of requests per object (as client-go). */
const objectRate: Rate = { burst: 25, refillSeconds: 300 };
const mostWaiting = 1000;
const sendLimitMs = 10_000;
/** The API server takes at most 128 characters of reason, action and instance. */
const longestWord = 128;

/** An Event and its count. */
interface Series {
  readonly key: ObjectKey;
  readonly record: EventRecord;
  readonly firstMs: number;
  lastMs: number;
  count: number;
  /** The count the API server has; 0 before the Event was created. */
  sentCount: number;
  isWaiting: boolean;
}

/**
 * Writes Events as series: repetitions of an Event raise its count. A note with other
 * words, or with another name in quotes, is another Event; a note that differs only in numbers is a
 * repetition. Never throws and never waits; a failure is logged.
 */
export class EventRecorder implements EventSink {
  readonly #parts: EventRecorderParts;
  readonly #series = new Map<string, Series>();
  readonly #waiting: Series[] = [];
  readonly #rates = new TokenBuckets(objectRate);
  readonly #aborted = new AbortController();
  #sending: Promise<void> | undefined;
  #sweptMs = 0;
  #dropped = 0;
  #isClosed = false;

  constructor(parts: EventRecorderParts) {
    this.#parts = parts;
  }

  send(event: EventRecord): void {
    try {
      this.#take(event);
    } catch (error) {
      this.#parts.log.warn("an Event could not be told", { reason: event.reason, error });
    }
  }

  /** Sends waiting Events for at most `limitMs`; later ones are dropped. */
  async close(limitMs: number): Promise<void> {
    this.#isClosed = true;
    // Counts that the rate limit delayed are sent now, as a last chance.
    for (const series of this.#series.values()) if (series.sentCount !== series.count) this.#lineUp(series);
    this.#startSending();
    const { clock, log } = this.#parts;
    const cancel = clock.setTimer(
      limitMs,
      () => this.#aborted.abort(new Error("the limit of closing was reached")),
    );
    await this.#sending;
    cancel();
    if (this.#waiting.length > 0) {
      log.warn("Events were dropped at the end", { events: this.#waiting.length });
    }
  }

  #take(event: EventRecord): void {
    if (this.#isClosed) return;
    const { clock, random, redact } = this.#parts;
    const nowMs = clock.epochMs();
    this.#sweep(nowMs);
    // Notes hold what kopia, pods and file names say, and not every viewer escapes them.
    const note = cutToBytes(escapeControls(redact(event.note)), NOTE_BYTES);
    const id = JSON.stringify([
      identityOf(event.regarding),
      event.type,
      event.reason,
      event.action,
      textShape(note),
    ]);
    let series = this.#series.get(id);
    if (series === undefined || nowMs - series.lastMs > seriesMs) {
      const record = { ...event, regarding: metadataOf(event.regarding), note };
      const key = eventKey(event.regarding, nowMs, random());
      series = { key, record, firstMs: nowMs, lastMs: nowMs, count: 0, sentCount: 0, isWaiting: false };
      this.#series.set(id, series);
    }
    series.count++;
    series.lastMs = nowMs;
    // However much Normal Events an object has, a Warning about it is told.
    if (!this.#rates.take(`${event.type} ${identityOf(event.regarding)}`, clock.monotonicMs())) return;
    this.#lineUp(series);
    this.#startSending();
  }

  #lineUp(series: Series): void {
    if (series.isWaiting) return;
    if (this.#waiting.length >= mostWaiting) {
      this.#dropped++;
      if (this.#dropped % 100 === 1) {
        this.#parts.log.warn("too many Events wait to be told", {
          waiting: mostWaiting,
          dropped: this.#dropped,
        });
      }
      return;
    }
    series.isWaiting = true;
    this.#waiting.push(series);
  }

  #startSending(): void {
    if (this.#sending === undefined && this.#waiting.length > 0) this.#sending = this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    for (let series = this.#next(); series !== undefined; series = this.#next()) {
      series.isWaiting = false;
      const deadline = startDeadline(this.#parts.clock, sendLimitMs, this.#aborted.signal);
      try {
        await this.#sendOne(series, deadline.signal);
      } catch (error) {
        const { reason, regarding } = series.record;
        this.#parts.log.warn("an Event could not be told", {
          reason,
          object: keyText(keyOf(regarding)),
          error,
        });
      } finally {
        deadline.end();
      }
    }
    // In the same turn as the last look at the queue, or an Event reported in between would wait for the next one.
    this.#sending = undefined;
  }

  #next(): Series | undefined {
    return this.#aborted.signal.aborted ? undefined : this.#waiting.shift();
  }

  async #sendOne(series: Series, signal: AbortSignal): Promise<void> {
    const { transport } = this.#parts;
    const count = series.count;
    if (series.sentCount === count) return;
    if (series.sentCount > 0) {
      try {
        const body: Pick<Made<"Event">, "series"> = { series: seriesOf(series) };
        await transport.send(
          { verb: "patch", resource: RESOURCES.event, target: { key: series.key }, body },
          signal,
        );
        series.sentCount = count;
        return;
      } catch (error) {
        // Events expire after an hour, or are deleted by hand; then a new one is created.
        if (!isNotFound(error)) throw error;
      }
    }
    const target = { namespace: series.key.namespace };
    const body = this.#eventObject(series);
    await transport.send({ verb: "create", resource: RESOURCES.event, target, body }, signal);
    series.sentCount = count;
  }

  #eventObject(series: Series): Made<"Event"> {
    const { record, key, firstMs, count } = series;
    const { regarding } = record;
    return {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name: key.name, namespace: key.namespace },
      eventTime: microTime(firstMs),
      reportingController: REPORTING_CONTROLLER,
      reportingInstance: this.#parts.instance.slice(0, longestWord),
      action: record.action.slice(0, longestWord),
      reason: record.reason.slice(0, longestWord),
      regarding: {
        apiVersion: regarding.apiVersion,
        kind: regarding.kind,
        name: regarding.metadata.name,
        namespace: regarding.metadata.namespace,
        uid: regarding.metadata.uid,
      },
      note: record.note,
      type: record.type,
      ...(count > 1 ? { series: seriesOf(series) } : {}),
    };
  }

  /** Forgets series that are over, from time to time. */
  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptMs < seriesMs) return;
    this.#sweptMs = nowMs;
    for (const [id, series] of this.#series) {
      if (nowMs - series.lastMs > seriesMs && !series.isWaiting) this.#series.delete(id);
    }
  }
}

function seriesOf(series: Series): Made<"Event">["series"] {
  return { count: series.count, lastObservedTime: microTime(series.lastMs) };
}

function identityOf(object: KubeObject): string {
  return object.metadata.uid ?? `${object.kind} ${keyText(keyOf(object))}`;
}

/** The parts of an object that an Event needs, so that the rest can be freed. */
function metadataOf(object: KubeObject): KubeObject {
  const { name, namespace, uid } = object.metadata;
  const { apiVersion, kind } = object;
  return {
    apiVersion,
    kind,
    metadata: { name, ...(namespace ? { namespace } : {}), ...(uid === undefined ? {} : { uid }) },
  };
}

/** Events are in the namespace of their object, those of cluster-scoped ones in `default`; names must not repeat. */
function eventKey(regarding: KubeObject, nowMs: number, random: number): ObjectKey {
  const suffix = `${Math.floor(nowMs * 1000).toString(16)}${
    Math.floor(random * 2 ** 24).toString(16).padStart(6, "0")
  }`;
  // A cut name must still end in a letter or digit before the dot.
  const stem = regarding.metadata.name.slice(0, 252 - suffix.length).replace(/[^a-z0-9]+$/i, "");
  return { namespace: regarding.metadata.namespace || "default", name: `${stem}.${suffix}` };
}
