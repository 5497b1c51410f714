import type { KindDefinition } from "../../../api/kinds/definition.ts";
import { GROUP, VERSION } from "../../../api/meta.ts";
import type { Resource } from "../../../kube/types.ts";

/** Jobs (batch/v1). */
export const JOB: Resource = {
  group: "batch",
  version: "v1",
  kind: "Job",
  plural: "jobs",
  namespaced: true,
};

/** Pods. */
export const POD: Resource = core("Pod", "pods");
/** ConfigMaps. */
export const CONFIG_MAP: Resource = core("ConfigMap", "configmaps");
/** Secrets: watched as metadata only, read by name. */
export const SECRET: Resource = core("Secret", "secrets");
/** PersistentVolumeClaims. */
export const VOLUME_CLAIM: Resource = core("PersistentVolumeClaim", "persistentvolumeclaims");
/** Events (v1), for what Kubernetes' own controllers report nowhere else. */
export const EVENT: Resource = core("Event", "events");
/** Namespaces; the only cluster-scoped resource the kinds look at. */
export const NAMESPACE: Resource = { ...core("Namespace", "namespaces"), namespaced: false };

/** The resource of one of our own kinds. */
export function resourceOf(definition: KindDefinition): Resource {
  return {
    group: GROUP,
    version: VERSION,
    kind: definition.kind,
    plural: definition.plural,
    namespaced: definition.scope === "Namespaced",
  };
}

function core(kind: string, plural: string): Resource {
  return { group: "", version: "v1", kind, plural, namespaced: true };
}
