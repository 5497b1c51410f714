import { parseJson } from "../../api/json.ts";
import { isRecord, keptObject } from "../received_object.ts";
import { type Status, statusOfObject } from "../errors.ts";
import type { KubeObject, Resource } from "../types.ts";

/** A line of a watch. */
export type WatchEvent =
  | { readonly kind: "changed"; readonly object: KubeObject }
  | { readonly kind: "deleted"; readonly object: KubeObject }
  | { readonly kind: "bookmark"; readonly resourceVersion: string }
  | { readonly kind: "error"; readonly status: Status };

/** Parses a line of a watch; undefined for an invalid line or an unknown type. */
export function parseWatchEvent(
  line: string,
  resource: Resource,
  fields?: readonly string[],
): WatchEvent | undefined {
  const event = parseJson(line);
  if (!isRecord(event)) return undefined;
  switch (event.type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED": {
      const object = keptObject(event.object, resource, fields);
      if (object?.metadata.resourceVersion === undefined) return undefined;
      return { kind: event.type === "DELETED" ? "deleted" : "changed", object };
    }
    case "BOOKMARK": {
      const metadata = isRecord(event.object) ? event.object.metadata : undefined;
      if (!isRecord(metadata) || typeof metadata.resourceVersion !== "string") return undefined;
      return { kind: "bookmark", resourceVersion: metadata.resourceVersion };
    }
    case "ERROR":
      return { kind: "error", status: statusOfObject(event.object) };
    default:
      return undefined;
  }
}
