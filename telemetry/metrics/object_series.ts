/**
 * Counters and histograms whose labels name objects of the cluster. They are kept here and not in OpenTelemetry
 * instruments, because an instrument never drops a series: those of deleted recipes would stay for ever.
 */
import type { CollectionResult, MetricProducer } from "@opentelemetry/sdk-metrics";
import { type Clock, toHrTime } from "../clock.ts";
import {
  metricEntry,
  type ObjectCounterName,
  type ObjectHistogramName,
  type ObjectSeriesName,
} from "./catalog/mod.ts";
import { DataPoints } from "./data_points.ts";
import { ObjectHistogram } from "./object_histogram.ts";
import type { Labels, SampleSink, SampleStore } from "./sample_sink.ts";
import type { Sample } from "./state_metrics.ts";

interface Counter {
  readonly labels: Labels;
  readonly startMs: number;
  value: number;
}

/** How many objects may have a histogram of their own. */
export interface HistogramBound {
  /** 0: none ever has, which is no news. */
  readonly most: number;
  /** Called when the histograms of so many objects become one, and when each has its own again. */
  readonly onFold: (folded: boolean, objects: number) => void;
}

/** Cumulative counters and histograms by object. */
export class ObjectSeries implements MetricProducer, SampleStore {
  readonly #counters = new Map<ObjectCounterName, Map<string, Counter>>();
  readonly #histograms = new Map<ObjectHistogramName, ObjectHistogram>();
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #bound: HistogramBound;
  #isFolded = false;

  constructor(clock: Clock, bound: HistogramBound) {
    this.#clock = clock;
    this.#startMs = clock();
    this.#bound = bound;
  }

  /** Adds to a counter; a new one begins at 0, and adding 0 creates it. */
  add(name: ObjectCounterName, value: number, labels: Labels): void {
    const key = seriesKey(labels);
    const all = this.#counters.get(name) ?? new Map<string, Counter>();
    const series = all.get(key) ?? { labels: { ...labels }, startMs: this.#clock(), value: 0 };
    series.value += value;
    all.set(key, series);
    this.#counters.set(name, all);
  }

  /** Records into a histogram; a new one is empty, and without a value it stays so. */
  record(name: ObjectHistogramName, value: number | undefined, labels: Labels): void {
    const histogram = this.#histograms.get(name) ??
      new ObjectHistogram(name, metricEntry(name).buckets ?? [], this.#startMs);
    this.#histograms.set(name, histogram);
    const measured = histogram.of(seriesKey(labels), labels, this.#clock());
    if (value !== undefined) measured.record(value);
    this.#noteFold();
  }

  /** Ends the matching series; the next collection does not have them. */
  forget(name: ObjectSeriesName, matches: (labels: Labels) => boolean): void {
    if (isHistogram(name)) {
      this.#histograms.get(name)?.forget(matches);
      return this.#noteFold();
    }
    const all = this.#counters.get(name);
    for (const [key, series] of all ?? []) {
      if (matches(series.labels)) all?.delete(key);
    }
  }

  readInto(sink: SampleSink): readonly unknown[] {
    for (const [name, all] of this.#counters) {
      for (const { labels, value, startMs } of all.values()) sink.add(name, labels, value, startMs);
    }
    for (const histogram of this.#histograms.values()) histogram.readInto(sink, this.#bound.most);
    return [];
  }

  /** How many objects share one histogram, for a process that has any. */
  samples(): readonly Sample[] {
    const objects = this.#objects();
    const value = objects > this.#bound.most ? objects : 0;
    return objects === 0 ? [] : [{ name: "kopiur_metrics_folded_recipes", labels: {}, value }];
  }

  /** Satisfies MetricProducer: every series with its value so far. */
  collect(): Promise<CollectionResult> {
    const points = new DataPoints(toHrTime(this.#startMs), toHrTime(this.#clock()));
    return Promise.resolve(points.result(this.readInto(points)));
  }

  #objects(): number {
    return Math.max(0, ...[...this.#histograms.values()].map(({ size }) => size));
  }

  #noteFold(): void {
    const { most, onFold } = this.#bound;
    const objects = this.#objects();
    const isFolded = most > 0 && objects > most;
    if (isFolded === this.#isFolded) return;
    this.#isFolded = isFolded;
    onFold(isFolded, objects);
  }
}

function isHistogram(name: ObjectSeriesName): name is ObjectHistogramName {
  return metricEntry(name).instrument === "histogram";
}

/** Names of labels are fixed per metric, so sorted values are the whole identity. */
function seriesKey(labels: Labels): string {
  return JSON.stringify(Object.keys(labels).sort().map((label) => labels[label]));
}
