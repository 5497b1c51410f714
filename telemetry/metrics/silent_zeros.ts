/** Leaves out the zeros of gauges of problems, which are nearly always 0, except for a while after a fall. */
import { type GaugeName, metricEntry, metricNames } from "./catalog/mod.ts";
import type { Labels } from "./sample_sink.ts";

/** How long a series reads 0 before it ends; longer than any common scrape interval. */
export const LAST_ZERO_MS = 10 * 60_000;

/** A series that was not 0 lately. */
interface Risen {
  seenMs: number;
  /** Set while it is 0: the zero is reported until then. */
  untilMs: number | undefined;
}

const SILENT: ReadonlySet<string> = new Set(
  metricNames().filter((name) => metricEntry(name).zero === "absent"),
);

/**
 * Decides which zeros are reported. A series that fell to 0 is reported for LAST_ZERO_MS, like that of a deleted
 * object, so that every reader sees the fall; then it is absent, as before its rise. Only series that rose need memory.
 * Time is passed in and must not go backwards.
 */
export class SilentZeros {
  readonly #keepMs: number;
  readonly #risen = new Map<GaugeName, Map<string, Risen>>();

  constructor(keepMs: number = LAST_ZERO_MS) {
    this.#keepMs = keepMs;
  }

  /** True for a sample to report. */
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

  /** Forgets series whose objects are gone. Call it from time to time. */
  sweep(nowMs: number): void {
    for (const family of this.#risen.values()) {
      for (const [key, { seenMs }] of family) if (nowMs - seenMs > this.#keepMs) family.delete(key);
    }
  }

  /** The number of remembered series. */
  get size(): number {
    return this.#risen.values().reduce((sum, family) => sum + family.size, 0);
  }
}

/** Names of labels are fixed per metric and given in one order. */
function keyOf(labels: Labels): string {
  return JSON.stringify(Object.values(labels));
}
