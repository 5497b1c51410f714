import { ANNOTATION } from "../../../api/mod.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../../../kube/types.ts";
import { controllerOf } from "../../shared/mod.ts";
import { podFacts } from "../state/pod_facts.ts";

/** A pod whose mover works now. */
export interface MoverAtWork {
  /** The source it works on. */
  readonly source: string;
  readonly pod: ObjectKey;
  readonly podUid: string;
  /** When its container began, by the clock of its node. */
  readonly startedAt?: string;
}

/**
 * The movers of these Jobs that work on a source now. Only pods controlled by one of the Jobs (by uid) count as
 * its movers, and none that is being deleted.
 */
export function moversAtWork(
  jobs: readonly KubeObject[],
  pods: readonly KubeObject[],
): readonly MoverAtWork[] {
  return pods.flatMap((pod) => {
    const owner = controllerOf(pod)?.uid;
    const job = owner === undefined ? undefined : jobs.find(({ metadata }) => metadata.uid === owner);
    const source = job?.metadata.annotations?.[ANNOTATION.source];
    const { uid, deletionTimestamp } = pod.metadata;
    const { isRunning, startedAt } = podFacts(pod);
    if (source === undefined || uid === undefined || deletionTimestamp !== undefined || !isRunning) return [];
    return [{ source, pod: keyOf(pod), podUid: uid, ...(startedAt === undefined ? {} : { startedAt }) }];
  });
}
