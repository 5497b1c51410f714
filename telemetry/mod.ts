/**
 * Telemetry: metrics, traces, logs and health of one process, behind one function.
 *
 * It imports OpenTelemetry and no other folder; no other folder imports OpenTelemetry's SDK. Start reading
 * at `startTelemetry`, then `metrics/catalog/` (what is measured) and `logs/log.ts` (how to log).
 * @module
 */
import { type Attributes as ResourceAttributes } from "@opentelemetry/api";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { type Clock, systemClock } from "./clock.ts";
import { type TelemetryConfig, telemetryVariables } from "./config.ts";
import { type Health, HealthChecks } from "./health.ts";
import { createHandler, type Handler } from "./http.ts";
import { createLog, lineOutput, type Log } from "./logs/log.ts";
import { type Sink, streamSink } from "./logs/sink.ts";
import { ExportReports } from "./otlp/export_reports.ts";
import { Instruments, type Metrics } from "./metrics/instruments.ts";
import { ObjectSeries } from "./metrics/object_series.ts";
import type { OtlpExport, OtlpExportParts } from "./otlp/export.ts";
import { endpointsOf, type OtlpConfig } from "./otlp/config.ts";
import { readProcessMetrics } from "./metrics/process_metrics.ts";
import { PullReader } from "./metrics/prometheus.ts";
import { Redactor } from "./redact.ts";
import type { Role } from "./resource_attributes.ts";
import { attribute } from "./semconv.ts";
import { type StateMetrics, StateProducer } from "./metrics/state_metrics.ts";
import { Tracer, type Tracing } from "./traces/tracer.ts";

export {
  catalog,
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  type MetricEntry,
  metricEntry,
  type MetricName,
  metricNames,
  type ObjectCounterName,
  type ObjectSeriesName,
  type OpenLabelsOf,
} from "./metrics/catalog/mod.ts";
export { type Clock, systemClock } from "./clock.ts";
export { parseTelemetryConfig, type TelemetryConfig, telemetryVariables } from "./config.ts";
export { escapeControls } from "./escape_controls.ts";
export { type CheckResult, type Health, type HealthReport, Heartbeat, type Probe } from "./health.ts";
export { type Handler, type ListenAddress, type Server, startServer } from "./http.ts";
export { createLog, type Fields, lineOutput, type Log, type LogScope } from "./logs/log.ts";
export { type Level, type LogFilter, parseLogFilter } from "./logs/filter.ts";
export { type Sink, streamSink } from "./logs/sink.ts";
export { inlineCertificates } from "./otlp/inline_certificates.ts";
export { type Role } from "./resource_attributes.ts";
export { type Environment } from "./settings.ts";
export { type Metrics } from "./metrics/instruments.ts";
export { type OtlpVariable, otlpVariables, variableNames } from "./otlp/variables.ts";
export {
  type HandedOn,
  LOG_PASSTHROUGH,
  OTLP_PASSTHROUGH,
  type SecretKey,
  telemetryPassthrough,
} from "./passthrough.ts";
export { type Build } from "./metrics/process_metrics.ts";
export { errorChain, Redactor } from "./redact.ts";
export { redacted } from "./redact_patterns.ts";
export { attribute } from "./semconv.ts";
export { spanCatalog, type SpanEntry, spanEntry } from "./traces/catalog.ts";
export { type Sample, type SampleSource, type StateMetrics } from "./metrics/state_metrics.ts";
export { type TombstoneLimits, tombstoneLimits, Tombstones } from "./metrics/tombstones.ts";
export { type Attributes, type FinishedSpan, type Span } from "./traces/span.ts";
export { type SpanStart, type Tracing } from "./traces/tracer.ts";

/** The logs, metrics, traces and health of a role. */
export interface Telemetry extends Tracing {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly state: StateMetrics;
  readonly health: Health;
  /** Secrets remembered here appear in no line and no span. */
  readonly redactor: Redactor;
  /** Answers /metrics, /healthz and /readyz. */
  readonly handler: Handler;
  /** The text of /metrics. */
  renderMetrics(): Promise<string>;
  /**
   * Exports the rest, for at most 5 s (2 s in a mover), and ends readers and tracing; a second call does nothing.
   * Logging still works afterwards.
   */
  shutdown(): Promise<void>;
}

/** What a test or a role may replace; everything has a default. */
export interface TelemetryDeps {
  /** Where log lines go; standard output by default. */
  readonly sink?: Sink;
  readonly clock?: Clock;
  /** Where finished spans go; with none, spans carry ids and nothing is recorded. */
  readonly spanProcessors?: readonly SpanProcessor[];
  /** The export over OTLP; none unless given. */
  readonly otlp?: (parts: OtlpExportParts) => OtlpExport;
}

/** A wrong setting in strict mode, so telemetry does not start. */
export class StrictTelemetryError extends Error {
  constructor(sentences: readonly string[]) {
    super(sentences.join("\n"));
    this.name = "StrictTelemetryError";
  }
}

/**
 * The limit of `shutdown`. A mover's result is written before, but is seen only when the mover has ended, so a
 * hanging collector delays a backup by this time.
 */
const endWithinMs: Readonly<Record<Role, number>> = {
  controller: 5_000,
  webhook: 5_000,
  mover: 2_000,
  plugin: 2_000,
};
/** The least time between two log lines about the export of one signal. */
const exportReportMs = 60_000;

/**
 * Starts the telemetry of a process, and its export if configured; gRPC is imported only then. Throws
 * StrictTelemetryError in strict mode when a setting is wrong.
 */
