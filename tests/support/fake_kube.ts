import { isKnownEvent } from "../../api/catalogs/events.ts";
import { isDeepStrictEqual } from "node:util";
import { StalledError, TransientError } from "../../api/mod.ts";
import {
  type Annotating,
  ApiAnswer,
  type CountQuery,
  type DesiredObject,
  type EventRecord,
  type EventSink,
  keyOf,
  keyText,
  type KubeObject,
  type LogPart,
  madeBefore,
  type ObjectKey,
  type ObjectMeta,
  type Query,
  type Reader,
  type Removal,
  type Resource,
  type Writer,
} from "../../kube/mod.ts";

/** When all is made in a cluster without a clock. */
const NO_CLOCK = new Date("2026-01-02T03:04:05Z");

/** The write a planned failure answers to. */
export type FakeWrite = "annotate" | "create" | "remove" | "status" | "finalizer";

/** A change as a watch would report it; `old` is absent for a new object, `new` for one that went. */
export interface FakeChange {
  readonly old?: KubeObject;
  readonly new?: KubeObject;
}

type IndexFunction = (object: KubeObject) => readonly string[];
type Listener = (change: FakeChange) => void;

interface Store {
  readonly objects: Map<string, KubeObject>;
  readonly indexes: Map<string, IndexFunction>;
}

/** What a kind declares that matters to a reader: its indexes. */
interface Declares {
  readonly resource: Resource;
  readonly indexes?: Readonly<Record<string, IndexFunction>>;
  readonly watches?: readonly Declares[];
}

/**
 * An API server and its caches in memory behind our own interfaces. It keeps resourceVersion,
 * generation, uid, deletionTimestamp and finalizers as the real one does; it knows nothing of schemas,
 * field ownership, defaulting or garbage collection: those are tested on the real thing.
 */
export class FakeKube implements Reader, Writer, EventSink {
  /** Events told, in order. */
  readonly events: EventRecord[] = [];
  /** Writes that changed something, in order, as `create Job apps/x`. */
  readonly writes: string[] = [];
  /** How often a log was asked for. */
  logsRead = 0;
  readonly #logs = new Map<string, string | Error>();
  readonly #stores = new Map<string, Store>();
  readonly #indexed = new Map<IndexFunction, WeakMap<KubeObject, readonly string[]>>();
  readonly #failures: { readonly write: FakeWrite; readonly name: string | undefined; error: Error }[] = [];
  readonly #hanging = new Map<FakeWrite, number>();
  readonly #listeners = new Set<Listener>();
  /** How many of a name there have been, the first one not counted. */
  readonly #gone = new Map<string, number>();
  readonly #clock: (() => Date) | undefined;
  #version = 0;

  /** Without a clock it dates all things alike, and says nobody the time. */
  constructor(now?: () => Date) {
    this.#clock = now;
  }

  /** Makes the indexes of a kind and of its watches known, as the engine does with the real caches. */
  declare(kind: Declares): this {
    for (const part of [kind, ...(kind.watches ?? [])]) {
      const store = this.#store(part.resource.group, part.resource.kind);
      for (const [name, index] of Object.entries(part.indexes ?? {})) store.indexes.set(name, index);
    }
    return this;
  }

  /** Puts objects as somebody else would: new ones are made, known ones replaced. The last one as stored. */
  put(...objects: readonly KubeObject[]): KubeObject {
    let stored: KubeObject | undefined;
    for (const object of objects) stored = this.#save(object);
    if (stored === undefined) {
      throw new TypeError("Cannot put objects: none were given, expected at least one");
    }
    return stored;
  }

  /** Deletes as somebody else would: an object with finalizers gets a deletionTimestamp, another one goes. */
  delete(
    object: { readonly apiVersion: string; readonly kind: string; readonly metadata: ObjectMeta },
  ): void {
    const current = this.find(object.apiVersion, object.kind, keyOf(object));
    if (current === undefined) return;
    if ((current.metadata.finalizers ?? []).length === 0) return this.#drop(current);
    if (current.metadata.deletionTimestamp !== undefined) return;
    const deletionTimestamp = this.#timestamp();
    this.#save({ ...current, metadata: { ...current.metadata, deletionTimestamp } });
  }

