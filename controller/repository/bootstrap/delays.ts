import { type Reason, REASONS } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import {
  jobHasEnded,
  podMayRun,
  secondsSince,
  type SeenMover,
  SLOT_GRACE_SECONDS,
  START_GRACE_SECONDS,
  type TaskStep,
  type WaitReason,
} from "../../movers/mod.ts";
import { controllerOf } from "../../shared/mod.ts";
import { mayCreate } from "../repository_object.ts";
import type { RepositoryWorld } from "../world.ts";

/** Why a bootstrap does not go on. */
export interface Delay {
  readonly reason: Reason;
  readonly message: string;
  /** It gets no Event. */
  readonly isQuiet?: true;
}

/** A container that is only being created is reported after this time. */
const CREATING_GRACE_SECONDS = 120;
const CREATING = ["ContainerCreating", "PodInitializing"];

/** Why a bootstrap does not go on, once that is worth reporting; by the API server's clock, which sets the times it compares. */
export function delayOf(
  { memory, reason, text, isRested }: Extract<TaskStep<"bootstrap">, { readonly kind: "waits" }>,
  movers: readonly SeenMover<"bootstrap">[],
  serverNow: Date,
): Delay | undefined {
  const hasRun = memory.startedAt !== undefined;
  if (isRested) {
    const message = waitText(reason, memory.stoppedWhy ?? text, hasRun);
    return { reason, message: `${message}; the next try is at ${memory.retryAt}` };
  }
  const { job, state } = movers.find(({ number }) => number === memory.number) ?? {};
  const isGivenUp = memory.stoppedAt !== undefined;
  if (job?.metadata.deletionTimestamp !== undefined) {
    if (staysTooLong(job, serverNow)) return lost(staysText(job));
    if (!isGivenUp) return undefined;
  }
  const grace = CREATING.includes(text) ? CREATING_GRACE_SECONDS : START_GRACE_SECONDS;
  const isEarly = state?.kind === "waiting" && secondsSince(state.since, serverNow) < grace;
  if (reason === "PodNotStarted" && isEarly && !isGivenUp) return undefined;
  return { reason, message: waitText(reason, text, hasRun) };
}

/**
 * Why the next bootstrap is not made yet because of an earlier one; `delay` is set once that is worth reporting. The
 * listing of an earlier one is processed first. Two that may create never run at once, as each could find the storage
 * empty. Jobs are removed in the foreground, so an existing Job may have a pod unless it has ended; when somebody else
 * removed a Job, its pods are checked.
 */
export function obstruction(
  { repository, jobs, pods, serverNow }: RepositoryWorld,
): { readonly delay?: Delay } | undefined {
  const creates = mayCreate(repository);
  const job = jobs.find((each) => !staysTooLong(each, serverNow) || (creates && mayWork(each, pods)));
  if (job !== undefined) return staysTooLong(job, serverNow) ? { delay: lost(staysText(job)) } : {};
  const pod = creates ? pods.find(podMayRun) : undefined;
  if (pod === undefined) return undefined;
  const { name, creationTimestamp, deletionTimestamp } = pod.metadata;
  return secondsSince(deletionTimestamp ?? creationTimestamp ?? "", serverNow) < SLOT_GRACE_SECONDS
    ? {}
    : { delay: lost(`pod "${name}" is left, and may create the repository`) };
}

function mayWork(job: KubeObject, pods: readonly KubeObject[]): boolean {
  return !jobHasEnded(job) ||
    pods.some((pod) => controllerOf(pod)?.uid === job.metadata.uid && podMayRun(pod));
}

function lost(text: string): Delay {
  return { reason: "MoverLost", message: waitText("MoverLost", text, true) };
}

function staysTooLong({ metadata: { deletionTimestamp } }: KubeObject, serverNow: Date): boolean {
  return deletionTimestamp !== undefined && secondsSince(deletionTimestamp, serverNow) >= SLOT_GRACE_SECONDS;
}

function staysText({ metadata: { name, deletionTimestamp } }: KubeObject): string {
  return `Job "${name}" was told to go at ${deletionTimestamp} and is still there`;
}

/** Where there is no pod, nothing was scheduled. */
function waitText(reason: WaitReason, text: string, hasRun: boolean): string {
  switch (reason) {
    case "PodNotStarted":
      return `The mover does not ${hasRun ? "go on" : "start"}: ${text}`;
    case "Unschedulable":
      return `${REASONS[reason]}: ${text}`;
    case "MoverLost":
      return `${
        REASONS[reason]
      }: ${text}; once its node is off for good, delete the Node, or the pod with --force`;
  }
}
