/** How samples that no OpenTelemetry instrument keeps reach a reader: one by one, so that no copy of all is made. */
import type { MetricName } from "./catalog/mod.ts";

/** Labels by name; that they fit the metric was checked where they were given. They never change. */
export type Labels = Readonly<Record<string, string>>;

/** Takes the samples of one collection. */
export interface SampleSink {
  add(name: MetricName, labels: Labels, value: number): void;
  /** Remembers what is there; the answer takes out all that came after it. Marks are not nested. */
  mark(): () => void;
}

/** Something that keeps or computes samples. */
export interface SampleStore {
  /** Tells every sample there is now; the errors of sources that failed, whose samples are left out. */
  readInto(sink: SampleSink): readonly unknown[];
}
