import { apiVersionOf } from "./resources.ts";
import type { KubeObject, Resource } from "./types.ts";

/** An annotation with a copy of the whole object; of a Secret in clear text. */
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

interface ReceivedMeta {
  name: string;
  managedFields?: unknown;
  annotations?: Record<string, string>;
}

/**
 * The received object, or undefined when the value is none. It is changed in place, as it was just
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

/**
 * The same for an object that goes into a cache: unused parts and parts with secrets are left out. With `fields`
 * (paths as `status.phase`) only the metadata and these fields are kept.
 */
export function keptObject(
  value: unknown,
  resource: Resource,
  fields?: readonly string[],
): KubeObject | undefined {
  const object = receivedObject(value, resource);
  if (object === undefined) return undefined;
  // Not frozen yet: it was parsed a moment ago.
  const metadata = object.metadata as unknown as ReceivedMeta;
  delete metadata.managedFields;
  if (metadata.annotations !== undefined) delete metadata.annotations[lastApplied];
  return fields === undefined ? object : withFieldsOnly(object, fields);
}

/** An object with its metadata and these fields of it, and nothing else. */
export function withFieldsOnly(object: KubeObject, fields: readonly string[]): KubeObject {
  const { apiVersion, kind, metadata } = object;
  const kept: Record<string, unknown> = {};
  for (const field of fields) {
    const [first = "", second = ""] = field.split(".");
    const part = object[first];
    if (!isRecord(part) || part[second] === undefined) continue;
    const known = kept[first];
    kept[first] = { ...(isRecord(known) ? known : {}), [second]: part[second] };
  }
  return { ...kept, apiVersion, kind, metadata };
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
