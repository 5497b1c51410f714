/** Log records as OpenTelemetry log records: severity, attributes, and the trace they belong to. */
import { type Context, ROOT_CONTEXT, trace, TraceFlags } from "@opentelemetry/api";
import { type Logger, SeverityNumber } from "@opentelemetry/api-logs";
import type { Resource } from "@opentelemetry/resources";
import { LoggerProvider, type LogRecordProcessor } from "@opentelemetry/sdk-logs";
import { toHrTime } from "../clock.ts";
import type { Level } from "../logs/filter.ts";
import type { LogRecord, LogTrace } from "../logs/format.ts";
import type { Plain } from "../redact.ts";

const severities: Readonly<Record<Level, SeverityNumber>> = {
  trace: SeverityNumber.TRACE,
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
};

/** A log output that exports records; the target becomes the instrumentation scope. */
export class OtlpLogOutput {
  readonly #provider: LoggerProvider;
  readonly #loggers = new Map<string, Logger>();

  constructor(resource: Resource, processor: LogRecordProcessor) {
    this.#provider = new LoggerProvider({ resource, processors: [processor] });
  }

  /** Exports a record, which is already redacted. */
  write(record: LogRecord): void {
    this.#loggerOf(record.target).emit({
      timestamp: toHrTime(record.timeMs),
      severityNumber: severities[record.level],
      severityText: record.level.toUpperCase(),
      body: record.message,
      attributes: attributesOf(record),
      context: contextOf(record.trace),
    });
  }

  /** Exports the rest, and ends. */
  shutdown(): Promise<void> {
    return this.#provider.shutdown();
  }

  #loggerOf(target: string): Logger {
    const known = this.#loggers.get(target);
    if (known !== undefined) return known;
    const logger = this.#provider.getLogger(target);
    this.#loggers.set(target, logger);
    return logger;
  }
}

/** The attributes of the spans around the line; its own fields win. */
function attributesOf({ fields, trace }: LogRecord): Record<string, Attribute> {
  const all: Record<string, Attribute> = {};
  for (const { attributes } of trace?.spans ?? []) Object.assign(all, mutable(attributes));
  return Object.assign(all, mutable(fields));
}

type Attribute = string | number | boolean | null | Attribute[] | { [key: string]: Attribute };

/** Casts away readonly; nobody changes the value. */
function mutable(values: Readonly<Record<string, Plain>>): Readonly<Record<string, Attribute>> {
  return values as Readonly<Record<string, Attribute>>;
}

function contextOf(active: LogTrace | undefined): Context {
  if (active === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, isSampled } = active;
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags });
}
