import { builtin, type Found } from "../../../kube/builtins.ts";
import type { KubeObject } from "../../../kube/types.ts";

/** Name of the one container of a mover pod. */
export const MOVER_CONTAINER = "mover";

type PodStatus = NonNullable<Found<"Pod">["status"]>;
type PodCondition = NonNullable<PodStatus["conditions"]>[number];

/** How the container of a mover pod ended. */
interface Termination {
  readonly exitCode: number;
  readonly reason?: string | undefined;
  /** What the mover wrote as its result, or the end of its log. */
  readonly message?: string | undefined;
  readonly finishedAt?: string | undefined;
}

/** The facts of a mover pod that decide its Job's state. */
export interface PodFacts {
  readonly name: string;
  readonly createdAt: string;
  /** Its deletionTimestamp; RFC 3339. */
  readonly deletedAt?: string | undefined;
  readonly phase: string;
  /** Why the pod as a whole failed, e.g. Evicted or DeadlineExceeded. */
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  /** Set while the scheduler finds no node. */
  readonly unscheduled?: PodCondition | undefined;
  /** When it was given a node. */
  readonly scheduledAt?: string | undefined;
  /** True once it is bound to a node. */
  readonly hasNode: boolean;
  /** Set when the cluster, not the mover, ended it. */
  readonly disruption?: PodCondition | undefined;
  /** Why its container does not start, in the kubelet's words. */
  readonly waiting?:
    | { readonly reason?: string | undefined; readonly message?: string | undefined }
    | undefined;
  readonly isRunning: boolean;
  /** When the container that runs, or that ended, was started. */
  readonly startedAt?: string | undefined;
  readonly terminated?: Termination | undefined;
  /** True while a sidecar runs. */
  readonly hasCompany: boolean;
}

/** The facts of a pod. */
export function podFacts(pod: KubeObject): PodFacts {
  const { spec, status = {} } = builtin(pod, "Pod");
  const containers = listOf(status.containerStatuses);
  const beginners = listOf(status.initContainerStatuses);
  const state = containers.find(({ name }) => name === MOVER_CONTAINER)?.state;
  const scheduled = status.conditions?.find(({ type }) => type === "PodScheduled");
  return {
    name: pod.metadata.name,
    createdAt: pod.metadata.creationTimestamp ?? "",
    deletedAt: pod.metadata.deletionTimestamp,
    phase: status.phase ?? "Pending",
    reason: status.reason,
    message: status.message,
    unscheduled: scheduled?.status === "False" ? scheduled : undefined,
    scheduledAt: scheduled?.status === "True" ? scheduled.lastTransitionTime ?? undefined : undefined,
    hasNode: scheduled?.status === "True" || spec?.nodeName !== undefined ||
      containers.length > 0 || beginners.length > 0,
    disruption: status.conditions?.find(({ type, status }) =>
      type === "DisruptionTarget" && status === "True"
    ),
    waiting: state?.waiting,
    isRunning: state?.running !== undefined,
    startedAt: state?.running?.startedAt ?? state?.terminated?.startedAt ?? undefined,
    terminated: state?.terminated &&
      { ...state.terminated, finishedAt: state.terminated.finishedAt ?? undefined },
    hasCompany: containers.some(({ name, state }) =>
      name !== MOVER_CONTAINER && state?.running !== undefined
    ),
  };
}

/** True for a pod whose mover has not ended, or that has no status. */
export function podMayRun(pod: KubeObject): boolean {
  return !podHasEnded(podFacts(pod));
}

/** True when the mover of the pod will not run any more; a sidecar may. */
export function podHasEnded(pod: PodFacts): boolean {
  return pod.terminated !== undefined || pod.phase === "Failed" || pod.phase === "Succeeded";
}

/** Of what is no list there is nothing. */
function listOf<T>(list: readonly T[] | undefined): readonly T[] {
  return Array.isArray(list) ? list : [];
}
