/** Formats a log record as one line of text or JSON. */
import { escapeControls } from "../escape_controls.ts";
import type { Level } from "./filter.ts";
import type { Plain } from "../redact.ts";

/** A span around a log line: its name and the attributes it started with. */
export interface SpanFrame {
  readonly name: string;
  readonly attributes: Readonly<Record<string, Plain>>;
}

/** The trace a log line belongs to; spans from the outermost to the innermost. */
export interface LogTrace {
  readonly traceId: string;
  readonly spanId: string;
  /** Whether the trace is recorded. */
  readonly isSampled: boolean;
  readonly spans: readonly SpanFrame[];
}

/** One log record, already redacted. */
export interface LogRecord {
  readonly timeMs: number;
  readonly level: Level;
  readonly target: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, Plain>>;
  readonly trace: LogTrace | undefined;
}

/** The format of lines; only text can have colours. */
export type LineFormat = { readonly kind: "json" } | { readonly kind: "text"; readonly color: boolean };

const colors: Readonly<Record<Level, string>> = {
  error: "\x1b[31m",
  warn: "\x1b[33m",
  info: "\x1b[32m",
  debug: "\x1b[34m",
  trace: "\x1b[35m",
};
const dim = "\x1b[2m";
const plain = "\x1b[0m";

/** Renders a record as one line, without the line end; no value can begin a second line. */
export function formatLine(record: LogRecord, format: LineFormat): string {
  return format.kind === "json" ? formatJson(record) : formatText(record, format.color);
}

function formatJson(record: LogRecord): string {
  const innermost = record.trace?.spans.at(-1);
  return JSON.stringify({
    timestamp: formatTime(record.timeMs),
    level: record.level.toUpperCase(),
    target: record.target,
    fields: Object.assign({ message: "" }, record.fields, { message: record.message }),
    ...(innermost === undefined ? {} : { span: spanObject(innermost) }),
    ...(record.trace === undefined ? {} : {
      spans: record.trace.spans.map(spanObject),
      trace_id: record.trace.traceId,
      span_id: record.trace.spanId,
    }),
  });
}

function formatText(record: LogRecord, color: boolean): string {
  const time = formatTime(record.timeMs);
  const level = record.level.toUpperCase().padStart(5);
  const spans = (record.trace?.spans ?? []).map(spanText).join(":");
  const where = spans === "" ? `${record.target}:` : `${spans}: ${record.target}:`;
  const fields = {
    ...record.fields,
    ...(record.trace === undefined ? {} : { trace_id: record.trace.traceId, span_id: record.trace.spanId }),
  };
  const said = [escapeControls(record.message), ...Object.entries(fields).map(fieldText)].join(" ");
  if (!color) return `${time} ${level} ${where} ${said}`;
  return `${dim}${time}${plain} ${colors[record.level]}${level}${plain} ${dim}${where}${plain} ${said}`;
}

/**
 * The promised format has both the span's name and the object's under "name". The object's wins, as
 * people filter by it; the span's is always under "span" as well.
 */
function spanObject(frame: SpanFrame): Readonly<Record<string, Plain>> {
  return { ...frame.attributes, name: frame.attributes["name"] ?? frame.name, span: frame.name };
}

function spanText(frame: SpanFrame): string {
  const fields = Object.entries(frame.attributes).map(fieldText).join(" ");
  return `${escapeControls(frame.name)}{${fields}}`;
}

function fieldText([key, value]: readonly [string, Plain]): string {
  return `${escapeControls(key)}=${valueText(value)}`;
}

function valueText(value: Plain): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return /^[\w.:\/@+%-]+$/.test(value) ? value : escapeControls(JSON.stringify(value));
}

/** RFC 3339 in UTC with microseconds. */
function formatTime(epochMs: number): string {
  const wholeMs = Math.floor(epochMs);
  const micros = Math.floor((epochMs - wholeMs) * 1000);
  return `${new Date(wholeMs).toISOString().slice(0, -1)}${String(micros).padStart(3, "0")}Z`;
}
