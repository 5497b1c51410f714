import type { KubeObject } from "../../../kube/types.ts";

/**
 * The same function, asked once for each object as it is kept: one that changes is another object. For what many
 * passes read of one and the same config or repository.
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
