/** Passes samples outside of OpenTelemetry instruments to a reader, one by one, so that no copy is made. */
import type { MetricName } from "./catalog/mod.ts";

/** Labels by name; they were checked before, and never change. */
export type Labels = Readonly<Record<string, string>>;

/** Receives the samples of one collection. */
export interface SampleSink {
  add(name: MetricName, labels: Labels, value: number): void;
  /** Returns a function that removes all samples added after this call. Marks are not nested. */
  mark(): () => void;
}

/** Keeps or computes samples. */
export interface SampleStore {
  /** Writes every current sample; returns the errors of failed sources, whose samples are left out. */
  readInto(sink: SampleSink): readonly unknown[];
}