export async function openTelemetry(config: TelemetryConfig, deps: TelemetryDeps = {}): Promise<Telemetry> {
  const wrong = [...config.faults, ...config.warnings];
  if (config.strict && wrong.length > 0) throw new StrictTelemetryError(wrong);
  if (config.otlp === undefined) return startTelemetry(config, deps);
  return startTelemetry(config, { ...deps, otlp: await loadOtlp(config.otlp) });
}

/** Imports gRPC only in a process with a collector. */
async function loadOtlp(config: OtlpConfig): Promise<(parts: OtlpExportParts) => OtlpExport> {
  const { createOtlpExporters } = await import("./otlp/exporters.ts");
  const { startOtlpExport } = await import("./otlp/export.ts");
  return (parts) => startOtlpExport(config, createOtlpExporters(config), parts);
}

/**
 * Starts the telemetry of a process. Registers no globals and opens no port, so several can exist at the same
 * time. Wrong settings are logged first.
 */
export function startTelemetry(config: TelemetryConfig, deps: TelemetryDeps = {}): Telemetry {
  const clock = deps.clock ?? systemClock;
  const redactor = new Redactor();
  for (const secret of config.secrets) redactor.remember(secret);
  const resource = describeProcess(config);
  const objectSeries = new ObjectSeries(clock, {
    most: config.durationRecipes,
    onFold: (folded, recipes) => {
      const limit = {
        recipes,
        most: config.durationRecipes,
        variable: telemetryVariables.durationRecipes.name,
      };
      if (folded) {
        ownLog.warn("the durations of all recipes share one histogram, as there are too many", limit);
      } else ownLog.info("each recipe has a histogram of its durations again", limit);
    },
  });
  const state = new StateProducer(clock);
  const producers = [objectSeries, state];
  const otlp = deps.otlp?.({
    role: config.role,
    resource,
    producers,
    // An export runs in the context of the last record, so its report must leave that trace.
    onExport: (signal, error) =>
      tracer.outside(() => error === undefined ? reports?.succeeded(signal) : reports?.failed(signal, error)),
  });
  const tracer = new Tracer({
    resource,
    processors: [...deps.spanProcessors ?? [], ...otlp?.spanProcessors ?? []],
    redactor,
    ...(config.otlp === undefined ? {} : { sampler: config.otlp.sampler }),
  });
  const log = createLog({
    filter: config.logFilter,
    redactor,
    clock,
    outputs: [lineOutput(deps.sink ?? streamSink(Deno.stdout), config.logFormat), ...otlp?.logOutputs ?? []],
    activeTrace: () => tracer.activeTrace(),
  });
  const ownLog = log.child({ target: "telemetry" });
  state.registerProcess(() => readProcessMetrics(config.build));
  state.registerProcess(() => objectSeries.samples());
  const onSourceFault = (error: unknown) => ownLog.error("a source of metrics failed", { error });
  const reader = new PullReader(producers, onSourceFault);
  const metrics = new Instruments({
    resource,
    readers: [reader, ...otlp?.metricReaders ?? []],
    objectSeries,
    onFault: (fault) => ownLog.warn("a measurement was dropped", { fault }),
  });
  const reports = otlp === undefined ? undefined : new ExportReports({
    log: ownLog,
    metrics,
    clock,
    endpoints: endpointsOf(config.otlp),
    intervalMs: exportReportMs,
  });
  const health = new HealthChecks();
  tellSettings(config, ownLog);
  const ends = [() => metrics.shutdown(), () => tracer.shutdown(), () => otlp?.endLogs()];
  let ended: Promise<void> | undefined;
  return {
    log,
    metrics,
    state,
    health,
    redactor,
    handler: createHandler({
      health,
      renderMetrics: (use) => reader.renderInto(use),
      redactor,
      log: ownLog,
      clock,
    }),
    renderMetrics: () => reader.render(),
    withSpan: (start, attributes, fn) => tracer.withSpan(start, attributes, fn),
    withRemoteParent: (traceparent, fn) => tracer.withRemoteParent(traceparent, fn),
    recordSpan: (span) => tracer.recordSpan(span),
    currentTraceparent: () => tracer.currentTraceparent(),
    activeTrace: () => tracer.activeTrace(),
    shutdown: () => ended ??= endAll(ends, endWithinMs[config.role], ownLog),
  };
}

/** Logs what was wrong with the environment. */
function tellSettings({ faults, warnings, hints }: TelemetryConfig, log: Log): void {
  for (const fault of faults) log.error("telemetry is not exported", { fault });
  for (const warning of warnings) log.warn("a setting was ignored", { warning });
  for (const hint of hints) log.warn("a setting is doubtful", { hint });
}

/** The resource attributes of this process; they become target_info. */
function describeProcess(config: TelemetryConfig): Resource {
  const attributes: ResourceAttributes = {
    [attribute.serviceName]: config.serviceName,
    [attribute.serviceNamespace]: "kopiur",
    [attribute.serviceVersion]: config.build.version,
  };
  if (config.instanceId !== undefined) attributes[attribute.serviceInstanceId] = config.instanceId;
  if (config.namespace !== undefined) attributes[attribute.k8sNamespaceName] = config.namespace;
  if (config.podName !== undefined) attributes[attribute.k8sPodName] = config.podName;
  return resourceFromAttributes({ ...attributes, ...config.attributes });
}

async function endAll(
  ends: readonly (() => Promise<void> | undefined)[],
  limitMs: number,
  log: Log,
): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = setTimeout(() => resolve("late"), limitMs);
  const results = await Promise.race([Promise.allSettled(ends.map((end) => end())), late]);
  clearTimeout(timer);
  if (results === "late") return log.warn("telemetry did not end in time", { limitMs });
  for (const result of results) {
    if (result.status === "rejected") log.warn("telemetry did not end cleanly", { error: result.reason });
  }
}
