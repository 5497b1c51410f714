/** One running span: attributes, events and failure. */
import * as otel from "@opentelemetry/api";
import type { Redactor } from "../redact.ts";
import { attribute } from "../semconv.ts";

/** The attributes of a span; undefined means absent. */
export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** A running span, as the code inside sees it. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  setAttributes(attributes: Attributes): void;
  addEvent(name: string, attributes?: Attributes): void;
  /** Marks the span as failed although nothing was thrown. */
  fail(message: string): void;
}

/** A finished piece of work, to be recorded as a span. */
export interface FinishedSpan {
  readonly name: string;
  /** The ids of the span itself; spans with this traceparent as parent are below it. */
  readonly traceparent: string;
  /** Since the Unix epoch. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** Why it failed, when it did. */
  readonly failure?: string;
}

/** A span of the SDK behind our interface; attributes are redacted, and set only on a recorded span. */
export class RunningSpan implements Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly #span: otel.Span;
  readonly #redactor: Redactor;

  constructor(span: otel.Span, redactor: Redactor) {
    this.#span = span;
    this.#redactor = redactor;
    ({ traceId: this.traceId, spanId: this.spanId } = span.spanContext());
  }

  setAttributes(attributes: Attributes): void {
    if (this.#span.isRecording()) this.#span.setAttributes(this.#clean(attributes));
  }

  addEvent(name: string, attributes: Attributes = {}): void {
    if (this.#span.isRecording()) this.#span.addEvent(name, this.#clean(attributes));
  }

  fail(message: string): void {
    if (!this.#span.isRecording()) return;
    this.#span.setStatus({ code: otel.SpanStatusCode.ERROR, message: this.#redactor.text(message) });
  }

  /** Marks the span as failed with a thrown error and its causes. */
  failWith(error: unknown): void {
    if (!this.#span.isRecording()) return;
    const name = error instanceof Error ? error.name : typeof error;
    const message = String(this.#redactor.value(error) ?? "");
    this.#span.recordException({ name, message });
    this.#span.setAttributes({ [attribute.errorType]: name });
    this.fail(message);
  }

  #clean(attributes: Attributes): otel.Attributes {
    const clean: otel.Attributes = {};
    for (const [key, value] of Object.entries(givenAttributes(attributes))) {
      clean[key] = this.#cleanValue(key, value);
    }
    return clean;
  }

  #cleanValue(key: string, value: string | number | boolean | readonly string[]): otel.AttributeValue {
    if (typeof value === "number" || typeof value === "boolean") return value;
    if (typeof value === "string") return String(this.#redactor.value(value, key));
    return value.map((each) => this.#redactor.text(each));
  }
}

type Given = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** The attributes that are not undefined. */
export function givenAttributes(attributes: Attributes): Given {
  const all: Record<string, string | number | boolean | readonly string[]> = {};
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) all[key] = value;
  return all;
}
