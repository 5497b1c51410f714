import type {
  EventsV1Event,
  V1ConfigMap,
  V1Job,
  V1Lease,
  V1Namespace,
  V1PersistentVolumeClaim,
  V1Pod,
  V1Secret,
} from "@kubernetes/client-node";
import type { DesiredObject, KubeObject, ObjectMeta } from "./types.ts";

/** Kubernetes' own kinds that this project uses: their apiVersion, and client-node's type. */
interface Builtins {
  readonly ConfigMap: readonly ["v1", V1ConfigMap];
  readonly Event: readonly ["events.k8s.io/v1", EventsV1Event];
  readonly Job: readonly ["batch/v1", V1Job];
  readonly Lease: readonly ["coordination.k8s.io/v1", V1Lease];
  readonly Namespace: readonly ["v1", V1Namespace];
  readonly PersistentVolumeClaim: readonly ["v1", V1PersistentVolumeClaim];
  readonly Pod: readonly ["v1", V1Pod];
  readonly Secret: readonly ["v1", V1Secret];
}

/** Name of one of them. */
export type BuiltinKind = keyof Builtins;

/**
 * A type of client-node as it is in JSON: dates are texts, everything is readonly, and an optional field may also be
 * undefined. An optional time may also be null: the API server writes that for a time that is not set.
 */
export type Wire<T> = T extends Date ? string
  : T extends readonly (infer E)[] ? readonly Wire<E>[]
  : T extends object ? { readonly [K in keyof T]: Wire<T[K]> | Unset<T, K> }
  : T;

type Unset<T, K extends keyof T> = Record<never, never> extends Pick<T, K>
  ? undefined | (Exclude<T[K], undefined> extends Date ? null : never)
  : never;

type Fields<K extends BuiltinKind> = Wire<Omit<Builtins[K][1], "apiVersion" | "kind" | "metadata">>;

/** A built-in object to be written. A field that Kubernetes does not have does not compile. */
export type Made<K extends BuiltinKind> =
  & { readonly apiVersion: Builtins[K][0]; readonly kind: K; readonly metadata: DesiredObject["metadata"] }
  & Fields<K>;

/** A built-in object that was read. A cache may keep its metadata only, or only some fields, as `status.phase`. */
export type Found<K extends BuiltinKind> =
  & { readonly apiVersion: string; readonly kind: string; readonly metadata: ObjectMeta }
  & { readonly [F in keyof Fields<K>]?: Partial<Fields<K>[F]> };

/** The spec of a pod. */
export type PodSpec = NonNullable<Made<"Pod">["spec"]>;
/** A container of a pod. */
export type Container = PodSpec["containers"][number];

/**
 * The object with its type. Only its kind is checked: the API server validates its own kinds before it stores them,
 * so every field has the right form.
 */
export function builtin<K extends BuiltinKind>(object: KubeObject, kind: K): Found<K> {
  if (isOfKind(object, kind)) return object;
  throw new TypeError(
    `Cannot read ${object.kind} "${object.metadata.name}": it is of another kind, expected a ${kind}`,
  );
}

function isOfKind<K extends BuiltinKind>(object: KubeObject, kind: K): object is KubeObject & Found<K> {
  return object.kind === kind;
}
