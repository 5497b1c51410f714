import { keyText, type KubeObject, type ObjectKey, type Reader } from "../../kube/types.ts";
import type { Sample, Telemetry } from "../../telemetry/mod.ts";
import type { IndexFunction } from "./kind.ts";
import type { Route } from "./watches/merge.ts";

/** The functions of a kind that may throw without ending a loop. */
type Place = "pass" | "keys" | "index" | "samples";

/** Wraps functions of kinds, so that an error in one is logged and counted and costs only its result. */
export class Guard {
  readonly #telemetry: Pick<Telemetry, "log" | "metrics">;

  constructor(telemetry: Pick<Telemetry, "log" | "metrics">) {
    this.#telemetry = telemetry;
  }

  /** Creates the counter of every place at 0. */
  precreate(kind: string): void {
    this.#telemetry.metrics.precreate("kopiur_controller_panics_total", { kind });
  }

  /** An index function that does not index an object when it throws. */
  index(kind: string, index: IndexFunction): IndexFunction {
    return (object) => this.#answer({ kind, where: "index", object }, () => index(object), []);
  }

  /** A route that returns no key when it throws. */
  route(route: Route): Route {
    const { kind, via } = route;
    if (via === "own") return route;
    const safe = (object: KubeObject, reader: Reader): readonly ObjectKey[] =>
      this.#answer({ kind: kind.name, where: "keys", object }, () => via(object, reader), []);
    return { kind, via: safe };
  }

  /** All samples, or none when a source throws. */
  samples(kind: string, source: () => Iterable<Sample>): readonly Sample[] {
    return this.#answer({ kind, where: "samples" }, () => [...source()], []);
  }

  /** Logs and counts an error of samples. */
  samplesFailed(kind: string, error: unknown): void {
    this.#note({ kind, where: "samples", key: { namespace: "", name: "" } }, error);
  }

  /** Logs and counts an error of a pass. */
  passFailed(kind: string, key: ObjectKey, error: unknown): void {
    this.#note({ kind, where: "pass", key }, error);
  }

  #answer<T>(at: { kind: string; where: Place; object?: KubeObject }, ask: () => T, otherwise: T): T {
    try {
      return ask();
    } catch (error) {
      const { namespace = "", name } = at.object?.metadata ?? { name: "" };
      this.#note({ kind: at.kind, where: at.where, key: { namespace, name } }, error);
      return otherwise;
    }
  }

  #note({ kind, where, key }: { kind: string; where: Place; key: ObjectKey }, error: unknown): void {
    this.#telemetry.log.error("a kind is defective", { kind, where, object: keyText(key), error });
    this.#telemetry.metrics.add("kopiur_controller_panics_total", 1, { kind, where });
  }
}
