/** Where spans get their ids from: chance, or what was decided before. */
import { type IdGenerator, RandomIdGenerator } from "@opentelemetry/sdk-trace-base";

/** The ids of one span. */
export interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** Random ids, but for a span that is started by `with`. */
export class SpanIdSource implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  #given: SpanIds | undefined;

  /** Runs fn, which must start one span and not wait; a root span gets these ids. */
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
