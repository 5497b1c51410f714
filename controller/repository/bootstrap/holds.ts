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
export interface Hold {
  readonly reason: Reason;
  readonly message: string;
  /** No Event says so. */
  readonly isQuiet?: true;
}

/**
 * So long nothing is reported of one that says no more than that it is being made: what keeps it is said after that.
 */
const CREATING_GRACE_SECONDS = 120;
const CREATING = ["ContainerCreating", "PodInitializing"];

/** Why a bootstrap does not go on, once that is worth reporting; by the clock that dates what it waits for. */
export function holdOf(
  { memory, reason, text, isRested }: Extract<TaskStep<"bootstrap">, { readonly kind: "waits" }>,
  movers: readonly SeenMover<"bootstrap">[],
  serverNow: Date,
): Hold | undefined {
  if (isRested) {
    const message = waitText(reason, memory.stoppedWhy ?? text);
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
  return { reason, message: waitText(reason, text) };
}

/**
 * Why the next bootstrap is not made although nothing of it is there; the hold is said once that is worth reporting.
 * What one before it listed is worked through first, and two that may create never meet, for each could find the
 * storage empty: Jobs are removed in the foreground, so one that is in sight may have a pod, unless it is over; after a
 * Job somebody else removed its pods tell.
 */
export function obstruction(
  { repository, jobs, pods, serverNow }: RepositoryWorld,
): { readonly hold?: Hold } | undefined {
  const creates = mayCreate(repository);
  const job = jobs.find((each) => !staysTooLong(each, serverNow) || (creates && mayWork(each, pods)));
  if (job !== undefined) return staysTooLong(job, serverNow) ? { hold: lost(staysText(job)) } : {};
  const pod = creates ? pods.find(podMayRun) : undefined;
  if (pod === undefined) return undefined;
  const { name, creationTimestamp, deletionTimestamp } = pod.metadata;
  return secondsSince(deletionTimestamp ?? creationTimestamp ?? "", serverNow) < SLOT_GRACE_SECONDS
    ? {}
    : { hold: lost(`pod "${name}" is left, and may create the repository`) };
}

function mayWork(job: KubeObject, pods: readonly KubeObject[]): boolean {
  return !jobHasEnded(job) ||
    pods.some((pod) => controllerOf(pod)?.uid === job.metadata.uid && podMayRun(pod));
}

function lost(text: string): Hold {
  return { reason: "MoverLost", message: waitText("MoverLost", text) };
}

function staysTooLong({ metadata: { deletionTimestamp } }: KubeObject, serverNow: Date): boolean {
  return deletionTimestamp !== undefined && secondsSince(deletionTimestamp, serverNow) >= SLOT_GRACE_SECONDS;
}

function staysText({ metadata: { name, deletionTimestamp } }: KubeObject): string {
  return `Job "${name}" was told to go at ${deletionTimestamp} and is still there`;
}

/** Where there is no pod, nothing was scheduled. */
function waitText(reason: WaitReason, text: string): string {
  switch (reason) {
    case "PodNotStarted":
      return `The mover does not start: ${text}`;
    case "Unschedulable":
      return `${REASONS[reason]}: ${text}`;
    case "MoverLost":
      return `${
        REASONS[reason]
      }: ${text}; once its node is off for good, delete the Node, or the pod with --force`;
  }
}