  /** The object as stored, by apiVersion and kind. */
  find(apiVersion: string, kind: string, key: ObjectKey): KubeObject | undefined {
    return this.#store(groupOf(apiVersion), kind).objects.get(keyText(key));
  }

  /** Makes the next write of that sort (to an object of that name, if one is given) throw. */
  failNext(write: FakeWrite, error: Error, name?: string): void {
    this.#failures.push({ write, error, name });
  }

  /** Makes that many of the next writes of that sort hang until they are broken off. */
  hangNext(write: FakeWrite, times: number): void {
    this.#hanging.set(write, times);
  }

  /** Calls back on every change, as a watch would. The answer stops it. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get(resource: Resource, key: ObjectKey): KubeObject | undefined {
    return this.#store(resource.group, resource.kind).objects.get(keyText(key));
  }

  list(resource: Resource, query: Query = {}): readonly KubeObject[] {
    const store = this.#store(resource.group, resource.kind);
    const index = query.index === undefined ? undefined : this.#index(store, resource, query.index.name);
    return [...store.objects.values()].filter((object) =>
      (query.namespace === undefined || (object.metadata.namespace ?? "") === query.namespace) &&
      (query.index === undefined || index === undefined ||
        this.#valuesOf(index, object).includes(query.index.value))
    );
  }

  count(resource: Resource, query: CountQuery): number {
    return this.list(resource, query).length;
  }

  read(resource: Resource, key: ObjectKey, signal: AbortSignal): Promise<KubeObject | undefined> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return Promise.resolve(this.get(resource, key));
  }

  readLog(pod: ObjectKey, part: LogPart, signal: AbortSignal): Promise<string | undefined> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const text = this.#logs.get(`${keyText(pod)} ${part.container}`);
    this.logsRead += 1;
    if (text instanceof Error) return Promise.reject(text);
    const lines = text?.split("\n").slice(-part.lastLines - 1).join("\n");
    return Promise.resolve(lines?.slice(0, part.limitBytes));
  }

  serverNow(): Date | undefined {
    return this.#clock?.();
  }

  /** Makes a container have said this; an error is what asking for it throws. */
  setLog(pod: ObjectKey, container: string, text: string | Error): void {
    this.#logs.set(`${keyText(pod)} ${container}`, text);
  }

