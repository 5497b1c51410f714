/** Exporters that report the result of every export. */
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { AggregationTemporality, PushMetricExporter, ResourceMetrics } from "@opentelemetry/sdk-metrics";

/** Called after one export; `error` is undefined on success. */
export type OnExport = (error: Error | undefined) => void;

/** The common part of the exporters of all signals. */
export interface Exporter<Items> {
  export(items: Items, done: (result: ExportResult) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
}

/** An exporter that reports each result; a throw counts as a failure. */
export class WatchedExporter<Items> implements Exporter<Items> {
  readonly #exporter: Exporter<Items>;
  readonly #onExport: OnExport;

  constructor(exporter: Exporter<Items>, onExport: OnExport) {
    this.#exporter = exporter;
    this.#onExport = onExport;
  }

  export(items: Items, done: (result: ExportResult) => void): void {
    const note = (result: ExportResult) => {
      const isWell = result.code === ExportResultCode.SUCCESS;
      this.#onExport(isWell ? undefined : result.error ?? new Error("The export failed without a reason"));
      done(result);
    };
    try {
      this.#exporter.export(items, note);
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
      note({ code: ExportResultCode.FAILED, error });
    }
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }
}

/** How metrics are exported. */
export interface MetricExport {
  readonly temporality: AggregationTemporality;
  /** Names of instruments that another process exports. */
  readonly leftOut: ReadonlySet<string>;
}

/** A watched exporter of metrics, which also defines their temporality and leaves some out. */
export class WatchedMetricExporter extends WatchedExporter<ResourceMetrics> implements PushMetricExporter {
  readonly #how: MetricExport;

  constructor(exporter: PushMetricExporter, how: MetricExport, onExport: OnExport) {
    super(exporter, onExport);
    this.#how = how;
  }

  override export(items: ResourceMetrics, done: (result: ExportResult) => void): void {
    const { leftOut } = this.#how;
    const scopeMetrics = items.scopeMetrics.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.filter(({ descriptor }) => !leftOut.has(descriptor.name)),
    }));
    super.export({ ...items, scopeMetrics }, done);
  }

  selectAggregationTemporality(): AggregationTemporality {
    return this.#how.temporality;
  }
}
