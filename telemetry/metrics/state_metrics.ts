/** Gauges that are computed at collection, so they are current and vanish with their object. */
import type { CollectionResult, MetricProducer } from "@opentelemetry/sdk-metrics";
import type { GaugeName, LabelsOf } from "./catalog/mod.ts";
import { type Clock, toHrTime } from "../clock.ts";
import { DataPoints } from "./data_points.ts";
import type { SampleSink, SampleStore } from "./sample_sink.ts";
import { SilentZeros } from "./silent_zeros.ts";

type SampleOf<N extends GaugeName> = N extends GaugeName
  ? { readonly name: N; readonly labels: LabelsOf<N>; readonly value: number }
  : never;

/** One value of one series; a value that is not finite means unknown and is left out. */
export type Sample = SampleOf<GaugeName>;

/** Yields the current samples. Must be quick, must not wait, and must not yield a series twice. */
export type SampleSource = () => Iterable<Sample>;

/** The registry of sources of gauges. */
export interface StateMetrics {
  /**
   * Registers a source about objects of the cluster; it is read only while active. Its errors go to `onFault`
   * if given, else to the log. Returns a function that removes it.
   */
  register(source: SampleSource, onFault?: (error: unknown) => void): () => void;
  /** Registers a source about this process; it is always read. Returns a function that removes it. */
  registerProcess(source: SampleSource): () => void;
  /** Whether this replica reports on the cluster: true only on the leader. */
  setActive(active: boolean): void;
}

/** A source and its `onFault`; without one the reader reports its errors. */
interface Registered {
  readonly source: SampleSource;
  readonly onFault: ((error: unknown) => void) | undefined;
}

/** The registered sources, for each reader. */
export class StateProducer implements StateMetrics, MetricProducer, SampleStore {
  readonly #objectSources = new Set<Registered>();
  readonly #processSources = new Set<Registered>();
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #zeros = new SilentZeros();
  #active = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock();
  }

  register(source: SampleSource, onFault?: (error: unknown) => void): () => void {
    return addTo(this.#objectSources, { source, onFault });
  }

  registerProcess(source: SampleSource): () => void {
    return addTo(this.#processSources, { source, onFault: undefined });
  }

  setActive(active: boolean): void {
    this.#active = active;
  }

  /** A source that throws loses its own samples. */
  readInto(sink: SampleSink): readonly unknown[] {
    const errors: unknown[] = [];
    const nowMs = this.#clock();
    for (
      const { source, onFault } of [...this.#processSources, ...(this.#active ? this.#objectSources : [])]
    ) {
      const undo = sink.mark();
      try {
        for (const { name, labels, value } of source()) {
          if (Number.isFinite(value) && this.#zeros.tells(name, labels, value, nowMs)) {
            sink.add(name, labels, value);
          }
        }
      } catch (error) {
        undo();
        if (onFault === undefined) errors.push(error);
        else onFault(error);
      }
    }
    this.#zeros.sweep(nowMs);
    return errors;
  }

  /** Satisfies MetricProducer: the same samples as data points. */
  collect(): Promise<CollectionResult> {
    const points = new DataPoints(toHrTime(this.#startMs), toHrTime(this.#clock()));
    return Promise.resolve(points.result(this.readInto(points)));
  }
}

function addTo(sources: Set<Registered>, registered: Registered): () => void {
  sources.add(registered);
  return () => void sources.delete(registered);
}
