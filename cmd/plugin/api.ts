import { type Cluster, type KubeObject, type ObjectKey, type Resource } from "../../kube/mod.ts";

/** Who owns the fields the plugin writes; not the controller, so that neither undoes the other. */
const FIELD_MANAGER = "kubectl-kopiur";

/** What the commands of the plugin ask of the API server. Every call throws the classes of `kube/errors.ts`. */
export interface PluginApi {
  /** All objects of a namespace, or of all with an empty one. */
  list(
    resource: Resource,
    options: {
      readonly namespace: string;
      readonly metadataOnly?: boolean;
      readonly fields?: readonly string[];
    },
    signal: AbortSignal,
  ): Promise<readonly KubeObject[]>;
  /** The object as it is now; undefined when there is none. */
  read(resource: Resource, key: ObjectKey, signal: AbortSignal): Promise<KubeObject | undefined>;
  /** Makes an object; one of that name already there is a conflict. Unknown fields are refused. */
  create(
    resource: Resource,
    object: KubeObject,
    signal: AbortSignal,
  ): Promise<void>;
  /** Merges a patch into an object; with uid and resourceVersion in it, only into that very version. */
  patch(resource: Resource, key: ObjectKey, patch: unknown, signal: AbortSignal): Promise<void>;
}

/** The API of a connected cluster. */
export function pluginApi(cluster: Pick<Cluster, "list" | "reader" | "transport">): PluginApi {
  const query = { fieldManager: FIELD_MANAGER, fieldValidation: "Strict" };
  return {
    list: (resource, { namespace, ...options }, signal) =>
      cluster.list(resource, { ...options, ...(namespace === "" ? {} : { namespace }) }, signal),
    read: (resource, key, signal) => cluster.reader.read(resource, key, signal),
    create: async (resource, object, signal) => {
      const target = { namespace: object.metadata.namespace ?? "" };
      await cluster.transport.send({ verb: "create", resource, target, query, body: object }, signal);
    },
    patch: async (resource, key, patch, signal) => {
      await cluster.transport.send({ verb: "patch", resource, target: { key }, query, body: patch }, signal);
    },
  };
}
