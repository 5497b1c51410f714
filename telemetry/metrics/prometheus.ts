/** The pull side: what /metrics says, in Prometheus' text format. */
import type { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { AggregationTemporality, MetricReader } from "@opentelemetry/sdk-metrics";
import { Exposition } from "./exposition.ts";
import type { SampleStore } from "./sample_sink.ts";

/** The content type of the text, as Prometheus asks for it. */
export const prometheusContentType = "text/plain; version=0.0.4; charset=utf-8";

/** What OpenTelemetry's serializer says in place of no metrics at all. */
const nothingYet = "# no registered metrics";

/**
 * Collects only when asked; holds no port and no timer. The resource and the instruments, which are few, are written
 * by OpenTelemetry's own serializer; the samples of the stores, which are many, by ours (decision 0015).
 */
export class PullReader extends MetricReader {
  #serializer: Promise<PrometheusSerializer> | undefined;
  readonly #stores: readonly SampleStore[];
  readonly #onFault: (error: unknown) => void;
  /** Scrape after scrape uses the same megabytes, until the garbage collector wants them back. */
  #exposition: WeakRef<Exposition> | undefined;

  constructor(stores: readonly SampleStore[], onFault: (error: unknown) => void) {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
    this.#stores = stores;
    this.#onFault = onFault;
  }

  /** Everything there is to say now; a source that failed is reported and left out. */
  render(): Promise<string> {
    return this.renderInto((text) => new TextDecoder().decode(text));
  }

  /**
   * The same in UTF-8, handed to `use`, which must not keep it: the next text is written over it. Answers what `use`
   * does.
   */
  async renderInto<T>(use: (text: Uint8Array<ArrayBuffer>) => T): Promise<T> {
    const { resourceMetrics, errors } = await this.collect();
    const serializer = await (this.#serializer ??= loadSerializer());
    // From here on nothing waits, so that renderings that overlap do not meet in the same memory.
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

/** Only a process that is scraped reads it: with the names of all semantic conventions it is larger than the SDK. */
async function loadSerializer(): Promise<PrometheusSerializer> {
  const { createSerializer } = await import("./prometheus_serializer.ts");
  return createSerializer();
}
