/**
 * The export of one process: bounded queues before the exporters of OpenTelemetry. Loaded only where there is a
 * collector, for nothing else needs gRPC.
 */
import type { Resource } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, type LogRecordExporter } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  type MetricProducer,
  type MetricReader,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, type SpanExporter, type SpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { LogOutput } from "../logs/log.ts";
import type { OtlpConfig } from "./config.ts";
import type { QueueLimits } from "./tuning.ts";
import { OtlpLogOutput } from "./log_output.ts";
import type { OtlpSignal } from "./variables.ts";
import { WatchedExporter, WatchedMetricExporter } from "./watched_exporters.ts";

/** One exporter per signal that goes somewhere. */
export interface OtlpExporters {
  readonly traces?: SpanExporter;
  readonly metrics?: PushMetricExporter;
  readonly logs?: LogRecordExporter;
}

/** Told what became of each export; undefined means well. */
export type OnSignalExport = (signal: OtlpSignal, error: Error | undefined) => void;

/** What there is to plug into the telemetry of a process. */
export interface OtlpExport {
  readonly metricReaders: readonly MetricReader[];
  readonly spanProcessors: readonly SpanProcessor[];
  readonly logOutputs: readonly LogOutput[];
  /** Exports the log lines that are left; the rest ends with its readers and processors. */
  endLogs(): Promise<void>;
}

/** What an export is started with. */
export interface OtlpExportParts {
  readonly resource: Resource;
  /** The same as those of the pull side, so that both say the same. */
  readonly producers: readonly MetricProducer[];
  readonly onExport: OnSignalExport;
}

/** Connects exporters; what they cannot take in time is dropped, never waited for. */
export function startOtlpExport(
  config: OtlpConfig,
  exporters: OtlpExporters,
  { resource, producers, onExport }: OtlpExportParts,
): OtlpExport {
  const { traces, metrics, logs } = exporters;
  const watch = (signal: OtlpSignal) => (error: Error | undefined) => onExport(signal, error);
  const output = logs === undefined ? undefined : new OtlpLogOutput(
    resource,
    new BatchLogRecordProcessor(new WatchedExporter(logs, watch("logs")), queueOptions(config.logs)),
  );
  return {
    metricReaders: metrics === undefined ? [] : [
      new PeriodicExportingMetricReader({
        exporter: new WatchedMetricExporter(metrics, temporalityOf(config), watch("metrics")),
        exportIntervalMillis: config.metricIntervalMs,
        exportTimeoutMillis: config.metricTimeoutMs,
        metricProducers: [...producers],
      }),
    ],
    spanProcessors: traces === undefined ? [] : [
      new BatchSpanProcessor(new WatchedExporter(traces, watch("traces")), queueOptions(config.spans)),
    ],
    logOutputs: output === undefined ? [] : [(record) => output.write(record)],
    endLogs: async () => await output?.shutdown(),
  };
}

/** "lowmemory" differs from "delta" only in instruments that go up and down, which this program has none of. */
function temporalityOf({ temporality }: OtlpConfig): AggregationTemporality {
  return temporality === "cumulative" ? AggregationTemporality.CUMULATIVE : AggregationTemporality.DELTA;
}

function queueOptions({ delayMs, timeoutMs, mostQueued, mostPerExport }: QueueLimits) {
  return {
    scheduledDelayMillis: delayMs,
    exportTimeoutMillis: timeoutMs,
    maxQueueSize: mostQueued,
    maxExportBatchSize: mostPerExport,
  };
}
