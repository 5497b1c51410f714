import { keyOf, type KubeObject, type Removal } from "../../kube/types.ts";
import { JOB } from "./resources.ts";

/**
 * Removes a mover Job. `Foreground` keeps the Job in sight until its pods are gone, for one that may still run;
 * `Background` is enough for one that has ended.
 */
export function moverRemoval(job: KubeObject, propagation: Removal["propagation"]): Removal {
  const { uid } = job.metadata;
  return { resource: JOB, key: keyOf(job), ...(uid === undefined ? {} : { uid }), propagation };
}
