import type { Change, KubeClock } from "../../kube/mod.ts";
import {
  metricEntry,
  metricNames,
  type Metrics,
  type ObjectSeriesName,
  tombstoneLimits,
} from "../../telemetry/mod.ts";

/** Counters and histograms whose series name a namespace. */
const COUNTERS = metricNames().filter((name): name is ObjectSeriesName => {
  const { instrument, scope } = metricEntry(name);
  return (instrument === "counter" || instrument === "histogram") && scope === "object";
});

/**
 * Ends the counter series of deleted namespaces. Not at once, as the last counts (the orphans of a deleted namespace)
 * must still be scraped, but as long after as the zeros of deleted objects stay. A namespace that is created
 * again meanwhile continues its series; later it begins a new one.
 */
export class GoneNamespaces {
  readonly #metrics: Pick<Metrics, "forget">;
  readonly #clock: KubeClock;
  readonly #waiting = new Map<string, () => void>();

  constructor(metrics: Pick<Metrics, "forget">, clock: KubeClock) {
    this.#metrics = metrics;
    this.#clock = clock;
  }

  /** Must be called for every change of a namespace. */
  note({ old, new: now }: Change): void {
    const name = (now ?? old)?.metadata.name ?? "";
    this.#waiting.get(name)?.();
    this.#waiting.delete(name);
    if (now !== undefined) return;
    this.#waiting.set(name, this.#clock.setTimer(tombstoneLimits.keepMs, () => this.#forget(name)));
  }

  /** Cancels what is pending. */
  end(): void {
    for (const cancel of this.#waiting.values()) cancel();
    this.#waiting.clear();
  }

  #forget(namespace: string): void {
    this.#waiting.delete(namespace);
    for (const name of COUNTERS) this.#metrics.forget(name, (series) => series.namespace === namespace);
  }
}
