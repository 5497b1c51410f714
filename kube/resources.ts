import { KIND_NAMES, type KindName } from "../api/kind_names.ts";
import { GROUP, VERSION } from "../api/meta.ts";
import type { ObjectKey, Resource } from "./types.ts";

/** The resource of one of our own kinds. */
export function resourceOf({ kind, plural, scope }: KindName): Resource {
  return { group: GROUP, version: VERSION, kind, plural, namespaced: scope === "Namespaced" };
}

/** Resources of other groups that this project reads or writes. */
export const RESOURCES = {
  namespace: { group: "", version: "v1", kind: "Namespace", plural: "namespaces", namespaced: false },
  pod: { group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true },
  configMap: { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true },
  secret: { group: "", version: "v1", kind: "Secret", plural: "secrets", namespaced: true },
  service: { group: "", version: "v1", kind: "Service", plural: "services", namespaced: true },
  serviceAccount: {
    group: "",
    version: "v1",
    kind: "ServiceAccount",
    plural: "serviceaccounts",
    namespaced: true,
  },
  persistentVolumeClaim: {
    group: "",
    version: "v1",
    kind: "PersistentVolumeClaim",
    plural: "persistentvolumeclaims",
    namespaced: true,
  },
  job: { group: "batch", version: "v1", kind: "Job", plural: "jobs", namespaced: true },
  event: { group: "events.k8s.io", version: "v1", kind: "Event", plural: "events", namespaced: true },
  lease: { group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases", namespaced: true },
  customResourceDefinition: {
    group: "apiextensions.k8s.io",
    version: "v1",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    namespaced: false,
  },
} as const satisfies Readonly<Record<string, Resource>>;

/** Every resource a writer knows: ours and {@link RESOURCES}. */
export function knownResources(): readonly Resource[] {
  return [...Object.values(KIND_NAMES).map(resourceOf), ...Object.values(RESOURCES)];
}

/** Name of a resource that is unique in a cluster: `jobs.batch`, `pods`. */
export function resourceId(resource: Resource): string {
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
}

/** `apiVersion` of a resource's objects. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

/** The target of a path; with neither key nor namespace: all objects of the cluster. */
export interface PathTarget {
  /** One object. */
  readonly key?: ObjectKey;
  /** The objects of one namespace. */
  readonly namespace?: string;
  readonly subresource?: "status" | "log";
}

/** URL path without discovery. Names are encoded, so none can reach another resource. */
export function resourcePath(resource: Resource, target: PathTarget = {}): string {
  const namespace = target.key?.namespace ?? target.namespace ?? "";
  if (target.key !== undefined && resource.namespaced !== (namespace !== "")) {
    const expected = resource.namespaced ? "a namespace" : "no namespace, for it is cluster-scoped";
    throw new TypeError(
      `Cannot build a path: the namespace of ${resource.kind} "${target.key.name}" is "${namespace}", expected ${expected}`,
    );
  }
  const name = target.key === undefined ? "" : encodeSegment(target.key.name);
  return buildPath(resource, namespace === "" ? "" : encodeSegment(namespace), name, target.subresource);
}

/** The same path with `{namespace}` and `{name}` in place of names, for spans: it has few values. */
export function pathTemplate(resource: Resource, target: PathTarget = {}): string {
  const namespace = (target.key?.namespace ?? target.namespace ?? "") === "" ? "" : "{namespace}";
  return buildPath(resource, namespace, target.key === undefined ? "" : "{name}", target.subresource);
}

function encodeSegment(name: string): string {
  // "." and ".." survive encoding and would be resolved away as path segments.
  if (/^(?:|\.|\.\.)$/.test(name)) {
    throw new TypeError(`Cannot build a path: a name in it is "${name}", expected a name of an object`);
  }
  return encodeURIComponent(name);
}

function buildPath(resource: Resource, namespace: string, name: string, subresource?: string): string {
  const root = resource.group === ""
    ? `/api/${resource.version}`
    : `/apis/${resource.group}/${resource.version}`;
  const within = resource.namespaced && namespace !== "" ? `/namespaces/${namespace}` : "";
  const last = subresource === undefined ? "" : `/${subresource}`;
  return `${root}${within}/${resource.plural}${name === "" ? "" : `/${name}`}${last}`;
}
