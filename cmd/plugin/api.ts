import { type Cluster, type KubeObject, type ObjectKey, type Resource } from "../../kube/mod.ts";

/** The field manager of the plugin's writes; another than the controller's, so that neither undoes the other. */
const FIELD_MANAGER = "kubectl-kopiur";

/** The API server as the plugin uses it. Every call throws the classes of `kube/errors.ts`. */
export interface PluginApi {
  /** All objects of a namespace; an empty namespace means all. */
  list(
    resource: Resource,
    options: {
      readonly namespace: string;
      readonly metadataOnly?: boolean;
      readonly fields?: readonly string[];
    },
    signal: AbortSignal,
  ): Promise<readonly KubeObject[]>;
  /** The current object; undefined when there is none. */
  read(resource: Resource, key: ObjectKey, signal: AbortSignal): Promise<KubeObject | undefined>;
  /** Creates an object; an existing one of that name is a conflict. Unknown fields are refused. */
  create(
    resource: Resource,
    object: KubeObject,
    signal: AbortSignal,
  ): Promise<void>;
  /** Merges a patch into an object; a uid and resourceVersion in the patch must match. */
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
