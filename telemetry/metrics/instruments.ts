/** Counters and histograms, made from the catalog; the only file that creates OpenTelemetry instruments. */
import type { Attributes, Counter, Histogram } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import { MeterProvider, type MetricReader } from "@opentelemetry/sdk-metrics";
import {
  type CounterName,
  type HistogramName,
  type LabelsOf,
  metricEntry,
  type MetricName,
  metricNames,
  type ObjectCounterName,
  type OpenLabelsOf,
} from "./catalog/mod.ts";
import type { ObjectCounters } from "./object_counters.ts";
import type { Labels } from "./sample_sink.ts";

/** Where the code counts and measures; names and labels are checked by the compiler. */
export interface Metrics {
  /** Adds to a counter. A value that is negative or no number is reported and not counted. */
  add<N extends CounterName>(name: N, value: number, labels: LabelsOf<N>): void;
  /** Records a measurement into a histogram; same rule for bad values. */
  record<N extends HistogramName>(name: N, value: number, labels: LabelsOf<N>): void;
  /** Makes the series of every value of the closed labels visible at 0, so that a first increment is seen. */
  precreate<N extends CounterName>(name: N, labels: OpenLabelsOf<N>): void;
  /**
   * Ends the series of a counter whose labels match: to be called when the object they name is deleted, or
   * with a predicate over what still exists. An increment after that begins a new series.
   */
  forget<N extends ObjectCounterName>(name: N, matches: (labels: LabelsOf<N>) => boolean): void;
}

/** What the instruments are made from; each reader must also be given `objectCounters`, as a store or a producer. */
export interface MetricsParts {
  readonly resource: Resource;
  readonly readers: readonly MetricReader[];
  readonly objectCounters: ObjectCounters;
  /** Told about values that could not be recorded. */
  readonly onFault: (message: string) => void;
}

/**
 * The instruments of one process. No Views: an instrument matched by a View shares one storage among all
 * readers and then grows for each reader that is not collected, one without keeps a storage per reader.
 */
export class Instruments implements Metrics {
  readonly #provider: MeterProvider;
  readonly #counters = new Map<MetricName, Counter>();
  readonly #histograms = new Map<MetricName, Histogram>();
  readonly #objectCounters: ObjectCounters;
  readonly #onFault: (message: string) => void;

  constructor(parts: MetricsParts) {
    this.#objectCounters = parts.objectCounters;
    this.#onFault = parts.onFault;
    this.#provider = new MeterProvider({ resource: parts.resource, readers: [...parts.readers] });
    const meter = this.#provider.getMeter("kopiur");
    for (const name of metricNames()) {
      const { instrument, scope, unit, help: description, buckets } = metricEntry(name);
      if (instrument === "counter" && scope === "process") {
        this.#counters.set(name, meter.createCounter(name, { unit, description }));
      }
      if (instrument === "histogram") {
        const advice = { explicitBucketBoundaries: [...(buckets ?? [])] };
        this.#histograms.set(name, meter.createHistogram(name, { unit, description, advice }));
      }
    }
  }

  add<N extends CounterName>(name: N, value: number, labels: LabelsOf<N>): void {
    if (!this.#isRecordable(name, value)) return;
    if (isObjectCounter(name)) this.#objectCounters.add(name, value, labels as Labels);
    else this.#counters.get(name)?.add(value, labels as Attributes);
  }

  record<N extends HistogramName>(name: N, value: number, labels: LabelsOf<N>): void {
    if (this.#isRecordable(name, value)) this.#histograms.get(name)?.record(value, labels as Attributes);
  }

  precreate<N extends CounterName>(name: N, labels: OpenLabelsOf<N>): void {
    let combinations: readonly Labels[] = [labels];
    for (const [label, values] of Object.entries(metricEntry(name).labels)) {
      if (typeof values === "string") continue;
      combinations = combinations.flatMap((each) => values.map((value) => ({ ...each, [label]: value })));
    }
    // Every closed label was given one of its listed values just above.
    for (const each of combinations) this.add(name, 0, each as LabelsOf<N>);
  }

  forget<N extends ObjectCounterName>(name: N, matches: (labels: LabelsOf<N>) => boolean): void {
    // The labels of these series were given to add() as LabelsOf<N>.
    this.#objectCounters.forget(name, (labels) => matches(labels as LabelsOf<N>));
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

function isObjectCounter(name: CounterName): name is ObjectCounterName {
  return metricEntry(name).scope === "object";
}
