import {
  Cache,
  type Change,
  type Cluster,
  type Informer,
  type InformerOptions,
  type KubeObject,
  type LeaderElector,
  type LeaseOptions,
  type Resource,
  resourceId,
} from "../../kube/mod.ts";
import type { Sample } from "../../telemetry/mod.ts";
import { withFieldsOnly } from "../../kube/received_object.ts";
import type { FakeKube } from "./fake_kube.ts";

/** A cluster in memory: what is in the {@link FakeKube} reaches the informers at once, unless they are held. */
export class FakeCluster
  implements Pick<Cluster, "reader" | "writer" | "events" | "createInformer" | "createLeaderElector"> {
  readonly reader: Cluster["reader"];
  readonly writer: Cluster["writer"];
  readonly events: Cluster["events"];
  /** Every informer that was made, in order. */
  readonly informers: FakeInformer[] = [];
  /** Every candidate that was made, in order. */
  readonly electors: FakeElector[] = [];
  /** Set: informers made from now on are held. */
  holdsInformers = false;
  readonly #kube: FakeKube;

  /** `writer` stands before the cluster's writes, for tests in which the controller dies. */
  constructor(kube: FakeKube, writer: Cluster["writer"] = kube) {
    this.#kube = kube;
    this.writer = writer;
    this.events = kube;
    this.reader = {
      get: (resource, key) => this.informer(resource).store.get(key),
      list: (resource, query) => this.informer(resource).store.list(query),
      count: (resource, query) => this.informer(resource).store.count(query),
      read: (resource, key, signal) => kube.read(resource, key, signal),
      readLog: (pod, part, signal) => kube.readLog(pod, part, signal),
      serverNow: () => kube.serverNow(),
    };
  }

  createInformer(options: InformerOptions): FakeInformer {
    const informer = new FakeInformer(this.#kube, options);
    if (this.holdsInformers) informer.hold();
    this.informers.push(informer);
    return informer;
  }

  createLeaderElector(options: LeaseOptions): FakeElector {
    const elector = new FakeElector(options);
    this.electors.push(elector);
    return elector;
  }

  /** The informer of a resource. */
  informer(resource: Resource): FakeInformer {
    const found = this.informers.find((informer) => resourceId(informer.resource) === resourceId(resource));
    if (found === undefined) {
      throw new TypeError(`Cannot read ${resource.plural}: there is no informer of them`);
    }
    return found;
  }
}

/** An informer over a {@link FakeKube}. */
export class FakeInformer implements Informer {
  readonly resource: Resource;
  readonly store: Cache;
  readonly options: InformerOptions;
  /** What it says of itself; a test may change it. */
  staleness = 0;
  error: Error | undefined;
  readonly #kube: FakeKube;
  readonly #first = Promise.withResolvers<void>();
  readonly #end = Promise.withResolvers<void>();
  #isHeld = false;
  #isSynced = false;
  /** What arrives late. */
  #late: Change[] | undefined;

  constructor(kube: FakeKube, options: InformerOptions) {
    this.#kube = kube;
    this.options = options;
    this.resource = options.resource;
    this.store = new Cache(options.indexes);
  }

  get ended(): Promise<void> {
    return this.#end.promise;
  }

  /** Keeps the first list from completing until `release`; to be called before `start`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#sync();
  }

  /** Lets the cache fall behind: what happens from now on arrives with `resume`. */
  pause(): void {
    this.#late ??= [];
  }

  /** Brings the cache up to date again. */
  resume(): void {
    const late = this.#late ?? [];
    this.#late = undefined;
    for (const change of late) this.#take(change);
  }

  start(signal: AbortSignal): void {
    const stop = this.#kube.subscribe((change) => {
      if (this.#late === undefined) this.#take({ ...change, cause: "watch" });
      else this.#late.push({ ...change, cause: "watch" });
    });
    signal.addEventListener("abort", () => {
      stop();
      this.#end.resolve();
    });
    if (!this.#isHeld) this.#sync();
  }

  synced(): boolean {
    return this.#isSynced;
  }

  whenSynced(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.#first.promise.then(resolve);
    });
  }

  stalenessSeconds(): number {
    return this.staleness;
  }

  lastError(): Error | undefined {
    return this.error;
  }

  samples(): Iterable<Sample> {
    const labels = { resource: resourceId(this.resource) };
    return [{ name: "kopiur_informer_synced", labels, value: this.#isSynced ? 1 : 0 }];
  }

  #sync(): void {
    for (const object of this.#kube.list(this.resource)) this.#take({ new: object, cause: "list" });
    this.#isSynced = true;
    this.#first.resolve();
  }

  #take(change: Change): void {
    const object = change.new ?? change.old;
    if (object === undefined || !this.#isMine(object)) return;
    const seen = {
      ...(change.old === undefined ? {} : { old: this.#asSeen(change.old) }),
      ...(change.new === undefined ? {} : { new: this.#asSeen(change.new) }),
      cause: change.cause,
    };
    if (seen.new !== undefined) this.store.put(seen.new);
    else this.store.drop({ namespace: object.metadata.namespace ?? "", name: object.metadata.name });
    this.options.onChange?.(seen);
  }

  #isMine(object: KubeObject): boolean {
    const { apiVersion, kind, metadata } = object;
    const { group, version } = this.resource;
    const isOfResource = kind === this.resource.kind &&
      apiVersion === (group === "" ? version : `${group}/${version}`);
    const wanted = (this.options.labelSelector ?? "").split(",").filter((term) => term !== "");
    const fields = (this.options.fieldSelector ?? "").split(",").filter((term) => term !== "");
    return isOfResource && wanted.every((term) => {
      const [label = "", value] = term.split("=");
      return metadata.labels?.[label] === value;
    }) && fields.every((term) => {
      const [path = "", value] = term.split("=");
      return path.split(".").reduce<unknown>((part, field) => Object(part)[field], object) === value;
    });
  }

  #asSeen(object: KubeObject): KubeObject {
    if (this.options.fields !== undefined) return withFieldsOnly(object, this.options.fields);
    if (this.options.metadataOnly !== true) return object;
    const { apiVersion, kind, metadata } = object;
    return { apiVersion, kind, metadata };
  }
}

/** A candidate for leadership that is elected and deposed by the test. */
export class FakeElector implements LeaderElector {
  readonly options: LeaseOptions;
  isRunning = false;
  /** How often the lease was released. */
  released = 0;
  /** Set: it has not renewed its lease in time, and did not notice yet. */
  isLate = false;
  readonly #elected = Promise.withResolvers<void>();
  readonly #lost = Promise.withResolvers<Error>();
  readonly #end = Promise.withResolvers<void>();
  #isLeader = false;

  constructor(options: LeaseOptions) {
    this.options = options;
  }

  get lost(): Promise<Error> {
    return this.#lost.promise;
  }

  get ended(): Promise<void> {
    return this.#end.promise;
  }

  start(signal: AbortSignal): void {
    this.isRunning = true;
    signal.addEventListener("abort", () => {
      this.isRunning = false;
      if (this.#isLeader) this.released += 1;
      this.#isLeader = false;
      this.#end.resolve();
    });
  }

  elect(): void {
    this.#isLeader = true;
    this.#elected.resolve();
  }

  depose(reason: Error): void {
    this.#isLeader = false;
    this.#lost.resolve(reason);
  }

  isLeader(): boolean {
    return this.#isLeader && !this.isLate;
  }

  whenLeader(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.#elected.promise.then(resolve);
    });
  }

  samples(): Iterable<Sample> {
    return [{ name: "kopiur_leader", labels: {}, value: this.#isLeader ? 1 : 0 }];
  }
}
