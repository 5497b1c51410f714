import {
  type Change,
  type Cluster,
  type Informer,
  type KubeClock,
  resourceId,
  RESOURCES,
} from "../../kube/mod.ts";
import { keyOf, type Reader } from "../../kube/types.ts";
import type { CheckResult, Sample, Telemetry } from "../../telemetry/mod.ts";
import { fencedWriter } from "./pass/fenced_writer.ts";
import { Freshness } from "./pass/freshness.ts";
import { GoneNamespaces } from "./gone_namespaces.ts";
import { Guard } from "./guard.ts";
import type { AnyKind } from "./kind.ts";
import { KindReader } from "./watches/kind_reader.ts";
import { reconcile } from "./pass/reconcile.ts";
import { StateSource } from "./state_source.ts";
import { touchedKeys } from "./watches/touched_keys.ts";
import { mergeWatches, type Route } from "./watches/merge.ts";
import { WorkerPool } from "./worker_pool.ts";

/** What the manager runs the kinds with. */
export interface ManagerDeps {
  readonly cluster: Pick<Cluster, "reader" | "writer" | "events" | "createInformer">;
  readonly telemetry: Telemetry;
  readonly clock: KubeClock;
  /** A number from [0, 1). */
  readonly random: () => number;
  /** A new id for each pass. */
  readonly newId: () => string;
  /** The number of workers per kind. */
  readonly concurrency: number;
  /** Whether this process may write; asked before each write. */
  readonly isLeader: () => boolean;
}

/** The state of the manager for one kind. */
interface Runner {
  readonly kind: AnyKind;
  readonly reader: Reader;
  readonly pool: WorkerPool;
  readonly state: StateSource;
}

/** After a longer silence of the API server the caches are not trusted; it sends something every minute. */
const stalenessLimitSeconds = 300;

/**
 * Runs kinds: one informer per resource for all kinds, one queue with workers per kind. Caches fill as
 * soon as `start` was called; work begins with `work`, on the leader. Order of calls: start → whenSynced → work →
 * stopWatching → drain; `halt` in place of the last two when work must end at once.
 */
export class Manager {
  readonly #deps: ManagerDeps;
  readonly #runners = new Map<AnyKind, Runner>();
  readonly #informers: readonly Informer[];
  readonly #watching = new AbortController();
  readonly #unregister: (() => void)[] = [];
  readonly #goneNamespaces: GoneNamespaces;
  #isWorking = false;

