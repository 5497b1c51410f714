import { COMPONENT_MOVER, LABEL, MANAGED_BY } from "../../../api/meta.ts";
import type { KubeObject, ObjectKey, OwnerReference, Reader } from "../../../kube/types.ts";
import { textAt } from "./field_at.ts";
import { CONFIG_MAP, EVENT, JOB, NAMESPACE, POD, SECRET, VOLUME_CLAIM } from "./resources.ts";

/** Index of Jobs by the uid of their controller. */
export const BY_CONTROLLER = "controller";

/** Index of such Events by the uid of their Job. */
export const BY_REFUSED_JOB = "refusedJob";

/**
 * How the kinds watch other resources. All watches of a resource must agree, so every kind spreads these:
 * `{ ...WATCHED.job, indexes: …, keys: … }`. Of a resource with metadata only the content is read by name.
 */
export const WATCHED = {
  job: {
    resource: JOB,
    labelSelector: `${LABEL.managedBy}=${MANAGED_BY}`,
    indexes: { [BY_CONTROLLER]: byControllerUid },
  },
  pod: {
    resource: POD,
    labelSelector: `${LABEL.managedBy}=${MANAGED_BY},${LABEL.component}=${COMPONENT_MOVER}`,
  },
  // Why the Job controller could make no pod; nothing else says it.
  refusal: {
    resource: EVENT,
    fieldSelector: "involvedObject.kind=Job,reason=FailedCreate",
    indexes: { [BY_REFUSED_JOB]: byRefusedJob },
  },
  secret: { resource: SECRET, metadataOnly: true },
  configMap: { resource: CONFIG_MAP, metadataOnly: true },
  // There may be ten thousand claims; only these fields matter.
  volumeClaim: {
    resource: VOLUME_CLAIM,
    metadataOnly: true,
    fields: ["spec.volumeMode", "spec.volumeName", "status.phase"],
  },
  namespace: { resource: NAMESPACE, metadataOnly: true },
} as const;

/** The owner reference of an object's controller. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** Index function: the uid of an object's controller. Finds the Jobs of a CR and the pods of a Job. */
export function byControllerUid(object: KubeObject): readonly string[] {
  const owner = controllerOf(object);
  return owner === undefined ? [] : [owner.uid];
}

/** Keys of the objects of `kind` that control a Job (or anything else). */
export function keysOfController(object: KubeObject, kind: string): readonly ObjectKey[] {
  const owner = controllerOf(object);
  if (owner?.kind !== kind) return [];
  return [{ namespace: object.metadata.namespace ?? "", name: owner.name }];
}

/** Keys of the objects of `kind` that control the Job that controls a pod; none when that Job is gone. */
export function keysOfPodOwner(pod: KubeObject, reader: Reader, kind: string): readonly ObjectKey[] {
  const owner = controllerOf(pod);
  if (owner?.kind !== JOB.kind) return [];
  const job = reader.get(JOB, { namespace: pod.metadata.namespace ?? "", name: owner.name });
  return job === undefined || job.metadata.uid !== owner.uid ? [] : keysOfController(job, kind);
}

/** Index function: the uid of the Job that an Event is about. */
export function byRefusedJob(event: KubeObject): readonly string[] {
  const uid = textAt(event, "involvedObject", "uid");
  return uid === undefined ? [] : [uid];
}

/** Keys of the objects of `kind` that control the Job an Event is about. */
export function keysOfRefusedJob(event: KubeObject, reader: Reader, kind: string): readonly ObjectKey[] {
  const name = textAt(event, "involvedObject", "name") ?? "";
  const job = reader.get(JOB, { namespace: event.metadata.namespace ?? "", name });
  return job === undefined || !byRefusedJob(event).includes(job.metadata.uid ?? "")
    ? []
    : keysOfController(job, kind);
}
