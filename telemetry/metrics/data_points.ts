import { type Attributes, ValueType } from "@opentelemetry/api";
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type MetricData,
} from "@opentelemetry/sdk-metrics";
import { instrumentName, metricEntry, type MetricName } from "./catalog/mod.ts";
import type { Labels, SampleSink } from "./sample_sink.ts";

/** A time as OpenTelemetry keeps it: seconds and nanoseconds. */
type HrTime = [number, number];

/** Samples as OpenTelemetry data points, for the export. */
export class DataPoints implements SampleSink {
  readonly #families = new Map<MetricName, DataPoint<number>[]>();
  readonly #startTime: HrTime;
  readonly #endTime: HrTime;

  constructor(startTime: HrTime, endTime: HrTime) {
    this.#startTime = startTime;
    this.#endTime = endTime;
  }

  add(name: MetricName, labels: Labels, value: number): void {
    const attributes: Attributes = labels;
    const point = { attributes, value, startTime: this.#startTime, endTime: this.#endTime };
    const family = this.#families.get(name);
    if (family === undefined) this.#families.set(name, [point]);
    else family.push(point);
  }

  mark(): () => void {
    const lengths = new Map([...this.#families].map(([name, { length }]) => [name, length]));
    return () => {
      for (const [name, family] of this.#families) {
        const length = lengths.get(name);
        if (length === undefined) this.#families.delete(name);
        else family.length = length;
      }
    };
  }

  /** The metrics in the order of their first samples. */
  metrics(): MetricData[] {
    return [...this.#families].map(([name, dataPoints]) => metricData(name, dataPoints));
  }
}

function metricData(name: MetricName, dataPoints: DataPoint<number>[]): MetricData {
  const { instrument, unit, help: description } = metricEntry(name);
  const descriptor = { name: instrumentName(name), description, unit, valueType: ValueType.DOUBLE };
  const common = { descriptor, dataPoints, aggregationTemporality: AggregationTemporality.CUMULATIVE };
  return instrument === "gauge"
    ? { ...common, dataPointType: DataPointType.GAUGE }
    : { ...common, dataPointType: DataPointType.SUM, isMonotonic: true };
}
