import { isoSeconds, type OperationKey } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { JOB } from "../../shared/objects/resources.ts";
import { controllerOf } from "../../shared/objects/watched.ts";
import { settingsOf } from "../job/mover_job.ts";
import { isOf } from "../operations.ts";
import { type AnyJobState, jobOutlivesMover, type JobState, jobState } from "../state/job_state.ts";
import { podMayRun } from "../state/pod_facts.ts";
import type { Refusals } from "./observe_movers.ts";
import { isJobNameOf, jobNameOf, type MoverTask, type TaskLimits, type TaskMemory } from "./task.ts";

/** One mover Job of a task as it was found, of any operation. */
export interface AnyMover {
  readonly number: number;
  readonly name: string;
  readonly job: KubeObject | undefined;
  readonly state: AnyJobState;
  /** A pod of a Job of that name has not ended, though the Job itself may be gone. */
  readonly podIsAlive: boolean;
  /** All such pods are being deleted. */
  readonly podIsToGo: boolean;
  /** Those of such pods whose own Job is gone; they may still work. */
  readonly leftPods: readonly KubeObject[];
  /** Its mover ended, and a sidecar keeps the Job from being over. */
  readonly outlivesMover: boolean;
  /** True when its Job has other settings than a new one would have today. */
  readonly isOutdated: boolean;
  /** Set when its work is no longer wanted: it is stopped, even if it works. */
  readonly isUnwanted?: true;
  /** Why, when that is no wish of anybody: it is told, and the next one rests before it begins. */
  readonly unwantedWhy?: string;
  /** The API server's clock at that time, for the age of times that it set. */
  readonly serverNow: Date;
}

/** One mover Job of a task as it was found. */
export interface SeenMover<O extends OperationKey> extends AnyMover {
  readonly state: JobState<O>;
}

/** One without its number. */
export type Unnumbered<M extends AnyMover> = Omit<M, "number">;

/** The Jobs and pods that were found. */
interface FoundMovers {
  /** Jobs the owner of the task controls. */
  readonly jobs: readonly KubeObject[];
  /** Pods that may be theirs; their Job decides. */
  readonly pods: readonly KubeObject[];
  /** Absent: none were looked for. */
  readonly refusals?: Refusals | undefined;
}

/**
 * The mover Jobs that count for a task, by number: all it may get, or, where their number has no
 * limit, the remembered one, the one before and the next. `serverNow` is the API server's clock.
 */
export function seenMovers<O extends OperationKey>(
  task: MoverTask<O>,
  memory: TaskMemory | undefined,
  found: FoundMovers,
  serverNow: Date,
  settingsToday?: string,
): readonly SeenMover<O>[] {
  return numbersInSight(task.limits, memory).map((number) => ({
    ...seenMover(task, jobNameOf(task, number), found, serverNow, settingsToday),
    number,
  }));
}

/**
 * Every existing mover of a task that is its owner's only one of that operation, by what Jobs and pods
 * show, also when the status cannot be read. Pods of an earlier object of the same name are not among them.
 */
export function moversThere<O extends OperationKey>(
  task: MoverTask<O>,
  { jobs, pods, refusals }: FoundMovers,
  serverNow: Date,
): readonly Unnumbered<SeenMover<O>>[] {
  const isOurs = (object: KubeObject) => isOf(task.operation, object);
  const own = jobs.filter(isOurs);
  const left = pods.filter(isOurs).map(nameOfJob).filter((name) => isJobNameOf(task, name));
  const names = [...own.map(({ metadata }) => metadata.name), ...left];
  return [...new Set(names)].map((name) => seenMover(task, name, { jobs: own, pods, refusals }, serverNow));
}

function seenMover<O extends OperationKey>(
  { operation, limits }: MoverTask<O>,
  name: string,
  { jobs, pods, refusals }: FoundMovers,
  serverNow: Date,
  settingsToday?: string,
): Unnumbered<SeenMover<O>> {
  const job = jobs.find(({ metadata }) => metadata.name === name);
  const refusal = refusals?.get(job?.metadata.uid ?? "");
  const alive = pods.filter((pod) => nameOfJob(pod) === name && podMayRun(pod));
  return {
    name,
    job,
    state: inItsTime(jobState({ job, pods, operation, now: serverNow, refusal }), job, limits, serverNow),
    serverNow,
    podIsAlive: alive.length > 0,
    podIsToGo: alive.every(({ metadata }) => metadata.deletionTimestamp !== undefined),
    leftPods: alive.filter((pod) => job === undefined || controllerOf(pod)?.uid !== job.metadata.uid),
    outlivesMover: jobOutlivesMover(job, pods),
    isOutdated: settingsToday !== undefined && job !== undefined && settingsOf(job) !== settingsToday,
  };
}

/** A mover whose time is long over without a reported end may be on a lost node. */
function inItsTime<O extends OperationKey>(
  state: JobState<O>,
  job: KubeObject | undefined,
  { jobSeconds }: TaskLimits,
  serverNow: Date,
): JobState<O> {
  if (state.kind !== "running" || state.noPod !== undefined || jobSeconds === undefined) return state;
  const endMs = Date.parse(job?.metadata.creationTimestamp ?? "") + jobSeconds * 1000;
  if (!(serverNow.getTime() >= endMs)) return state;
  const text = `Job "${job?.metadata.name}" has not ended though its time of ${jobSeconds} s is over`;
  return { ...state, noPod: { why: "late", text, since: isoSeconds(new Date(endMs)) } };
}

/** Numbers of the Jobs that count for a task. */
function numbersInSight({ jobs }: TaskLimits, memory: TaskMemory | undefined): readonly number[] {
  if (jobs !== undefined) return Array.from({ length: jobs }, (_, index) => index + 1);
  const { number } = memory ?? { number: 1 };
  return [number - 1, number, number + 1].filter((each) => each >= 1);
}

/**
 * The name of a pod's Job; empty when unknown. A pod whose Job was deleted without it has no owner any more, but
 * still the label the Job controller gave it.
 */
function nameOfJob(pod: KubeObject): string {
  const owner = controllerOf(pod);
  if (owner !== undefined) return owner.kind === JOB.kind ? owner.name : "";
  const { labels } = pod.metadata;
  return labels?.["batch.kubernetes.io/job-name"] ?? labels?.["job-name"] ?? "";
}
