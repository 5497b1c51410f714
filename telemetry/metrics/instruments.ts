/** Counters and histograms, made from the catalog; the only file that creates OpenTelemetry instruments. */
import type { Attributes, Counter, Histogram } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import { MeterProvider, type MetricReader } from "@opentelemetry/sdk-metrics";
import {
  type CounterName,
  type HistogramName,
  instrumentName,
  type LabelsOf,
  metricEntry,
  type MetricName,
  metricNames,
  type ObjectCounterName,
  type ObjectHistogramName,
  type ObjectSeriesName,
  type OpenLabelsOf,
} from "./catalog/mod.ts";
import type { ObjectSeries } from "./object_series.ts";
import type { Labels } from "./sample_sink.ts";

/** Records counters and histograms; the compiler checks names and labels. */
export interface Metrics {
  /** Adds to a counter. A negative value or NaN is reported and not counted. */
  add<N extends CounterName>(name: N, value: number, labels: LabelsOf<N>): void;
  /** Records a measurement into a histogram; same rule for bad values. */
  record<N extends HistogramName>(name: N, value: number, labels: LabelsOf<N>): void;
  /** Creates the series of all closed label values at 0 or empty, so that the first increment is seen. */
  precreate<N extends CounterName | ObjectHistogramName>(name: N, labels: OpenLabelsOf<N>): void;
  /**
   * Ends the matching series of a counter or histogram. Call it when the object in the labels is deleted, or
   * with a predicate over what still exists. A later increment begins a new series.
   */
  forget<N extends ObjectSeriesName>(name: N, matches: (labels: LabelsOf<N>) => boolean): void;
}

/** What the instruments need. Each reader must also read `objectSeries`, as a store or a producer. */
export interface MetricsParts {
  readonly resource: Resource;
  readonly readers: readonly MetricReader[];
  readonly objectSeries: ObjectSeries;
  /** Gets a message for each value that could not be recorded. */
  readonly onFault: (message: string) => void;
}

/**
 * The instruments of one process. There are no Views: an instrument with a View has one storage for all
 * readers, which grows while any reader does not collect; one without has a storage per reader.
 */
export class Instruments implements Metrics {
  readonly #provider: MeterProvider;
  readonly #counters = new Map<MetricName, Counter>();
  readonly #histograms = new Map<MetricName, Histogram>();
  readonly #objectSeries: ObjectSeries;
  readonly #onFault: (message: string) => void;

  constructor(parts: MetricsParts) {
    this.#objectSeries = parts.objectSeries;
    this.#onFault = parts.onFault;
    this.#provider = new MeterProvider({ resource: parts.resource, readers: [...parts.readers] });
    const meter = this.#provider.getMeter("kopiur");
    for (const name of metricNames()) {
      const { instrument, scope, unit, help: description, buckets } = metricEntry(name);
      if (instrument === "counter" && scope === "process") {
        this.#counters.set(name, meter.createCounter(instrumentName(name), { unit, description }));
      }
      if (instrument === "histogram" && scope === "process") {
        const advice = { explicitBucketBoundaries: [...(buckets ?? [])] };
        this.#histograms.set(name, meter.createHistogram(name, { unit, description, advice }));
      }
    }
  }

  add<N extends CounterName>(name: N, value: number, labels: LabelsOf<N>): void {
    if (!this.#isRecordable(name, value)) return;
    if (isOfObject(name)) this.#objectSeries.add(name, value, labels as Labels);
    else this.#counters.get(name)?.add(value, labels as Attributes);
  }

  record<N extends HistogramName>(name: N, value: number, labels: LabelsOf<N>): void {
    if (!this.#isRecordable(name, value)) return;
    if (isHistogramOfObject(name)) this.#objectSeries.record(name, value, labels as Labels);
    else this.#histograms.get(name)?.record(value, labels as Attributes);
  }

  precreate<N extends CounterName | ObjectHistogramName>(name: N, labels: OpenLabelsOf<N>): void {
    if (isHistogramOfObject(name)) return this.#objectSeries.record(name, undefined, labels);
    let combinations: readonly Labels[] = [labels];
    for (const [label, values] of Object.entries(metricEntry(name).labels)) {
      if (typeof values === "string") continue;
      combinations = combinations.flatMap((each) => values.map((value) => ({ ...each, [label]: value })));
    }
    // Every closed label was given one of its listed values just above.
    for (const each of combinations) this.add(name as CounterName, 0, each as LabelsOf<CounterName>);
  }

  forget<N extends ObjectSeriesName>(name: N, matches: (labels: LabelsOf<N>) => boolean): void {
    // The labels of these series were given to add() or record() as LabelsOf<N>.
    this.#objectSeries.forget(name, (labels) => matches(labels as LabelsOf<N>));
  }

  shutdown(): Promise<void> {
    return this.#provider.shutdown();
  }

  #isRecordable(name: MetricName, value: number): boolean {
    if (Number.isFinite(value) && value >= 0) return true;
    this.#onFault(`Cannot record "${name}": ${value}, expected a number that is not negative`);
    return false;
  }
}

function isOfObject(name: CounterName): name is ObjectCounterName {
  return metricEntry(name).scope === "object";
}

function isHistogramOfObject(name: MetricName): name is ObjectHistogramName {
  const { instrument, scope } = metricEntry(name);
  return instrument === "histogram" && scope === "object";
}
