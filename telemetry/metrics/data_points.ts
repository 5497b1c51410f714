import { type Attributes, ValueType } from "@opentelemetry/api";
import { emptyResource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
} from "@opentelemetry/sdk-metrics";
import { toHrTime } from "../clock.ts";
import { instrumentName, metricEntry, type MetricName } from "./catalog/mod.ts";
import type { Distribution, Labels, SampleSink } from "./sample_sink.ts";

/** A time as OpenTelemetry keeps it: seconds and nanoseconds. */
type HrTime = [number, number];

/** The points of one metric. */
type Family =
  | { readonly kind: "numbers"; readonly points: DataPoint<number>[] }
  | { readonly kind: "histograms"; readonly points: DataPoint<Histogram>[] };

/** Samples as OpenTelemetry data points, for the export. */
export class DataPoints implements SampleSink {
  readonly #families = new Map<MetricName, Family>();
  readonly #startTime: HrTime;
  readonly #endTime: HrTime;

  constructor(startTime: HrTime, endTime: HrTime) {
    this.#startTime = startTime;
    this.#endTime = endTime;
  }

  add(name: MetricName, labels: Labels, value: number, startMs?: number): void {
    const family = this.#families.get(name) ?? { kind: "numbers", points: [] };
    if (family.kind === "numbers") family.points.push(this.#point(labels, value, startMs));
    this.#families.set(name, family);
  }

  addHistogram(name: MetricName, labels: Labels, value: Distribution, startMs: number): void {
    const family = this.#families.get(name) ?? { kind: "histograms", points: [] };
    const { boundaries, counts, count, sum } = value;
    const histogram: Histogram = {
      buckets: { boundaries: [...boundaries], counts: [...counts] },
      count,
      sum,
    };
    if (family.kind === "histograms") family.points.push(this.#point(labels, histogram, startMs));
    this.#families.set(name, family);
  }

  mark(): () => void {
    const lengths = new Map([...this.#families].map(([name, { points }]) => [name, points.length]));
    return () => {
      for (const [name, { points }] of this.#families) {
        const length = lengths.get(name);
        if (length === undefined) this.#families.delete(name);
        else points.length = length;
      }
    };
  }

  /** All metrics, in the order of their first samples, as a producer answers. */
  result(errors: readonly unknown[]): CollectionResult {
    const metrics = [...this.#families].map(([name, family]) => metricData(name, family));
    const scopeMetrics = metrics.length === 0 ? [] : [{ scope: { name: "kopiur" }, metrics }];
    return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [...errors] };
  }

  #point<V>(labels: Labels, value: V, startMs: number | undefined): DataPoint<V> {
    const attributes: Attributes = labels;
    const startTime = startMs === undefined ? this.#startTime : toHrTime(startMs);
    return { attributes, value, startTime, endTime: this.#endTime };
  }
}

function metricData(name: MetricName, family: Family): MetricData {
  const { instrument, unit, help: description } = metricEntry(name);
  const descriptor = { name: instrumentName(name), description, unit, valueType: ValueType.DOUBLE };
  const common = { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE };
  if (family.kind === "histograms") {
    return { ...common, dataPoints: family.points, dataPointType: DataPointType.HISTOGRAM };
  }
  return instrument === "gauge"
    ? { ...common, dataPoints: family.points, dataPointType: DataPointType.GAUGE }
    : { ...common, dataPoints: family.points, dataPointType: DataPointType.SUM, isMonotonic: true };
}
