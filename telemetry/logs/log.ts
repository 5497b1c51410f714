/** Log lines: a short fixed message plus fields, filtered by target and sent to every output. */
import type { Clock } from "../clock.ts";
import { type Level, type LogFilter, verbosityFor, verbosityOf } from "./filter.ts";
import { formatLine, type LineFormat, type LogRecord, type LogTrace, type SpanFrame } from "./format.ts";
import type { Plain, Redactor } from "../redact.ts";

/** The fields of a line; a value may be anything, an Error becomes its chain of messages. */
export type Fields = Readonly<Record<string, unknown>>;

/** What a child adds: a target of its own, fields for each of its lines, or both. */
export interface LogScope {
  readonly target?: string;
  readonly fields?: Fields;
}

/** A log. The message is a fixed text; what varies goes into the fields. */
export interface Log {
  error(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  debug(message: string, fields?: Fields): void;
  trace(message: string, fields?: Fields): void;
  child(scope: LogScope): Log;
  /** Whether such a line would be written; to skip expensive fields. */
  enabled(level: Level): boolean;
}

/** Receives records; must not throw and must not block for long. */
export type LogOutput = (record: LogRecord) => void;

/** What a log needs. */
export interface LogParts {
  readonly filter: LogFilter;
  readonly redactor: Redactor;
  readonly clock: Clock;
  readonly outputs: readonly LogOutput[];
  /** The caller's trace, if any. */
  readonly activeTrace: () => LogTrace | undefined;
}

/** The target of lines without their own. */
export const defaultTarget = "kopiur";

/** Makes the root log of a process. */
export function createLog(parts: LogParts): Log {
  return new TargetLog(parts, defaultTarget, {});
}

/** An output that writes each record as one line to the sink. */
export function lineOutput(sink: (line: string) => void, format: LineFormat): LogOutput {
  return (record) => sink(`${formatLine(record, format)}\n`);
}

class TargetLog implements Log {
  readonly #parts: LogParts;
  readonly #target: string;
  readonly #fields: Fields;
  readonly #verbosity: number;

  constructor(parts: LogParts, target: string, fields: Fields) {
    this.#parts = parts;
    this.#target = target;
    this.#fields = fields;
    this.#verbosity = verbosityFor(parts.filter, target);
  }

  error(message: string, fields?: Fields): void {
    this.#write("error", message, fields);
  }

  warn(message: string, fields?: Fields): void {
    this.#write("warn", message, fields);
  }

  info(message: string, fields?: Fields): void {
    this.#write("info", message, fields);
  }

  debug(message: string, fields?: Fields): void {
    this.#write("debug", message, fields);
  }

  trace(message: string, fields?: Fields): void {
    this.#write("trace", message, fields);
  }

  child(scope: LogScope): Log {
    return new TargetLog(this.#parts, scope.target ?? this.#target, { ...this.#fields, ...scope.fields });
  }

  enabled(level: Level): boolean {
    return verbosityOf(level) <= this.#verbosity;
  }

  #write(level: Level, message: string, fields: Fields | undefined): void {
    if (!this.enabled(level)) return;
    const { redactor, clock, outputs, activeTrace } = this.#parts;
    const trace = activeTrace();
    const record: LogRecord = {
      timeMs: clock(),
      level,
      target: this.#target,
      message: redactor.text(message),
      fields: plainFields(redactor, fields === undefined ? this.#fields : { ...this.#fields, ...fields }),
      trace: trace === undefined
        ? undefined
        : { ...trace, spans: trace.spans.map((frame) => plainFrame(redactor, frame)) },
    };
    for (const output of outputs) output(record);
  }
}

function plainFields(redactor: Redactor, fields: Fields): Readonly<Record<string, Plain>> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([key, value]) => [key, redactor.value(value, key)]));
}

function plainFrame(redactor: Redactor, frame: SpanFrame): SpanFrame {
  return { name: redactor.text(frame.name), attributes: plainFields(redactor, frame.attributes) };
}