  constructor(kinds: readonly AnyKind[], deps: ManagerDeps) {
    this.#deps = deps;
    const guard = new Guard(deps.telemetry);
    this.#goneNamespaces = new GoneNamespaces(deps.telemetry.metrics, deps.clock);
    const { watches, namesOf } = mergeWatches(kinds);
    this.#informers = watches.map(({ routes, indexes, ...watch }) => {
      const safeRoutes = routes.map((route) => guard.route(route));
      const safeIndexes = Object.entries(indexes).map(([name, index]) => {
        const [kind = name] = name.split(".");
        return [name, guard.index(kind, index)] as const;
      });
      const isOfNamespaces = resourceId(watch.resource) === resourceId(RESOURCES.namespace);
      return deps.cluster.createInformer({
        ...watch,
        indexes: Object.fromEntries(safeIndexes),
        onChange: (change) => {
          if (isOfNamespaces) this.#goneNamespaces.note(change);
          this.#onChange(safeRoutes, change);
        },
      });
    });
    for (const kind of kinds) {
      const names = namesOf.get(kind) ?? new Map();
      const reader = new KindReader(kind.name, names, deps.cluster.reader);
      const informers = this.#informers.filter(({ resource }) => names.has(resourceId(resource)));
      this.#runners.set(kind, this.#createRunner(kind, { reader, informers }, guard));
    }
    this.#register();
  }

  /** Starts filling the caches. */
  start(): void {
    for (const informer of this.#informers) informer.start(this.#watching.signal);
  }

  /** Resolves once every cache has its first list. */
  async whenSynced(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.whenSynced(signal)));
  }

  /** Begins to work: every existing object gets a pass, and every change from now on. Needs full caches. */
  work(): void {
    this.#isWorking = true;
    for (const { kind, reader, pool } of this.#runners.values()) {
      kind.wakes?.((key) => {
        if (this.#isWorking) pool.add(key, "owned");
      });
      for (const object of reader.list(kind.resource)) pool.add(keyOf(object), "resync");
      pool.start();
    }
  }

  /** Ends the watches; the caches stay as they are. */
  async stopWatching(): Promise<void> {
    this.#watching.abort(new Error("The process is ending"));
    await Promise.all(this.#informers.map((informer) => informer.ended));
  }

  /** Starts no more passes and waits for the running ones; aborts them when the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#isWorking = false;
    await Promise.all([...this.#runners.values()].map(({ pool }) => pool.drain(signal)));
    for (const unregister of this.#unregister.splice(0)) unregister();
  }

  /** Aborts all passes and watches at once. */
  async halt(reason: Error): Promise<void> {
    this.#isWorking = false;
    this.#watching.abort(reason);
    await Promise.all([...this.#runners.values()].map(({ pool }) => pool.halt(reason)));
    for (const unregister of this.#unregister.splice(0)) unregister();
  }

  #createRunner(
    kind: AnyKind,
    { reader, informers }: { readonly reader: Reader; readonly informers: readonly Informer[] },
    guard: Guard,
  ): Runner {
    const { cluster, isLeader, telemetry, clock, random, newId, concurrency } = this.#deps;
    const { events } = cluster;
    const writer = fencedWriter(cluster.writer, isLeader);
    const reported = {
      log: telemetry.log.child({ target: "controller" }),
      metrics: telemetry.metrics,
      withSpan: telemetry.withSpan,
      withRemoteParent: telemetry.withRemoteParent,
      recordSpan: telemetry.recordSpan,
    };
    const freshness = new Freshness(kind.name, informers, reported.log);
    const deps = { reader, writer, events, telemetry: reported, clock, random, newId, freshness };
    const pool = new WorkerPool({
      name: kind.name,
      concurrency,
      pass: ({ key, trigger }, signal) => reconcile({ kind, key }, trigger, deps, signal),
      clock,
      random,
      telemetry,
      guard,
    });
    guard.precreate(kind.name);
    telemetry.metrics.precreate("kopiur_controller_reconcile_errors_total", { kind: kind.name });
    telemetry.metrics.precreate("kopiur_controller_reconcile_results_total", { kind: kind.name });
    return {
      kind,
      reader,
      pool,
      state: new StateSource(kind, reader, { state: telemetry.state, clock, guard }),
    };
  }

  /** Called for every change of a cache: maps it to keys and returns. */
  #onChange(routes: readonly Route[], change: Change): void {
    for (const route of routes) {
      const runner = this.#runners.get(route.kind);
      if (runner === undefined) continue;
      if (route.via === "own") noteLife(runner.state, change);
      if (!this.#isWorking) continue;
      for (const { key, trigger } of touchedKeys(route, change, runner.reader)) runner.pool.add(key, trigger);
    }
  }

  #register(): void {
    const { telemetry: { state, health } } = this.#deps;
    const runners = [...this.#runners.values()];
    this.#unregister.push(
      () => this.#goneNamespaces.end(),
      state.registerProcess(() => this.#processSamples()),
      ...runners.map((runner) => runner.state.register()),
      ...runners.map(({ kind, pool }) => health.register("live", `workers ${kind.name}`, () => pool.check())),
      health.register("ready", "caches", () => this.#checkCaches()),
    );
  }

  *#processSamples(): Iterable<Sample> {
    for (const { pool } of this.#runners.values()) yield* pool.samples();
    for (const informer of this.#informers) yield* informer.samples();
  }

  #checkCaches(): CheckResult {
    const waiting = this.#informers.filter((informer) => !informer.synced());
    const stale = this.#informers.filter((informer) => informer.stalenessSeconds() > stalenessLimitSeconds);
    if (waiting.length > 0) {
      return { ok: false, reason: `not listed yet: ${waiting.map(describe).join(", ")}` };
    }
    if (stale.length > 0) {
      return { ok: false, reason: `not heard of for long: ${stale.map(describe).join(", ")}` };
    }
    return { ok: true, reason: `${this.#informers.length} caches are filled` };
  }
}

function noteLife(state: StateSource, change: Change): void {
  if (change.new !== undefined) {
    if (change.old === undefined) state.appeared(change.new);
  } else if (change.old !== undefined) state.went(change.old);
}

function describe(informer: Informer): string {
  const error = informer.lastError();
  return error === undefined ? informer.resource.plural : `${informer.resource.plural} (${error.message})`;
}
