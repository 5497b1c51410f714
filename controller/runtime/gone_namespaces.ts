import type { Change, KubeClock } from "../../kube/mod.ts";
import {
  metricEntry,
  metricNames,
  type Metrics,
  type ObjectCounterName,
  tombstoneLimits,
} from "../../telemetry/mod.ts";

/** Counters of which each series is about one namespace. */
const COUNTERS = metricNames().filter((name): name is ObjectCounterName => {
  const { instrument, scope, labels } = metricEntry(name);
  return instrument === "counter" && scope === "object" && "namespace" in labels;
});

/**
 * Ends the counter series of namespaces that are gone: not at once, for what was counted last (the orphans of a namespace
 * that was deleted) has to be read, but as long after as the zeros of deleted objects stay. A namespace that is made
 * again meanwhile goes on counting; one that is made later begins anew.
 */
export class GoneNamespaces {
  readonly #metrics: Pick<Metrics, "forget">;
  readonly #clock: KubeClock;
  readonly #waiting = new Map<string, () => void>();

  constructor(metrics: Pick<Metrics, "forget">, clock: KubeClock) {
    this.#metrics = metrics;
    this.#clock = clock;
  }

  /** To be told of every change of a namespace. */
  note({ old, new: now }: Change): void {
    const name = (now ?? old)?.metadata.name ?? "";
    this.#waiting.get(name)?.();
    this.#waiting.delete(name);
    if (now !== undefined) return;
    this.#waiting.set(name, this.#clock.setTimer(tombstoneLimits.keepMs, () => this.#forget(name)));
  }

  /** Waits for nothing any more. */
  end(): void {
    for (const cancel of this.#waiting.values()) cancel();
    this.#waiting.clear();
  }

  #forget(namespace: string): void {
    this.#waiting.delete(namespace);
    for (const name of COUNTERS) this.#metrics.forget(name, (series) => series.namespace === namespace);
  }
}
