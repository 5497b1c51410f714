import { keyOf, type KubeObject, type Removal } from "../../kube/types.ts";
import { jobHasEnded } from "./state/job_state.ts";
import { JOB } from "../shared/objects/resources.ts";

/**
 * Removes mover Jobs whose removal has not begun. `Foreground` keeps a Job in sight until its pods are gone, for one
 * that may still run; `Background` is enough for one that has ended.
 */
export function moverRemovals(
  jobs: readonly KubeObject[],
  propagation: Removal["propagation"],
): readonly Removal[] {
  return jobs.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map((job) => {
    const { uid } = job.metadata;
    const isSpent = jobHasEnded(job);
    return { resource: JOB, key: keyOf(job), ...(uid === undefined ? {} : { uid }), propagation, isSpent };
  });
}
