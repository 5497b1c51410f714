import { apiVersionOf } from "./resources.ts";
import type { KubeObject, Resource } from "./types.ts";

/** Holds the whole object once more; for a Secret in clear text. */
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

interface ReceivedMeta {
  name: string;
  managedFields?: unknown;
  annotations?: Record<string, string>;
}

/**
 * An object as it was received, or undefined when it is none. It is changed in place, for it was just
 * parsed and belongs to nobody: `apiVersion` and `kind` are set (items of a list lack them, and
 * PartialObjectMetadata has its own).
 */
export function receivedObject(value: unknown, resource: Resource): KubeObject | undefined {
  if (!isRecord(value) || !isRecord(value.metadata) || typeof value.metadata.name !== "string") {
    return undefined;
  }
  value.apiVersion = apiVersionOf(resource);
  value.kind = resource.kind;
  // Checked above: what KubeObject promises of every object is there.
  return value as unknown as KubeObject;
}

/** The same for an object that is kept: what nobody reads and what may hold a secret is left out. */
export function keptObject(value: unknown, resource: Resource): KubeObject | undefined {
  const object = receivedObject(value, resource);
  if (object === undefined) return undefined;
  // Not frozen yet: it was parsed a moment ago.
  const metadata = object.metadata as unknown as ReceivedMeta;
  delete metadata.managedFields;
  if (metadata.annotations !== undefined) delete metadata.annotations[lastApplied];
  return object;
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
