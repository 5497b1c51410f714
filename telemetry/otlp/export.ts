/**
 * The export of one process: bounded queues in front of OpenTelemetry's exporters. Imported only with a
 * collector, as nothing else needs gRPC.
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
import { pushedByOthers } from "../metrics/catalog/mod.ts";
import type { LogOutput } from "../logs/log.ts";
import type { OtlpConfig } from "./config.ts";
import type { QueueLimits } from "./tuning.ts";
import { OtlpLogOutput } from "./log_output.ts";
import type { OtlpSignal } from "./variables.ts";
import { WatchedExporter, WatchedMetricExporter } from "./watched_exporters.ts";

/** One exporter per signal that has a target. */
export interface OtlpExporters {
  readonly traces?: SpanExporter;
  readonly metrics?: PushMetricExporter;
  readonly logs?: LogRecordExporter;
}

/** Called after each export; `error` is undefined on success. */
export type OnSignalExport = (signal: OtlpSignal, error: Error | undefined) => void;

/** The parts of the export in a process's telemetry. */
export interface OtlpExport {
  readonly metricReaders: readonly MetricReader[];
  readonly spanProcessors: readonly SpanProcessor[];
  readonly logOutputs: readonly LogOutput[];
  /** Exports the remaining log lines; readers and processors end the other signals. */
  endLogs(): Promise<void>;
}

/** What an export needs. */
export interface OtlpExportParts {
  readonly role: string;
  readonly resource: Resource;
  /** The same as for /metrics, so that both report the same. */
  readonly producers: readonly MetricProducer[];
  readonly onExport: OnSignalExport;
}

/** Connects exporters; what they cannot export in time is dropped. */
export function startOtlpExport(
  config: OtlpConfig,
  exporters: OtlpExporters,
  { role, resource, producers, onExport }: OtlpExportParts,
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
        exporter: new WatchedMetricExporter(
          metrics,
          { temporality: temporalityOf(config), leftOut: pushedByOthers(role) },
          watch("metrics"),
        ),
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

/** "lowmemory" differs from "delta" only for up-down counters, which this program does not have. */
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
