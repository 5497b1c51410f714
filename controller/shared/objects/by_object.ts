import type { KubeObject } from "../../../kube/types.ts";

/**
 * The same function, with its result kept per object: a changed object is a new one in the cache. For what many
 * passes read of the same config or repository.
 */
export function byObject<T>(read: (object: KubeObject) => T): (object: KubeObject) => T {
  const known = new WeakMap<KubeObject, { readonly found: T }>();
  return (object) => {
    const before = known.get(object);
    if (before !== undefined) return before.found;
    const found = read(object);
    known.set(object, { found });
    return found;
  };
}