  create(object: DesiredObject, signal: AbortSignal): Promise<KubeObject> {
    return this.#write("create", object, signal, () => {
      const current = this.find(object.apiVersion, object.kind, keyOf(object));
      if (current !== undefined) return withoutContent(madeBefore(object, current));
      this.writes.push(`create ${describe(object)}`);
      return withoutContent(this.#save(plain(asWritten(object)) as KubeObject));
    });
  }

  annotate(annotating: Annotating, signal: AbortSignal): Promise<string | undefined> {
    const { resource, key, annotations } = annotating;
    const target = { kind: resource.kind, metadata: key };
    return this.#write("annotate", target, signal, () => {
      const current = this.#meant(annotating);
      if (current === undefined) return undefined;
      const merged = Object.entries({ ...current.metadata.annotations, ...annotations })
        .filter((entry): entry is [string, string] => entry[1] !== null);
      const changed = Object.fromEntries(merged);
      if (isDeepStrictEqual(changed, current.metadata.annotations ?? {})) {
        return current.metadata.resourceVersion;
      }
      this.writes.push(`annotate ${describe(target)}`);
      return this.#save({ ...current, metadata: { ...current.metadata, annotations: changed } })
        .metadata.resourceVersion;
    });
  }

  remove(removal: Removal, signal: AbortSignal): Promise<void> {
    const target = { kind: removal.resource.kind, metadata: removal.key };
    return this.#write("remove", target, signal, () => {
      const current = this.#meant(removal);
      if (current === undefined) return;
      this.writes.push(`remove ${describe(target)}`);
      this.delete(current);
    });
  }

  replaceStatus(
    object: KubeObject,
    status: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<boolean> {
    return this.#write("status", object, signal, () => {
      if (isDeepStrictEqual(plain(object.status ?? {}), plain(status))) return false;
      const current = this.#unchanged(object);
      this.writes.push(`status ${describe(object)}`);
      this.#save({ ...current, status });
      return true;
    });
  }

  setFinalizer(
    object: KubeObject,
    finalizer: string,
    wanted: "present" | "absent",
    signal: AbortSignal,
  ): Promise<KubeObject> {
    return this.#write("finalizer", object, signal, () => {
      const others = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
      const isPresent = (object.metadata.finalizers ?? []).includes(finalizer);
      if (isPresent === (wanted === "present")) return object;
      const current = this.#unchanged(object);
      this.writes.push(`finalizer ${wanted} ${describe(object)}`);
      const finalizers = wanted === "present" ? [...others, finalizer] : others;
      const changed = { ...current, metadata: { ...current.metadata, finalizers } };
      if (finalizers.length > 0 || current.metadata.deletionTimestamp === undefined) {
        return this.#save(changed);
      }
      this.#drop(current);
      return changed;
    });
  }

  send(event: EventRecord): void {
    const { type, reason, action, regarding: { kind } } = event;
    // The reference of Events is made from that catalog, so what it lacks must not be told.
    if (!isKnownEvent({ type, reason, action, kind })) {
      throw new TypeError(
        `Cannot send the Event ${type} ${reason} (${action}) on ${kind}, expected one of api/catalogs/events.ts`,
      );
    }
    this.events.push(event);
  }

  async #write<T>(
    write: FakeWrite,
    target: { readonly kind: string; readonly metadata: { readonly name: string } },
    signal: AbortSignal,
    change: () => T,
  ): Promise<T> {
    await Promise.resolve();
    signal.throwIfAborted();
    const planned = this.#failures.findIndex((failure) =>
      failure.write === write && (failure.name === undefined || failure.name === target.metadata.name)
    );
    const failure = planned < 0 ? undefined : this.#failures.splice(planned, 1)[0];
    if (failure !== undefined) throw failure.error;
    const hanging = this.#hanging.get(write) ?? 0;
    if (hanging > 0) {
      this.#hanging.set(write, hanging - 1);
      return await brokenOff(signal);
    }
    return change();
  }

  /** What a deletion or an annotation is meant for; undefined when it is gone or another incarnation. */
  #meant({ resource, key, uid, resourceVersion }: Removal | Annotating): KubeObject | undefined {
    const current = this.#store(resource.group, resource.kind).objects.get(keyText(key));
    if (current === undefined || (uid !== undefined && uid !== current.metadata.uid)) return undefined;
    if (resourceVersion === undefined || resourceVersion === current.metadata.resourceVersion) return current;
    throw refusal(409, `Cannot change ${describe(current)}: it changed meanwhile`);
  }

  #unchanged(object: KubeObject): KubeObject {
    const current = this.find(object.apiVersion, object.kind, keyOf(object));
    if (current === undefined) {
      throw refusal(404, `Cannot change ${describe(object)}: it does not exist`);
    }
    if (current.metadata.resourceVersion !== object.metadata.resourceVersion) {
      throw refusal(409, `Cannot change ${describe(object)}: it changed meanwhile`);
    }
    return current;
  }

  #save(object: KubeObject): KubeObject {
    const store = this.#store(groupOf(object.apiVersion), object.kind);
    const id = keyText(keyOf(object));
    const old = store.objects.get(id);
    const metadata: ObjectMeta = {
      uid: old?.metadata.uid ?? this.#uidOf(object),
      creationTimestamp: old?.metadata.creationTimestamp ?? this.#timestamp(),
      ...object.metadata,
      generation: generationOf(old, object),
      resourceVersion: String(++this.#version),
    };
    const stored = plain({ ...object, metadata }) as KubeObject;
    store.objects.set(id, stored);
    this.#tell(old === undefined ? { new: stored } : { old, new: stored });
    return stored;
  }

  /** Plain, so that tests can name it; one that is made again under its name is another one. */
  #uidOf(object: KubeObject): string {
    const before = this.#gone.get(`${object.kind} ${keyText(keyOf(object))}`) ?? 0;
    return `uid-${object.kind.toLowerCase()}-${object.metadata.name}${before === 0 ? "" : `-${before + 1}`}`;
  }

  #drop(object: KubeObject): void {
    const id = `${object.kind} ${keyText(keyOf(object))}`;
    this.#gone.set(id, (this.#gone.get(id) ?? 0) + 1);
    this.#store(groupOf(object.apiVersion), object.kind).objects.delete(keyText(keyOf(object)));
    this.#tell({ old: object });
  }

  #tell(change: FakeChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #store(group: string, kind: string): Store {
    const id = `${group}/${kind}`;
    const known = this.#stores.get(id);
    if (known !== undefined) return known;
    const made: Store = { objects: new Map(), indexes: new Map() };
    this.#stores.set(id, made);
    return made;
  }

  /** What is stored never changes, so an index is asked once for each, as the real caches do. */
  #valuesOf(index: IndexFunction, object: KubeObject): readonly string[] {
    const known = this.#indexed.get(index) ?? new WeakMap<KubeObject, readonly string[]>();
    this.#indexed.set(index, known);
    const values = known.get(object) ?? index(object);
    known.set(object, values);
    return values;
  }

  #index(store: Store, resource: Resource, name: string): IndexFunction {
    const index = store.indexes.get(name);
    if (index !== undefined) return index;
    throw new TypeError(
      `Cannot list ${resource.plural} by index "${name}": it is not declared, expected one of ` +
        `"${[...store.indexes.keys()].join('", "')}"`,
    );
  }

  #timestamp(): string {
    return (this.#clock?.() ?? NO_CLOCK).toISOString().replace(/\.[0-9]+Z$/, "Z");
  }
}

