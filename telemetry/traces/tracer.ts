/** Starts and ends spans; the only file that uses the tracing API. */
import { AsyncLocalStorage } from "node:async_hooks";
import * as otel from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  type IdGenerator,
  RandomIdGenerator,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import type { LogTrace, SpanFrame } from "../logs/format.ts";
import type { SamplerChoice } from "../otlp/tuning.ts";
import type { Redactor } from "../redact.ts";
import { createSampler } from "./sampler.ts";
import { type Attributes, type FinishedSpan, givenAttributes, RunningSpan, type Span } from "./span.ts";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";

/** The name of a span, and its kind where it is not internal. */
export type SpanStart = string | { readonly name: string; readonly kind: "internal" | "client" | "server" };

/** Spans and their context. */
export interface Tracing {
  /** Runs fn in a new span; an error of fn marks the span as failed and is rethrown. */
  withSpan<T>(start: SpanStart, attributes: Attributes, fn: (span: Span) => T | Promise<T>): Promise<T>;
  /** Runs fn as the child of a span of another process; an invalid traceparent is ignored. */
  withRemoteParent<T>(traceparent: string | undefined, fn: () => T): T;
  /** Records a finished root span with given ids; with invalid ids nothing is recorded. */
  recordSpan(span: FinishedSpan): void;
  /** The W3C traceparent of the running span, for another process; undefined outside a span. */
  currentTraceparent(): string | undefined;
  /** The ids and spans around the caller; undefined outside a span. */
  activeTrace(): LogTrace | undefined;
}

/** What tracing needs; without processors spans have ids, but nothing is recorded. */
export interface TracingParts {
  readonly resource: Resource;
  readonly processors: readonly SpanProcessor[];
  /** Which traces are recorded: all, by default. */
  readonly sampler?: SamplerChoice;
  readonly redactor: Redactor;
}

interface StoredSpans {
  readonly context: otel.Context;
  readonly spans: readonly SpanFrame[];
}

const everyTrace: SamplerChoice = { root: "always_on", parentBased: true, ratio: 1 };

const kinds = {
  internal: otel.SpanKind.INTERNAL,
  client: otel.SpanKind.CLIENT,
  server: otel.SpanKind.SERVER,
} as const;

/** Tracing with a context of its own: no global is registered, so several can live in one process. */
export class Tracer implements Tracing {
  readonly #storage = new AsyncLocalStorage<StoredSpans | undefined>();
  readonly #ids = new SpanIdSource();
  readonly #provider: BasicTracerProvider;
  readonly #tracer: otel.Tracer;
  readonly #redactor: Redactor;

  constructor(parts: TracingParts) {
    const sampler = parts.processors.length === 0
      ? new AlwaysOffSampler()
      : createSampler(parts.sampler ?? everyTrace);
    this.#provider = new BasicTracerProvider({
      resource: parts.resource,
      spanProcessors: [...parts.processors],
      sampler,
      idGenerator: this.#ids,
    });
    this.#tracer = this.#provider.getTracer("kopiur");
    this.#redactor = parts.redactor;
  }

  withSpan<T>(start: SpanStart, attributes: Attributes, fn: (span: Span) => T | Promise<T>): Promise<T> {
    const { name, kind } = typeof start === "string" ? { name: start, kind: "internal" as const } : start;
    const parent = this.#storage.getStore();
    const around = parent?.context ?? otel.ROOT_CONTEXT;
    const span = this.#tracer.startSpan(name, { kind: kinds[kind] }, around);
    const running = new RunningSpan(span, this.#redactor);
    running.setAttributes(attributes);
    const frame: SpanFrame = { name, attributes: givenAttributes(attributes) };
    const store = { context: otel.trace.setSpan(around, span), spans: [...(parent?.spans ?? []), frame] };
    return this.#storage.run(store, () => runInSpan(span, running, fn));
  }

  withRemoteParent<T>(traceparent: string | undefined, fn: () => T): T {
    const remote = parseTraceparent(traceparent);
    if (remote === undefined) return fn();
    const context = otel.trace.setSpanContext(otel.ROOT_CONTEXT, { ...remote, isRemote: true });
    return this.#storage.run({ context, spans: [] }, fn);
  }

  recordSpan({ name, traceparent, startMs, endMs, attributes, failure }: FinishedSpan): void {
    const ids = parseTraceparent(traceparent);
    if (ids === undefined) return;
    const start = { startTime: new Date(startMs), root: true };
    const span = this.#ids.with(ids, () => this.#tracer.startSpan(name, start, otel.ROOT_CONTEXT));
    const finished = new RunningSpan(span, this.#redactor);
    finished.setAttributes(attributes);
    if (failure !== undefined) finished.fail(failure);
    span.end(new Date(Math.max(startMs, endMs)));
  }

  /** Runs fn outside any span. */
  outside<T>(fn: () => T): T {
    return this.#storage.run(undefined, fn);
  }

  currentTraceparent(): string | undefined {
    const span = this.#spanContext();
    return span === undefined ? undefined : formatTraceparent(span);
  }

  activeTrace(): LogTrace | undefined {
    const span = this.#spanContext();
    if (span === undefined) return undefined;
    const { traceId, spanId, traceFlags } = span;
    const isSampled = (traceFlags & otel.TraceFlags.SAMPLED) !== 0;
    return { traceId, spanId, isSampled, spans: this.#storage.getStore()?.spans ?? [] };
  }

  shutdown(): Promise<void> {
    return this.#provider.shutdown();
  }

  #spanContext(): otel.SpanContext | undefined {
    const stored = this.#storage.getStore();
    return stored === undefined ? undefined : otel.trace.getSpanContext(stored.context);
  }
}

async function runInSpan<T>(
  span: otel.Span,
  running: RunningSpan,
  fn: (span: Span) => T | Promise<T>,
): Promise<T> {
  try {
    return await fn(running);
  } catch (error) {
    running.failWith(error);
    throw error;
  } finally {
    span.end();
  }
}

/** The ids of one span. */
interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** Random ids, except for a span started inside `with`. */
class SpanIdSource implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  #given: SpanIds | undefined;

  /** Runs fn, which must start one root span and not wait; the span gets these ids. */
  with<T>(ids: SpanIds, fn: () => T): T {
    this.#given = ids;
    try {
      return fn();
    } finally {
      this.#given = undefined;
    }
  }

  generateTraceId(): string {
    return this.#given?.traceId ?? this.#random.generateTraceId();
  }

  generateSpanId(): string {
    return this.#given?.spanId ?? this.#random.generateSpanId();
  }
}
