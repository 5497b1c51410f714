/** Gauges of what should not be, which are nearly always 0: their zeros are left out, but for a while after a fall. */
import { type GaugeName, metricEntry, metricNames } from "./catalog/mod.ts";
import type { Labels } from "./sample_sink.ts";

/** So long a series that is to go reads 0 first: it outlasts any scrape interval in use. */
export const LAST_ZERO_MS = 10 * 60_000;

/** One that was not 0 of late. */
interface Risen {
  seenMs: number;
  /** Set while it reads 0: until then that is reported. */
  untilMs: number | undefined;
}

const SILENT: ReadonlySet<string> = new Set(
  metricNames().filter((name) => metricEntry(name).zero === "absent"),
);

/**
 * Decides which zeros are reported. One that fell from another value is told for as long as a deleted object's series
 * is, so that every reader sees the fall; after that it is absent, as it is when it never rose. Costs memory for those
 * alone that rose. Time is passed in and must not go backwards.
 */
export class SilentZeros {
  readonly #keepMs: number;
  readonly #risen = new Map<GaugeName, Map<string, Risen>>();

  constructor(keepMs: number = LAST_ZERO_MS) {
    this.#keepMs = keepMs;
  }

  /** True for a sample that readers are to see. */
  tells(name: GaugeName, labels: Labels, value: number, nowMs: number): boolean {
    if (!SILENT.has(name)) return true;
    const family = this.#risen.get(name);
    if (value !== 0) {
      const risen = family ?? new Map<string, Risen>();
      risen.set(keyOf(labels), { seenMs: nowMs, untilMs: undefined });
      this.#risen.set(name, risen);
      return true;
    }
    if (family === undefined || family.size === 0) return false;
    const key = keyOf(labels);
    const risen = family.get(key);
    if (risen === undefined) return false;
    risen.seenMs = nowMs;
    risen.untilMs ??= nowMs + this.#keepMs;
    if (nowMs < risen.untilMs) return true;
    family.delete(key);
    return false;
  }

  /** Forgets those whose objects are gone. To be called now and then. */
  sweep(nowMs: number): void {
    for (const family of this.#risen.values()) {
      for (const [key, { seenMs }] of family) if (nowMs - seenMs > this.#keepMs) family.delete(key);
    }
  }

  /** Series that are remembered. */
  get size(): number {
    return this.#risen.values().reduce((sum, family) => sum + family.size, 0);
  }
}

/** Names of labels are fixed per metric and given in one order. */
function keyOf(labels: Labels): string {
  return JSON.stringify(Object.values(labels));
}
