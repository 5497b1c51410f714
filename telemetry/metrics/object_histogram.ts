import type { ObjectHistogramName } from "./catalog/mod.ts";
import type { Distribution, Labels, SampleSink } from "./sample_sink.ts";

/** A distribution that is measured into. */
class Measured implements Distribution {
  readonly boundaries: readonly number[];
  readonly counts: number[];
  count = 0;
  sum = 0;

  constructor(boundaries: readonly number[]) {
    this.boundaries = boundaries;
    this.counts = new Array<number>(boundaries.length + 1).fill(0);
  }

  record(value: number): void {
    const found = this.boundaries.findIndex((boundary) => value <= boundary);
    const at = found < 0 ? this.boundaries.length : found;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.count += 1;
    this.sum += value;
  }

  add(other: Distribution): void {
    for (const [at, count] of other.counts.entries()) this.counts[at] = (this.counts[at] ?? 0) + count;
    this.count += other.count;
    this.sum += other.sum;
  }
}

interface Series {
  readonly labels: Labels;
  readonly startMs: number;
  readonly value: Measured;
}

/**
 * A histogram by object, of which readers see at most `most` series: where there are more, they see the sum of all as
 * one series without labels. Each object is measured all the same, so its series comes back when there are fewer again.
 */
export class ObjectHistogram {
  readonly #name: ObjectHistogramName;
  readonly #boundaries: readonly number[];
  readonly #startMs: number;
  readonly #series = new Map<string, Series>();
  /** What was measured of objects that are gone: the sum of all never falls. */
  readonly #gone: Measured;

  constructor(name: ObjectHistogramName, boundaries: readonly number[], startMs: number) {
    this.#name = name;
    this.#boundaries = boundaries;
    this.#startMs = startMs;
    this.#gone = new Measured(boundaries);
  }

  /** The number of objects. */
  get size(): number {
    return this.#series.size;
  }

  /** The series of an object; a new one is empty. */
  of(key: string, labels: Labels, nowMs: number): Measured {
    const series = this.#series.get(key) ??
      { labels: { ...labels }, startMs: nowMs, value: new Measured(this.#boundaries) };
    this.#series.set(key, series);
    return series.value;
  }

  /** Ends the matching series. */
  forget(matches: (labels: Labels) => boolean): void {
    for (const [key, { labels, value }] of this.#series) {
      if (!matches(labels)) continue;
      this.#series.delete(key);
      this.#gone.add(value);
    }
  }

  readInto(sink: SampleSink, most: number): void {
    if (this.#series.size <= most) {
      for (const { labels, value, startMs } of this.#series.values()) {
        sink.addHistogram(this.#name, labels, value, startMs);
      }
      return;
    }
    const all = new Measured(this.#boundaries);
    all.add(this.#gone);
    for (const { value } of this.#series.values()) all.add(value);
    sink.addHistogram(this.#name, {}, all, this.#startMs);
  }
}
