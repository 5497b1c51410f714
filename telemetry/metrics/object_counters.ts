/**
 * Counters whose labels name objects of the cluster. They are kept here and not in an OpenTelemetry instrument,
 * because an instrument never drops a series: those of deleted recipes would stay for ever.
 */
import { ValueType } from "@opentelemetry/api";
import { emptyResource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  type CollectionResult,
  DataPointType,
  type MetricProducer,
  type SumMetricData,
} from "@opentelemetry/sdk-metrics";
import { instrumentName, metricEntry, type ObjectCounterName } from "./catalog/mod.ts";
import { type Clock, toHrTime } from "../clock.ts";
import type { Labels, SampleSink, SampleStore } from "./sample_sink.ts";

interface Series {
  readonly labels: Labels;
  readonly startMs: number;
  value: number;
}

/** Cumulative counters by object. */
export class ObjectCounters implements MetricProducer, SampleStore {
  readonly #series = new Map<ObjectCounterName, Map<string, Series>>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds to a series; a new one begins at 0, and adding 0 creates it. */
  add(name: ObjectCounterName, value: number, labels: Labels): void {
    const key = seriesKey(labels);
    const all = this.#series.get(name) ?? new Map<string, Series>();
    const series = all.get(key) ?? { labels: { ...labels }, startMs: this.#clock(), value: 0 };
    series.value += value;
    all.set(key, series);
    this.#series.set(name, all);
  }

  /** Ends the matching series; the next collection does not have them. */
  forget(name: ObjectCounterName, matches: (labels: Labels) => boolean): void {
    const all = this.#series.get(name);
    for (const [key, series] of all ?? []) {
      if (matches(series.labels)) all?.delete(key);
    }
  }

  readInto(sink: SampleSink): readonly unknown[] {
    for (const [name, all] of this.#series) {
      for (const { labels, value } of all.values()) sink.add(name, labels, value);
    }
    return [];
  }

  /** Satisfies MetricProducer: every series with its value so far. */
  collect(): Promise<CollectionResult> {
    const endTime = toHrTime(this.#clock());
    const metrics = [...this.#series].filter(([, all]) => all.size > 0).map(([name, all]): SumMetricData => ({
      descriptor: descriptorOf(name),
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.SUM,
      isMonotonic: true,
      dataPoints: [...all.values()].map((series) => ({
        attributes: series.labels,
        value: series.value,
        startTime: toHrTime(series.startMs),
        endTime,
      })),
    }));
    const scopeMetrics = metrics.length === 0 ? [] : [{ scope: { name: "kopiur" }, metrics }];
    return Promise.resolve({ resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] });
  }
}

function descriptorOf(name: ObjectCounterName): SumMetricData["descriptor"] {
  const { help, unit } = metricEntry(name);
  return { name: instrumentName(name), description: help, unit, valueType: ValueType.DOUBLE };
}

/** Names of labels are fixed per metric, so sorted values are the whole identity. */
function seriesKey(labels: Labels): string {
  return JSON.stringify(Object.keys(labels).sort().map((label) => labels[label]));
}
