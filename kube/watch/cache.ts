import type { CountQuery, KubeObject, ObjectKey, Query } from "../types.ts";

/** The values under which an index finds an object. */
export type IndexFunction = (object: KubeObject) => readonly string[];

/** Indexes by name. */
export type Indexes = Readonly<Record<string, IndexFunction>>;

/** The queries of a cache. */
export interface Store {
  readonly size: number;
  get(key: ObjectKey): KubeObject | undefined;
  /** Its time grows with the answer. Throws a TypeError for an undeclared index. */
  list(query?: Query): readonly KubeObject[];
  /** Its time grows with the number of namespaces. Throws a TypeError for an undeclared index. */
  count(query: CountQuery): number;
  hasIndex(name: string): boolean;
}

/** Objects by namespace and name: the whole cache, or one value of an index. */
type Bucket = Map<string, Map<string, KubeObject>>;

interface Index {
  readonly valuesOf: IndexFunction;
  readonly buckets: Map<string, Bucket>;
}

/** The objects of one resource with their indexes. Objects are frozen by agreement. */
export class Cache implements Store {
  readonly #all: Bucket = new Map();
  readonly #indexes = new Map<string, Index>();
  #size = 0;

  constructor(indexes: Indexes = {}) {
    for (const [name, valuesOf] of Object.entries(indexes)) {
      this.#indexes.set(name, { valuesOf, buckets: new Map() });
    }
  }

  get size(): number {
    return this.#size;
  }

  get(key: ObjectKey): KubeObject | undefined {
    return this.#all.get(key.namespace)?.get(key.name);
  }

  list(query: Query = {}): readonly KubeObject[] {
    if (query.index === undefined) return objectsOf(this.#all, query.namespace);
    return objectsOf(this.#bucketOf(query.index), query.namespace);
  }

  count({ namespace, index }: CountQuery): number {
    const bucket = this.#bucketOf(index);
    if (bucket === undefined) return 0;
    if (namespace !== undefined) return bucket.get(namespace)?.size ?? 0;
    let count = 0;
    for (const inNamespace of bucket.values()) count += inNamespace.size;
    return count;
  }

  hasIndex(name: string): boolean {
    return this.#indexes.has(name);
  }

  /** Every key, in any order. */
  *keys(): Iterable<ObjectKey> {
    for (const [namespace, objects] of this.#all) {
      for (const name of objects.keys()) yield { namespace, name };
    }
  }

  /** Stores an object and returns the one it replaces. */
  put(object: KubeObject): KubeObject | undefined {
    const old = putInto(this.#all, object);
    if (old === undefined) this.#size++;
    for (const index of this.#indexes.values()) {
      if (old !== undefined) dropFromIndex(index, old);
      for (const value of index.valuesOf(object)) putInto(bucketOf(index, value), object);
    }
    return old;
  }

  /** Removes and returns the object of a key. */
  drop(key: ObjectKey): KubeObject | undefined {
    const old = this.get(key);
    if (old === undefined) return undefined;
    this.#size--;
    dropFrom(this.#all, key);
    for (const index of this.#indexes.values()) dropFromIndex(index, old);
    return old;
  }

  #bucketOf({ name, value }: CountQuery["index"]): Bucket | undefined {
    const index = this.#indexes.get(name);
    if (index !== undefined) return index.buckets.get(value);
    const known = [...this.#indexes.keys()].map((each) => `"${each}"`).join(", ");
    throw new TypeError(
      `Cannot list by index "${name}": it is not declared, expected one of [${known}]`,
    );
  }
}

function objectsOf(bucket: Bucket | undefined, namespace: string | undefined): readonly KubeObject[] {
  if (bucket === undefined) return [];
  if (namespace !== undefined) return [...(bucket.get(namespace)?.values() ?? [])];
  const objects: KubeObject[] = [];
  for (const inNamespace of bucket.values()) for (const object of inNamespace.values()) objects.push(object);
  return objects;
}

function bucketOf(index: Index, value: string): Bucket {
  const known = index.buckets.get(value);
  if (known !== undefined) return known;
  const made: Bucket = new Map();
  index.buckets.set(value, made);
  return made;
}

function putInto(bucket: Bucket, object: KubeObject): KubeObject | undefined {
  const { name, namespace = "" } = object.metadata;
  const inNamespace = bucket.get(namespace);
  if (inNamespace === undefined) {
    bucket.set(namespace, new Map([[name, object]]));
    return undefined;
  }
  const old = inNamespace.get(name);
  inNamespace.set(name, object);
  return old;
}

function dropFrom(bucket: Bucket, key: ObjectKey): void {
  const inNamespace = bucket.get(key.namespace);
  inNamespace?.delete(key.name);
  if (inNamespace?.size === 0) bucket.delete(key.namespace);
}

function dropFromIndex(index: Index, object: KubeObject): void {
  const { name, namespace = "" } = object.metadata;
  for (const value of index.valuesOf(object)) {
    const bucket = index.buckets.get(value);
    if (bucket === undefined) continue;
    dropFrom(bucket, { namespace, name });
    if (bucket.size === 0) index.buckets.delete(value);
  }
}
