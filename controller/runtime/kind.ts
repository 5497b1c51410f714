import type { KubeObject, ObjectKey, Reader, Resource } from "../../kube/types.ts";
import type { ObjectSeriesName, OpenLabelsOf, Sample } from "../../telemetry/mod.ts";
import type { Applied, Plan } from "./plan.ts";

/** Returns the values under which an index finds an object. */
export type IndexFunction = (object: KubeObject) => readonly string[];

/** A resource a kind watches, and which keys of the kind a change there affects. */
export interface Watch {
  readonly resource: Resource;
  /** Both restrict list and watch on the server. All watches of a resource must agree. */
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Keep only metadata (Secrets). All watches of a resource must agree. */
  readonly metadataOnly?: boolean;
  /** With `metadataOnly`: also keep these fields, as `status.phase`. All watches of a resource must agree. */
  readonly fields?: readonly string[];
  /** Indexes by name. A name is the kind's own: other kinds may use it for something else. */
  readonly indexes?: Readonly<Record<string, IndexFunction>>;
  /** Keys of this kind to reconcile when `object` appears, changes or is deleted. May read the caches. */
  readonly keys?: (object: KubeObject, reader: Reader) => readonly ObjectKey[];
}

/** A gauge sample of object state, computed from the caches at scrape time. */
export type StateSample = Sample;

/** A right the controller needs besides watching: `create` and `offer` of a plan need create, `annotate` patch, `remove` delete. */
export interface Grant {
  readonly resource: Resource;
  /** The subresource, when it is not the object itself. */
  readonly subresource?: "log";
  readonly verbs: readonly ("get" | "create" | "patch" | "delete")[];
}

type SeriesOf<N extends ObjectSeriesName> = N extends ObjectSeriesName
  ? { readonly metric: N; readonly labels: OpenLabelsOf<N>; readonly isRare?: true }
  : never;

/**
 * All series of a counter or histogram with these labels: one for each value of its closed labels. `isRare`: each begins
 * with its first increment.
 */
export type CounterSeries = SeriesOf<ObjectSeriesName>;

/**
 * What a plan needs from outside the caches: shared resources that are kept in memory, as mover slots, and the live
 * state of what it would delete. Asked for between `observe` and `plan`, so that observing only reads and planning
 * stays pure.
 */
export interface Claims<World> {
  /**
   * The world with what was granted of everything its plan would use; undefined when the object turns out to
   * be gone. May read live and plan, never writes.
   */
  ask(world: World, reader: Reader, signal: AbortSignal, now: Date): Promise<World | undefined>;
  /** Withdraws the requests of an object that is gone or cannot be read. Must be quick and not throw. */
  withdraw(key: ObjectKey): void;
}

/**
 * What a kind must declare. The engine runs it: observe → claim → plan → apply → status → report. The engine knows
 * no kind and kinds never import kinds. A kind's plans may carry more than the engine reads, for its `status`.
 */
export interface Kind<World extends { readonly object: KubeObject }, P extends Plan = Plan> {
  readonly name: string;
  readonly resource: Resource;
  /** Indexes over the kind's own objects. */
  readonly indexes?: Readonly<Record<string, IndexFunction>>;
  /** Everything `observe`, `keys` and `samples` read from the caches, besides the kind's own objects. */
  readonly watches: readonly Watch[];
  /**
   * Rights for what its plans create, remove and put finalizers on (patch on the kind itself), and for what `observe`
   * reads live. Its watches and its own status are granted anyway.
   */
  readonly writes: readonly Grant[];
  /** Counter and histogram series of one object. They exist at 0 from its first pass on, unless rare, and end with it. */
  readonly counters?: (key: ObjectKey) => readonly CounterSeries[];
  /**
   * Counter series of an object's namespace. They exist at 0 from the first pass over an object there, and stay when it is
   * gone, until some time after the namespace is deleted. The kind has to watch namespaces for that.
   */
  readonly namespaceCounters?: (namespace: string) => readonly CounterSeries[];
  /**
   * The traceparent of the work a pass over this object is part of; without one each pass is a trace of its own.
   * Must be quick and must not throw.
   */
  readonly traceparent?: (object: KubeObject) => string | undefined;
  /** True for an object that is only kept as a record: kopiur_resource_ready no longer counts it. */
  readonly hasEnded?: (object: KubeObject) => boolean;
  /**
   * Called once when work begins, with a function that queues a key of this kind: for changes that no watch shows,
   * as a freed slot.
   */
  readonly wakes?: (wake: (key: ObjectKey) => void) => void;
  /** Reads, never writes; undefined when the object is gone. Throws StalledError for an object that cannot be parsed. */
  observe(key: ObjectKey, reader: Reader, signal: AbortSignal, now: Date): Promise<World | undefined>;
  /** What its plans need from outside the caches; without it the plan is made from the observed world. */
  readonly claims?: Claims<World>;
  /** Every decision of the kind. Pure. */
  plan(world: World, now: Date): P;
  /** Called with the result of a plan, for what a kind keeps in memory. Must be quick and not throw. */
  applied?(world: World, applied: Applied, now: Date): void;
  /** The whole status except its conditions. Pure; must not contain the current time, or it changes in every pass. */
  status(world: World, plan: P, applied: Applied): Readonly<Record<string, unknown>>;
  /** Gauge samples of all objects of the kind. Called at scrape time, on the leader only. */
  samples(reader: Reader, now: Date): Iterable<StateSample>;
}

/** Any kind, where the world does not matter. */
export type AnyKind = Kind<{ readonly object: KubeObject }>;