/** The error of a write that was forbidden, or to an object that is gone or changed meanwhile, as our writer throws it. */
export function refusal(code: 403 | 404 | 409, message: string): StalledError | TransientError {
  const words = { 403: "Forbidden", 404: "NotFound", 409: "Conflict" } as const;
  const options = { cause: new ApiAnswer(code, words[code], []) };
  return code === 403
    ? new StalledError("Forbidden", message, options)
    : new TransientError("Conflict", message, options);
}

function brokenOff(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}

/** What a writer asks for: most of an object that was just made is known to who made it. */
function withoutContent({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  return { apiVersion, kind, metadata };
}

/** Builders make whole objects; what only the server sets is not applied. */
function asWritten(object: DesiredObject): Fields {
  const metadata: ObjectMeta = object.metadata;
  const { uid: _u, resourceVersion: _r, generation: _g, creationTimestamp: _c, ...ours } = metadata;
  return { ...object, metadata: ours };
}

function describe(
  object: {
    readonly kind: string;
    readonly metadata: { readonly namespace?: string; readonly name: string };
  },
): string {
  return `${object.kind} ${keyText(keyOf(object))}`;
}

/** As the server counts: everything but metadata and status is the spec. */
function generationOf(old: KubeObject | undefined, object: KubeObject): number {
  if (old === undefined) return object.metadata.generation ?? 1;
  const { metadata: _m1, status: _s1, ...before } = old;
  const { metadata: _m2, status: _s2, ...after } = object;
  const generation = old.metadata.generation ?? 1;
  return isDeepStrictEqual(plain(before), plain(after)) ? generation : generation + 1;
}

type Fields = Readonly<Record<string, unknown>>;

/** What has been made plain: whoever puts back what was read pays only for what changed. */
const madePlain = new WeakSet<object>();

/** A copy as it looks after a trip over the wire: undefined fields are gone, and nobody may change it. */
function plain(value: unknown): unknown {
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value === "number" && !Number.isFinite(value)) return null;
  if (typeof value !== "object" || value === null || madePlain.has(value)) return value;
  if (value instanceof Date) return value.toJSON();
  const copy = Array.isArray(value) ? value.map((part) => plain(part) ?? null) : plainFields(value);
  madePlain.add(Object.freeze(copy));
  return copy;
}

function plainFields(value: object): Fields {
  const copy: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value)) {
    const given = plain(part);
    if (given !== undefined) copy[name] = given;
  }
  return copy;
}
