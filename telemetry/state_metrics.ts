/** Gauges that are read when somebody collects, so that they are true then and gone when their object is. */
import { type Attributes, ValueType } from "@opentelemetry/api";
import { emptyResource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";
import { type GaugeName, type LabelsOf, metricEntry } from "./catalog.ts";
import { type Clock, toHrTime } from "./clock.ts";

type SampleOf<N extends GaugeName> = N extends GaugeName
  ? { readonly name: N; readonly labels: LabelsOf<N>; readonly value: number }
  : never;

/** One number of one series; a value that is not finite means unknown and leaves the series out. */
export type Sample = SampleOf<GaugeName>;

/** Yields what is true now. Must be quick, must not wait, and must not yield a series twice. */
export type SampleSource = () => Iterable<Sample>;

/** Where the code says how to read its gauges. */
export interface StateMetrics {
  /** Registers a source about objects of the cluster; it is read only while active. Returns the way out. */
  register(source: SampleSource): () => void;
  /** Registers a source about this process; it is always read. Returns the way out. */
  registerProcess(source: SampleSource): () => void;
  /** Says whether this replica speaks about the cluster: true on the leader, false before and after. */
  setActive(active: boolean): void;
}

/** The registered sources as a MetricProducer, to be given to each reader. */
export class StateProducer implements StateMetrics, MetricProducer {
  readonly #objectSources = new Set<SampleSource>();
  readonly #processSources = new Set<SampleSource>();
  readonly #clock: Clock;
  readonly #startMs: number;
  #active = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock();
  }

  register(source: SampleSource): () => void {
    return addTo(this.#objectSources, source);
  }

  registerProcess(source: SampleSource): () => void {
    return addTo(this.#processSources, source);
  }

  setActive(active: boolean): void {
    this.#active = active;
  }

  /** Satisfies MetricProducer. A source that throws loses its own samples and becomes one of the errors. */
  collect(): Promise<CollectionResult> {
    const startTime = toHrTime(this.#startMs);
    const endTime = toHrTime(this.#clock());
    const points = new Map<GaugeName, DataPoint<number>[]>();
    const errors: unknown[] = [];
    for (const source of [...this.#processSources, ...(this.#active ? this.#objectSources : [])]) {
      try {
        for (const { name, labels, value } of [...source()]) {
          if (!Number.isFinite(value)) continue;
          const point = { attributes: labels as Attributes, value, startTime, endTime };
          const family = points.get(name);
          if (family === undefined) points.set(name, [point]);
          else family.push(point);
        }
      } catch (error) {
        errors.push(error);
      }
    }
    const metrics = [...points].map(([name, dataPoints]) => metricData(name, dataPoints));
    const scopeMetrics = metrics.length === 0 ? [] : [{ scope: { name: "kopiur" }, metrics }];
    return Promise.resolve({ resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors });
  }
}

function addTo(sources: Set<SampleSource>, source: SampleSource): () => void {
  // A wrapper of its own, so that registering the same function twice gives two registrations.
  const registered: SampleSource = () => source();
  sources.add(registered);
  return () => void sources.delete(registered);
}

function metricData(name: GaugeName, dataPoints: DataPoint<number>[]): MetricData {
  const { instrument, unit, help: description } = metricEntry(name);
  const descriptor = { name, description, unit, valueType: ValueType.DOUBLE };
  const common = { descriptor, dataPoints, aggregationTemporality: AggregationTemporality.CUMULATIVE };
  return instrument === "observed_counter"
    ? { ...common, dataPointType: DataPointType.SUM, isMonotonic: true }
    : { ...common, dataPointType: DataPointType.GAUGE };
}
