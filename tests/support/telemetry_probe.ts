import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { parseTelemetryConfig, startTelemetry, type Telemetry } from "../../telemetry/mod.ts";
import { FakeClock } from "./fake_clock.ts";

/** One log line as it was written, taken apart. */
export interface CapturedLine {
  readonly level: "ERROR" | "WARN" | "INFO" | "DEBUG" | "TRACE";
  readonly target: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Attributes of the innermost span around the line. */
  readonly span: Readonly<Record<string, unknown>>;
}

/** The real telemetry of a process, with its log lines and spans kept in memory and time standing still. */
export interface TelemetryProbe {
  readonly telemetry: Telemetry;
  /** Lines so far; all levels. */
  lines(): readonly CapturedLine[];
  /** Finished spans so far. */
  spans(): readonly ReadableSpan[];
  /** Lines of /metrics that begin so, help and type left out. */
  series(prefix: string): Promise<readonly string[]>;
}

/** Starts telemetry that writes to memory; object state is exported as on a leader. */
export function startTelemetryProbe(
  clock: FakeClock = new FakeClock(),
  more: Readonly<Record<string, string>> = {},
): TelemetryProbe {
  const written: string[] = [];
  const exporter = new InMemorySpanExporter();
  const build = { version: "0.0.0", commit: "test", date: "2026-01-01" };
  const env = { RUST_LOG: "trace", KOPIUR_LOG_FORMAT: "json", ...more };
  const config = parseTelemetryConfig(env, { role: "controller", build, terminal: false });
  const telemetry = startTelemetry(config, {
    sink: (line) => void written.push(line),
    clock: clock.epochMs,
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  telemetry.state.setActive(true);
  return {
    telemetry,
    lines: () => written.map(parseLine),
    spans: () => exporter.getFinishedSpans(),
    async series(prefix) {
      const text = await telemetry.renderMetrics();
      return text.split("\n").filter((line) => line.startsWith(prefix));
    },
  };
}

function parseLine(text: string): CapturedLine {
  // The line was written by telemetry/logs/format.ts, whose own tests hold it to this form.
  const { level, target, fields: { message, ...fields }, span = {} } = JSON.parse(text);
  return { level, target, message, fields, span };
}
