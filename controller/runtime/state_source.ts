import type { KubeClock } from "../../kube/mod.ts";
import {
  type CountQuery,
  keyOf,
  keyText,
  type KubeObject,
  type Query,
  type Reader,
  type Resource,
} from "../../kube/types.ts";
import { type Sample, type StateMetrics, Tombstones } from "../../telemetry/mod.ts";
import { statusFields } from "./pass/conditions_of.ts";
import type { Guard } from "./guard.ts";
import type { AnyKind } from "./kind.ts";

/** What a {@link StateSource} needs. */
export interface StateSourceDeps {
  readonly state: Pick<StateMetrics, "register">;
  readonly clock: KubeClock;
  readonly guard: Guard;
}

/**
 * The gauges about the objects of one kind, computed from the caches at collection: the kind's own samples,
 * whether each existing object is ready, and zeros for those that were deleted lately.
 */
export class StateSource {
  readonly #kind: AnyKind;
  readonly #reader: Reader;
  readonly #deps: StateSourceDeps;
  readonly #tombstones = new Tombstones();

  constructor(kind: AnyKind, reader: Reader, deps: StateSourceDeps) {
    this.#kind = kind;
    this.#reader = reader;
    this.#deps = deps;
  }

  /** Registers the source; returns a function that removes it. */
  register(): () => void {
    const { state, guard, clock } = this.#deps;
    const kind = this.#kind;
    const unregister = [
      state.register(
        () => kind.samples(this.#reader, new Date(clock.epochMs())),
        (error) => guard.samplesFailed(kind.name, error),
      ),
      state.register(() => this.#readinessAndZeros()),
    ];
    return () => unregister.forEach((each) => each());
  }

  /** Must be called for an object that exists: its zeros end. */
  appeared(object: KubeObject): void {
    this.#tombstones.unbury(keyText(keyOf(object)));
  }

  /** Must be called for a deleted object: its phases are 0 for a while, so that alerts on them clear. */
  went(object: KubeObject): void {
    const alone = new ReaderOfOne(this.#kind.resource, object);
    const now = new Date(this.#deps.clock.epochMs());
    const last = this.#deps.guard.samples(this.#kind.name, () => this.#kind.samples(alone, now));
    const phases = last.filter(({ name }) => name === "kopiur_resource_phase");
    this.#tombstones.bury(keyText(keyOf(object)), phases, this.#deps.clock.monotonicMs());
  }

  *#readinessAndZeros(): Iterable<Sample> {
    const kind = this.#kind;
    for (const object of this.#reader.list(kind.resource)) {
      if (kind.hasEnded?.(object) === true) continue;
      const { namespace = "", name } = object.metadata;
      const value = isReady(object) ? 1 : 0;
      yield { name: "kopiur_resource_ready", labels: { kind: kind.name, namespace, name }, value };
    }
    yield* this.#tombstones.read(this.#deps.clock.monotonicMs());
  }
}

/** Read without a schema, as it is done for every object at every scrape. */
function isReady(object: KubeObject): boolean {
  const { conditions } = statusFields(object);
  return Array.isArray(conditions) &&
    conditions.some((each) => each?.type === "Ready" && each?.status === "True");
}

/** The caches as if there were only one object, to get the kind's samples of that object. */
class ReaderOfOne implements Reader {
  readonly #resource: Resource;
  readonly #object: KubeObject;

  constructor(resource: Resource, object: KubeObject) {
    this.#resource = resource;
    this.#object = object;
  }

  get(
    resource: Resource,
    key: { readonly namespace: string; readonly name: string },
  ): KubeObject | undefined {
    return keyText(key) === keyText(keyOf(this.#object)) ? this.list(resource)[0] : undefined;
  }

  list(resource: Resource, query: Query = {}): readonly KubeObject[] {
    const isAsked = resource.kind === this.#resource.kind && resource.group === this.#resource.group &&
      (query.namespace ?? this.#object.metadata.namespace) === this.#object.metadata.namespace;
    return isAsked ? [this.#object] : [];
  }

  count(resource: Resource, query: CountQuery): number {
    return this.list(resource, query).length;
  }

  read(resource: Resource): Promise<KubeObject | undefined> {
    return Promise.reject(new Error(`Cannot read ${resource.plural}: samples are computed from the caches`));
  }

  readLog(): Promise<string | undefined> {
    return Promise.reject(new Error("Cannot read a log: samples are computed from the caches"));
  }

  serverNow(): Date | undefined {
    return undefined;
  }
}
