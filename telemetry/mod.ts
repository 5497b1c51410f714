/**
 * Telemetry: metrics, traces, logs and health of one process, behind one function.
 *
 * A leaf: imports OpenTelemetry and nothing of ours; OpenTelemetry's SDK is imported nowhere else. Start reading
 * at `startTelemetry`, then `catalog.ts` for what is measured and `log.ts` for how things are said.
 * @module
 */
import { type Attributes as ResourceAttributes } from "@opentelemetry/api";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { type Clock, systemClock } from "./clock.ts";
import type { TelemetryConfig } from "./config.ts";
import { type Health, HealthChecks } from "./health.ts";
import { createHandler, type Handler } from "./http.ts";
import { createLog, lineOutput, type Log } from "./log.ts";
import { type Sink, streamSink } from "./log_sink.ts";
import { Instruments, type Metrics } from "./metrics.ts";
import { ObjectCounters } from "./object_counters.ts";
import { readProcessMetrics } from "./process_metrics.ts";
import { PullReader } from "./prometheus.ts";
import { Redactor } from "./redact.ts";
import { attribute } from "./semconv.ts";
import { type StateMetrics, StateProducer } from "./state_metrics.ts";
import { Tracer, type Tracing } from "./tracing.ts";

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
  type OpenLabelsOf,
} from "./catalog.ts";
export { type Clock, systemClock } from "./clock.ts";
export {
  type Environment,
  parseTelemetryConfig,
  type Role,
  type TelemetryConfig,
  telemetryVariables,
} from "./config.ts";
export { type CheckResult, type Health, type HealthReport, Heartbeat, type Probe } from "./health.ts";
export { type Handler, type ListenAddress, type Server, startServer } from "./http.ts";
export { type Fields, type Log, type LogScope } from "./log.ts";
export { type Level, type LogFilter, parseLogFilter } from "./log_filter.ts";
export { type Sink, streamSink } from "./log_sink.ts";
export { type Metrics } from "./metrics.ts";
export { type Build } from "./process_metrics.ts";
export { errorChain, Redactor } from "./redact.ts";
export { redacted } from "./redact_patterns.ts";
export { attribute } from "./semconv.ts";
export { type Sample, type SampleSource, type StateMetrics } from "./state_metrics.ts";
export { type TombstoneLimits, tombstoneLimits, Tombstones } from "./tombstones.ts";
export { type Attributes, type Span } from "./span.ts";
export { type SpanStart, type Tracing } from "./tracing.ts";

/** Everything a role needs to tell what it does. */
export interface Telemetry extends Tracing {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly state: StateMetrics;
  readonly health: Health;
  /** Secrets remembered here appear in no line and no span. */
  readonly redactor: Redactor;
  /** Answers /metrics, /healthz and /readyz. */
  readonly handler: Handler;
  /** What /metrics says. */
  renderMetrics(): Promise<string>;
  /** Ends readers and tracing; a second call does nothing. Logging goes on working. */
  shutdown(): Promise<void>;
}

/** What a test or a role may replace; everything has a default. */
export interface TelemetryDeps {
  /** Where log lines go; standard output unless told. */
  readonly sink?: Sink;
  readonly clock?: Clock;
  /** Where finished spans go; with none, spans carry ids and nothing is recorded. */
  readonly spanProcessors?: readonly SpanProcessor[];
}

/**
 * Starts the telemetry of a process. Registers no globals and opens no port, so any number may live side by
 * side; what was wrong with the environment is logged as the first lines.
 */
export function startTelemetry(config: TelemetryConfig, deps: TelemetryDeps = {}): Telemetry {
  const clock = deps.clock ?? systemClock;
  const redactor = new Redactor();
  const resource = describeProcess(config);
  const tracer = new Tracer({ resource, processors: deps.spanProcessors ?? [], redactor });
  const log = createLog({
    filter: config.logFilter,
    redactor,
    clock,
    outputs: [lineOutput(deps.sink ?? streamSink(Deno.stdout), config.logFormat)],
    activeTrace: () => tracer.activeTrace(),
  });
  const ownLog = log.child({ target: "telemetry" });
  const objectCounters = new ObjectCounters(clock);
  const state = new StateProducer(clock);
  state.registerProcess(() => readProcessMetrics(config.build));
  const onSourceFault = (error: unknown) => ownLog.error("a source of metrics failed", { error });
  const reader = new PullReader([objectCounters, state], onSourceFault);
  const metrics = new Instruments({
    resource,
    readers: [reader],
    objectCounters,
    onFault: (fault) => ownLog.warn("a measurement was dropped", { fault }),
  });
  const health = new HealthChecks();
  const renderMetrics = () => reader.render();
  for (const warning of config.warnings) ownLog.warn("a setting was ignored", { warning });
  let ended: Promise<void> | undefined;
  return {
    log,
    metrics,
    state,
    health,
    redactor,
    handler: createHandler({ health, renderMetrics, redactor, log: ownLog }),
    renderMetrics,
    withSpan: (start, attributes, fn) => tracer.withSpan(start, attributes, fn),
    withRemoteParent: (traceparent, fn) => tracer.withRemoteParent(traceparent, fn),
    currentTraceparent: () => tracer.currentTraceparent(),
    activeTrace: () => tracer.activeTrace(),
    shutdown: () => ended ??= endAll([() => metrics.shutdown(), () => tracer.shutdown()], ownLog),
  };
}

/** What this process is, as resource attributes; they become target_info. */
function describeProcess(config: TelemetryConfig): Resource {
  const attributes: ResourceAttributes = {
    [attribute.serviceName]: config.serviceName,
    [attribute.serviceNamespace]: "kopiur",
    [attribute.serviceVersion]: config.build.version,
  };
  if (config.instanceId !== undefined) attributes[attribute.serviceInstanceId] = config.instanceId;
  if (config.namespace !== undefined) attributes[attribute.k8sNamespaceName] = config.namespace;
  if (config.podName !== undefined) attributes[attribute.k8sPodName] = config.podName;
  return resourceFromAttributes(attributes);
}

async function endAll(ends: readonly (() => Promise<void>)[], log: Log): Promise<void> {
  for (const result of await Promise.allSettled(ends.map((end) => end()))) {
    if (result.status === "rejected") log.warn("telemetry did not end cleanly", { error: result.reason });
  }
}
