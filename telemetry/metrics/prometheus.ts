/** The text of /metrics, in Prometheus' format. */
import type { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { AggregationTemporality, MetricReader } from "@opentelemetry/sdk-metrics";
import { Exposition } from "./exposition.ts";
import type { SampleStore } from "./sample_sink.ts";

/** The content type of the text, as Prometheus asks for it. */
export const prometheusContentType = "text/plain; version=0.0.4; charset=utf-8";

/** OpenTelemetry's serializer writes this when there are no metrics. */
const nothingYet = "# no registered metrics";

/**
 * Collects only on request; has no port and no timer. OpenTelemetry's own serializer writes the resource and the few
 * instruments; ours writes the many samples of the stores (decision 0015).
 */
export class PullReader extends MetricReader {
  #serializer: Promise<PrometheusSerializer> | undefined;
  readonly #stores: readonly SampleStore[];
  readonly #onFault: (error: unknown) => void;
  /** Every scrape uses the same buffers, until the garbage collector frees them. */
  #exposition: WeakRef<Exposition> | undefined;

  constructor(stores: readonly SampleStore[], onFault: (error: unknown) => void) {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
    this.#stores = stores;
    this.#onFault = onFault;
  }

  /** The current text; a source that fails is reported and left out. */
  render(): Promise<string> {
    return this.renderInto((text) => new TextDecoder().decode(text));
  }

  /**
   * Calls `use` with the same text in UTF-8 and returns its result. `use` must not keep the text, as the next one
   * overwrites it.
   */
  async renderInto<T>(use: (text: Uint8Array<ArrayBuffer>) => T): Promise<T> {
    const { resourceMetrics, errors } = await this.collect();
    const serializer = await (this.#serializer ??= loadSerializer());
    // No await from here on, so that concurrent calls do not share the buffers.
    const exposition = this.#takeExposition();
    const faults = [...errors, ...this.#stores.flatMap((store) => store.readInto(exposition))];
    for (const fault of faults) this.#onFault(fault);
    const text = serializer.serialize(resourceMetrics);
    const isBare = resourceMetrics.scopeMetrics.length === 0 && !exposition.isEmpty;
    return use(exposition.bytes(isBare ? text.slice(0, -nothingYet.length) : text));
  }

  #takeExposition(): Exposition {
    const known = this.#exposition?.deref();
    known?.clear();
    if (known !== undefined) return known;
    const made = new Exposition();
    this.#exposition = new WeakRef(made);
    return made;
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** Imported only by a process that is scraped: it is larger than the SDK. */
async function loadSerializer(): Promise<PrometheusSerializer> {
  const { createSerializer } = await import("./prometheus_serializer.ts");
  return createSerializer();
}
