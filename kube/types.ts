/** A resource of the API server: what a URL and a manifest need. */
export interface Resource {
  /** API group; empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Name of an object; `namespace` is empty for cluster-scoped ones. A request is a name, never an event. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

/** Owner reference as the API server keeps it. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** The metadata this project reads or writes. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
}

/** Any object of the API server. Objects from a cache are frozen by agreement: build a new one. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** What to list from a cache; an index is one the watch declared. */
export interface Query {
  readonly namespace?: string;
  readonly index?: { readonly name: string; readonly value: string };
}

/** What to count in a cache: what an index holds under a value, in a namespace or in all of them. */
export type CountQuery = Query & Required<Pick<Query, "index">>;

/** Reading. `get`, `list` and `count` answer from the caches without a request; `read` asks the API server. */
export interface Reader {
  get(resource: Resource, key: ObjectKey): KubeObject | undefined;
  list(resource: Resource, query?: Query): readonly KubeObject[];
  /** How many `list` would give, in a time that grows with their namespaces only. */
  count(resource: Resource, query: CountQuery): number;
  /** The object as it is now, undefined when there is none. Throws the classes of `kube/errors.ts`. */
  read(resource: Resource, key: ObjectKey, signal: AbortSignal): Promise<KubeObject | undefined>;
  /** The end of a container's log, undefined when there is no such pod. Throws the classes of `kube/errors.ts`. */
  readLog(pod: ObjectKey, part: LogPart, signal: AbortSignal): Promise<string | undefined>;
  /** What the API server's clock shows now, by its last answer; undefined while none said it. */
  serverNow(): Date | undefined;
}

/** Which log of a pod, and how much of it: its last lines, and of those no more than so many bytes. */
export interface LogPart {
  readonly container: string;
  readonly lastLines: number;
  readonly limitBytes: number;
}

/** An object to be made as described. */
export interface DesiredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Omit<
    ObjectMeta,
    "uid" | "resourceVersion" | "generation" | "creationTimestamp" | "deletionTimestamp"
  >;
  readonly [field: string]: unknown;
}

/** An object to be removed. */
export interface Removal {
  readonly resource: Resource;
  readonly key: ObjectKey;
  /** Removes only this incarnation. */
  readonly uid?: string;
  /** Removes only what was seen: an object that changed since is refused with a Conflict. */
  readonly resourceVersion?: string;
  readonly propagation: "Foreground" | "Background";
  /** It has ended for good and is needed no longer: removing it takes nothing away, however old the caches are. */
  readonly isSpent?: boolean;
}

/** Annotations to be set on, or with null taken from, an object somebody else owns. */
export interface Annotating {
  readonly resource: Resource;
  readonly key: ObjectKey;
  /** Annotates only this incarnation. */
  readonly uid: string;
  /** Annotates only what was seen: an object that changed since is refused with a Conflict. */
  readonly resourceVersion?: string;
  readonly annotations: Readonly<Record<string, string | null>>;
}

/** Writing. Every call throws the classes of `kube/errors.ts`. */
export interface Writer {
  /**
   * Makes an object; the answer is its metadata as stored. One that was made before, by a pass that did not live to tell or that no
   * cache shows yet, is answered alike: nothing is ever written over what is there. Throws WaitingError
   * (NameTaken) when something else has its name.
   */
  create(object: DesiredObject, signal: AbortSignal): Promise<KubeObject>;
  /** Deletes; an object that is gone (or is another incarnation) counts as deleted. */
  remove(removal: Removal, signal: AbortSignal): Promise<void>;
  /**
   * Sets annotations and leaves everything else; answers the resourceVersion there is then. An object that is gone (or is
   * another incarnation) is left alone, and the answer is undefined.
   */
  annotate(annotating: Annotating, signal: AbortSignal): Promise<string | undefined>;
  /** Replaces `.status` when it differs from that of `object`; true when a request was made. Conflicts on resourceVersion throw. */
  replaceStatus(
    object: KubeObject,
    status: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Adds or drops one finalizer, guarded by resourceVersion; nothing happens when it is as wanted. */
  setFinalizer(
    object: KubeObject,
    finalizer: string,
    wanted: "present" | "absent",
    signal: AbortSignal,
  ): Promise<KubeObject>;
}

/** One Event to be told (events.k8s.io/v1). `note` is cut to 1024 bytes on a character and redacted. */
export interface EventRecord {
  readonly regarding: KubeObject;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

/** Tells Events; never throws, a failure is logged. */
export interface EventSink {
  send(event: EventRecord): void;
}

/** Key of an object. */
export function keyOf(
  object: { readonly metadata: { readonly namespace?: string; readonly name: string } },
): ObjectKey {
  return { namespace: object.metadata.namespace ?? "", name: object.metadata.name };
}

/** `namespace/name`, or `name` for cluster-scoped objects. */
export function keyText(key: ObjectKey): string {
  return key.namespace === "" ? key.name : `${key.namespace}/${key.name}`;
}
