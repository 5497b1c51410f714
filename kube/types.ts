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

/** What to list from a cache; `index` must be declared by the watch. */
export interface Query {
  readonly namespace?: string;
  readonly index?: { readonly name: string; readonly value: string };
}

/** What to count in a cache: the objects under a value of an index, in one or all namespaces. */
export type CountQuery = Query & Required<Pick<Query, "index">>;

/** Reads objects. `get`, `list` and `count` use the caches; `read` asks the API server. */
export interface Reader {
  get(resource: Resource, key: ObjectKey): KubeObject | undefined;
  list(resource: Resource, query?: Query): readonly KubeObject[];
  /** The length of `list`; its time grows only with the number of namespaces. */
  count(resource: Resource, query: CountQuery): number;
  /** The current object; undefined when there is none. Throws the classes of `kube/errors.ts`. */
  read(resource: Resource, key: ObjectKey, signal: AbortSignal): Promise<KubeObject | undefined>;
  /** The end of a container's log; undefined when there is no such pod. Throws the classes of `kube/errors.ts`. */
  readLog(pod: ObjectKey, part: LogPart, signal: AbortSignal): Promise<string | undefined>;
  /** The time of the API server's clock, from its last answer; undefined before the first. */
  serverNow(): Date | undefined;
}

/** Which log of a pod, and how much: its last lines, limited in bytes. */
export interface LogPart {
  readonly container: string;
  readonly lastLines: number;
  readonly limitBytes: number;
}

/** An object to create. */
export interface DesiredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Omit<
    ObjectMeta,
    "uid" | "resourceVersion" | "generation" | "creationTimestamp" | "deletionTimestamp"
  >;
  readonly [field: string]: unknown;
}

/** An object to remove. */
export interface Removal {
  readonly resource: Resource;
  readonly key: ObjectKey;
  /** Removes only this incarnation. */
  readonly uid?: string;
  /** Removes only this version: for an object that changed since, the call throws a conflict. */
  readonly resourceVersion?: string;
  readonly propagation: "Foreground" | "Background";
  /** The object has ended for good, so removing it takes nothing away, however old the caches are. */
  readonly isSpent?: boolean;
}

/** Annotations to set on an object of another owner, or with null to remove. */
export interface Annotating {
  readonly resource: Resource;
  readonly key: ObjectKey;
  /** Annotates only this incarnation. */
  readonly uid: string;
  /** Annotates only this version: for an object that changed since, the call throws a conflict. */
  readonly resourceVersion?: string;
  readonly annotations: Readonly<Record<string, string | null>>;
}

/** Writes objects. Every call throws the classes of `kube/errors.ts`. */
export interface Writer {
  /**
   * Creates an object and returns its stored metadata. An equal object that an earlier pass made, but could not record
   * or no cache shows yet, is returned as well; nothing existing is ever overwritten. Throws WaitingError
   * (NameTaken) when another object has the name.
   */
  create(object: DesiredObject, signal: AbortSignal): Promise<KubeObject>;
  /** Deletes; an object that is gone (or is another incarnation) counts as deleted. */
  remove(removal: Removal, signal: AbortSignal): Promise<void>;
  /**
   * Sets annotations, changes nothing else, and returns the new resourceVersion. Undefined when the object is gone or
   * is another incarnation.
   */
  annotate(annotating: Annotating, signal: AbortSignal): Promise<string | undefined>;
  /** Replaces `.status` when it differs from that of `object`; true when a request was made. Conflicts on resourceVersion throw. */
  replaceStatus(
    object: KubeObject,
    status: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Adds or drops one finalizer, guarded by resourceVersion; does nothing when it is as wanted. */
  setFinalizer(
    object: KubeObject,
    finalizer: string,
    wanted: "present" | "absent",
    signal: AbortSignal,
  ): Promise<KubeObject>;
}

/** One Event to write (events.k8s.io/v1). `note` is redacted and cut to 1024 bytes between characters. */
export interface EventRecord {
  readonly regarding: KubeObject;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

/** Writes Events; never throws, a failure is logged. */
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
