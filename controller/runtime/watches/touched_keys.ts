import { isDeepStrictEqual } from "node:util";
import type { Change, Trigger } from "../../../kube/mod.ts";
import { keyOf, keyText, type KubeObject, type ObjectKey, type Reader } from "../../../kube/types.ts";
import type { Route } from "./merge.ts";

/** A key to reconcile, and why. */
interface Touched {
  readonly key: ObjectKey;
  readonly trigger: Trigger;
}

/**
 * Keys of a kind that a change affects. For its own objects a change of the status alone does not count, as
 * we made it. For what it watches every change counts, and both the old and the new object are mapped to keys.
 */
export function touchedKeys(route: Route, change: Change, reader: Reader): readonly Touched[] {
  if (route.via === "own") {
    const object = change.new ?? change.old;
    if (object === undefined || !saysSomethingNew(change)) return [];
    return [{ key: keyOf(object), trigger: "spec" }];
  }
  const { via } = route;
  const seen = [change.old, change.new].filter((object) => object !== undefined);
  const keys = seen.flatMap((object) => via(object, reader)).map((key) => [keyText(key), key] as const);
  return [...new Map(keys).values()].map((key) => ({ key, trigger: "owned" }));
}

function saysSomethingNew({ old, new: current }: Change): boolean {
  return old === undefined || current === undefined || !isDeepStrictEqual(askedFor(old), askedFor(current));
}

/** The parts of an object that people and other controllers set; generation stands for the spec. */
function askedFor({ metadata }: KubeObject): unknown {
  const { uid, generation, labels, annotations, finalizers, deletionTimestamp } = metadata;
  return [uid, generation, labels ?? {}, annotations ?? {}, finalizers ?? [], deletionTimestamp];
}
