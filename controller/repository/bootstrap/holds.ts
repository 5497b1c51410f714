import { type Reason, REASONS } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import {
  type JobState,
  podMayRun,
  secondsSince,
  SLOT_GRACE_SECONDS,
  START_GRACE_SECONDS,
} from "../../movers/mod.ts";
import { purposeOf } from "./purpose.ts";
import { JOB_SECONDS } from "./desired.ts";
import { mayCreate } from "../repository_object.ts";
import type { RepositoryWorld } from "../world.ts";

/** Why a bootstrap does not go on. */
export interface Hold {
  readonly reason: Reason;
  readonly message: string;
}

/** A bootstrap Job that has not ended. */
export type BootstrapRun = Extract<JobState<"bootstrap">, { readonly kind: "waiting" | "running" }>;

/** So long nothing is told of one that says no more than that it is being made: what keeps it is said after that. */
const CREATING_GRACE_SECONDS = 120;
const CREATING = ["ContainerCreating", "PodInitializing"];

/** Why a bootstrap does not go on, once that is worth telling; by the clock that dates what it waits for. */
export function holdOf(run: BootstrapRun, serverNow: Date): Hold | undefined {
  if (run.kind === "running") {
    const { noPod } = run;
    return noPod?.since !== undefined && secondsSince(noPod.since, serverNow) >= START_GRACE_SECONDS
      ? lost(noPod.text)
      : undefined;
  }
  const grace = CREATING.includes(run.text) ? CREATING_GRACE_SECONDS : START_GRACE_SECONDS;
  if (run.why === "PodNotStarted" && secondsSince(run.since, serverNow) < grace) return undefined;
  return { reason: run.why, message: waitText(run) };
}

/** Where there is no pod, nothing was scheduled. */
function waitText({ why, text, podMadeAt }: Extract<BootstrapRun, { readonly kind: "waiting" }>): string {
  const what = why === "PodNotStarted" && podMadeAt === undefined ? "The mover does not start" : REASONS[why];
  return `${what}: ${text}`;
}

/**
 * Why a bootstrap Job has to go: its mover does not start, is out of sight, or should have ended long ago. Whatever it
 * waits for, this comes in the end, so that no bootstrap holds a slot for ever.
 */
export function overdueHold(
  job: KubeObject,
  state: JobState<"bootstrap">,
  { now, serverNow }: { readonly now: Date; readonly serverNow: Date },
): Hold | undefined {
  const { creationTimestamp = "", deletionTimestamp } = job.metadata;
  if (deletionTimestamp !== undefined) {
    return secondsSince(deletionTimestamp, serverNow) < SLOT_GRACE_SECONDS ? undefined : lost(staysText(job));
  }
  // Each by its own clock; where one of them was set on meanwhile, the Job is as young as the other says. Set back, it
  // says nothing: by it the Job would not have been made yet.
  const madeAt = purposeOf(job)?.madeAt;
  const ages = [secondsSince(creationTimestamp, serverNow)];
  if (madeAt !== undefined) ages.push(secondsSince(madeAt, now));
  const past = ages.filter((each) => each >= 0);
  const age = past.length === 0 ? 0 : Math.min(...past);
  if (state.kind === "waiting" && age >= SLOT_GRACE_SECONDS) {
    return { reason: state.why, message: waitText(state) };
  }
  if (state.kind !== "waiting" && state.kind !== "running") return undefined;
  const since = state.kind === "running" ? state.noPod?.since : undefined;
  if (
    since !== undefined && secondsSince(since, serverNow) >= SLOT_GRACE_SECONDS && state.kind === "running"
  ) {
    return lost(state.noPod?.text ?? "");
  }
  return age < JOB_SECONDS + SLOT_GRACE_SECONDS
    ? undefined
    : lost(`Job "${job.metadata.name}" has not ended though its time of ${JOB_SECONDS} s is over`);
}

/** What keeps the next bootstrap from being made. */
export interface Obstruction {
  /** Set once it is worth telling. */
  readonly hold?: Hold;
}

/**
 * Two bootstraps that may create must never meet: each could find the storage empty. Jobs are removed in the
 * foreground, so one that is in sight may have a pod; after a Job somebody else removed its pods tell. Beside one on a
 * lost node only a bootstrap is made that creates nothing.
 */
export function obstruction(
  world: RepositoryWorld,
  formerJobs: readonly KubeObject[],
): Obstruction | undefined {
  const { serverNow } = world;
  const creates = mayCreate(world.repository);
  const job = formerJobs.find((each) => creates || !staysTooLong(each, serverNow));
  if (job !== undefined) return staysTooLong(job, serverNow) ? { hold: lost(staysText(job)) } : {};
  const pod = creates ? world.pods.find(podMayRun) : undefined;
  if (pod === undefined) return undefined;
  const { name, creationTimestamp, deletionTimestamp } = pod.metadata;
  const since = secondsSince(deletionTimestamp ?? creationTimestamp ?? "", serverNow);
  return since < SLOT_GRACE_SECONDS
    ? {}
    : { hold: lost(`pod "${name}" is left, and may create the repository`) };
}

function staysTooLong({ metadata: { deletionTimestamp } }: KubeObject, serverNow: Date): boolean {
  return deletionTimestamp !== undefined && secondsSince(deletionTimestamp, serverNow) >= SLOT_GRACE_SECONDS;
}

function staysText({ metadata: { name, deletionTimestamp } }: KubeObject): string {
  return `Job "${name}" was told to go at ${deletionTimestamp} and is still there`;
}

function lost(text: string): Hold {
  const advice = "its node may be lost; once that is off for good, delete the Node, or the pod with --force";
  return { reason: "MoverLost", message: `${REASONS.MoverLost}: ${text}; ${advice}` };
}
