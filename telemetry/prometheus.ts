/** The pull side: what /metrics says, in Prometheus' text format. */
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { AggregationTemporality, type MetricProducer, MetricReader } from "@opentelemetry/sdk-metrics";

/** The content type of the text, as Prometheus asks for it. */
export const prometheusContentType = "text/plain; version=0.0.4; charset=utf-8";

/** Collects only when asked; holds no port and no timer. */
export class PullReader extends MetricReader {
  readonly #serializer = createSerializer();
  readonly #onFault: (error: unknown) => void;

  constructor(producers: readonly MetricProducer[], onFault: (error: unknown) => void) {
    super({
      aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE,
      metricProducers: [...producers],
    });
    this.#onFault = onFault;
  }

  /** Everything there is to say now; a source that failed is reported and left out. */
  async render(): Promise<string> {
    const { resourceMetrics, errors } = await this.collect();
    for (const error of errors) this.#onFault(error);
    return this.#serializer.serialize(resourceMetrics);
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** No prefix, no timestamps (they break staleness), target_info kept, no otel_scope_* labels (they break `by`). */
function createSerializer(): PrometheusSerializer {
  const [prefix, timestamps, constantLabels, withoutTargetInfo, withoutScope] = [
    "",
    false,
    undefined,
    false,
    true,
  ];
  return new PrometheusSerializer(prefix, timestamps, constantLabels, withoutTargetInfo, withoutScope);
}
