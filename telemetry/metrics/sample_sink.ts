/** Passes samples outside of OpenTelemetry instruments to a reader, one by one, so that no copy is made. */
import type { MetricName } from "./catalog/mod.ts";

/** Labels by name; they were checked before, and never change. */
export type Labels = Readonly<Record<string, string>>;

/** The value of a histogram: how many measurements lie at or below each boundary and above the one before. */
export interface Distribution {
  readonly boundaries: readonly number[];
  /** One for each boundary, and the last for what is above all of them. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** Receives the samples of one collection. */
export interface SampleSink {
  /** `startMs`: since when a counter counts; the start of the collection's source when left out. */
  add(name: MetricName, labels: Labels, value: number, startMs?: number): void;
  addHistogram(name: MetricName, labels: Labels, value: Distribution, startMs: number): void;
  /** Returns a function that removes all samples added after this call. Marks are not nested. */
  mark(): () => void;
}

/** Keeps or computes samples. */
export interface SampleStore {
  /** Writes every current sample; returns the errors of failed sources, whose samples are left out. */
  readInto(sink: SampleSink): readonly unknown[];
}
