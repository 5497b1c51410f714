import {
  isoSeconds,
  type MoverResult,
  type OperationKey,
  parseMoverResult,
  type Reason,
} from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { type FailureResult, jobFailure } from "./failure.ts";
import { type JobEnd, type JobFacts, jobFacts } from "./job_facts.ts";
import { type PodFacts, podFacts, podHasEnded } from "./pod_facts.ts";
import { controllerOf } from "../../shared/objects/watched.ts";

/** The result document of a successful operation. */
export type ResultOf<O extends OperationKey> = Extract<MoverResult, Readonly<Record<O, unknown>>>;

/** The state of a mover Job, from the Job and its own pods. */
export type JobState<O extends OperationKey> =
  | { readonly kind: "absent" }
  | {
    /** No pod of it has started yet. */
    readonly kind: "waiting";
    readonly why: "Unschedulable" | "PodNotStarted";
    /** The scheduler's, kubelet's or API server's own words. */
    readonly text: string;
    /** Set when the API server refused to make a pod. */
    readonly isRefused?: true;
    /** RFC 3339; when this waiting began. */
    readonly since: string;
    /** RFC 3339; when the pod that waits was made. Absent while there is no pod. */
    readonly podMadeAt?: string;
    /** RFC 3339; when an earlier pod began to run, or may have. */
    readonly startedAt?: string;
    /** True once a node has the pod: it pulls its image or mounts its volumes. */
    readonly hasNode: boolean;
    readonly attempts: number;
    /** Its pods that the cluster ended, newest first; absent when there are none left. */
    readonly disruptions?: readonly Disruption[];
  }
  /** A pod runs, or the next one is about to be made, or the last one's message is not in the cache yet. */
  | {
    readonly kind: "running";
    readonly attempts: number;
    /** RFC 3339; when the pod that runs, or that ended, began to. */
    readonly startedAt?: string;
    /** Set while no pod works though the Job is not over: the last one ended, is being deleted, or is gone. */
    readonly noPod?: MissingPod;
    /** Its pods that the cluster ended, newest first; absent when there are none left. */
    readonly disruptions?: readonly Disruption[];
  }
  | {
    readonly kind: "succeeded";
    readonly result: ResultOf<O>;
    /** RFC 3339; when the pod (else the Job) ended. */
    readonly finishedAt: string;
    readonly attempts: number;
  }
  | {
    readonly kind: "failed";
    /** A mover's FailureClass, or OutOfMemory, StartDeadlineExceeded, ResultMissing. */
    readonly class: Reason;
    /** Raw text for Events and logs; a condition says REASONS[class]. */
    readonly message: string;
    readonly exitCode?: number;
    /** Last lines of the mover's log, at most 4096 characters. */
    readonly tail?: string;
    /** False when the mover left no result: it may have done its work all the same. */
    readonly resultKnown: boolean;
    /** The mover's result, if any, with its duration. */
    readonly result?: FailureResult;
    readonly finishedAt: string;
    readonly attempts: number;
    /** Set while a sidecar still runs, so that the Job does not see the end and does not retry. */
    readonly jobGoesOn?: true;
  };

/** The state of a mover Job of any operation. */
export type AnyJobState =
  | Exclude<JobState<OperationKey>, { readonly kind: "succeeded" }>
  | (Omit<Extract<JobState<OperationKey>, { readonly kind: "succeeded" }>, "result"> & {
    readonly result: unknown;
  });

/** Why no pod of a Job works though the Job is not over. */
export interface MissingPod {
  /** It ended and the next one is due; it is gone; its node does not report its end; its time is over. */
  readonly why: "ended" | "gone" | "lost" | "late";
  readonly text: string;
  /** RFC 3339. Absent when unknown. */
  readonly since?: string;
}

/** A pod of a Job that the cluster ended, not the mover: evicted, drained, preempted. */
interface Disruption {
  /** RFC 3339; when that pod was created, which identifies it within its Job. */
  readonly podMadeAt: string;
  /** The cluster's own words. */
  readonly text: string;
}

type Unfinished = Extract<JobState<OperationKey>, { readonly kind: "waiting" | "running" }>;

/** What {@link jobState} looks at. */
interface ObservedJob<O extends OperationKey> {
  readonly job: KubeObject | undefined;
  /** May include pods of other Jobs; they are ignored. */
  readonly pods: readonly KubeObject[];
  readonly operation: O;
  readonly now: Date;
  /** What the API server said when it refused a pod of this Job. */
  readonly refusal?: string | undefined;
}

/** Pods have a watch of their own: how long a Job may be over before its pod's message counts as missing. */
const SETTLE_MS = 30_000;

/**
 * The state of a mover Job. Only pods controlled by this very Job (by uid) count.
 * - A success that any of them reported counts at once: it was the last thing that pod did, and the Job takes a second or
 *   two to notice.
 * - A failure counts only when the Job has ended, for until then it may try again; or when the mover has ended and a
 *   sidecar keeps the Job from noticing.
 *
 * Never throws.
 *
 * absent → waiting ⇄ running → succeeded | failed
 */
export function jobState<O extends OperationKey>(observed: ObservedJob<O>): JobState<O> {
  const { job, operation, now, refusal } = observed;
  if (job === undefined) return { kind: "absent" };
  const facts = jobFacts(job);
  const pods = ownPods(job, observed.pods);
  const attempts = Math.max(facts.podsCounted, pods.length);
  const success = pods.map((pod) => successOf(pod, operation)).find((each) => each !== undefined);
  if (success !== undefined && (facts.end !== undefined || success.pod.terminated?.exitCode === 0)) {
    return { kind: "succeeded", result: success.result, finishedAt: endTime(success.pod, facts), attempts };
  }
  const [last] = pods;
  if (facts.end === undefined) {
    if (last === undefined || !keepsJobOpen(last) || last.terminated === undefined) {
      return unfinished(facts, pods, attempts, refusal);
    }
    const end = { kind: "Failed", time: last.terminated.finishedAt } as const;
    const failure = jobFailure(end, last, failureResultOf(last));
    return { kind: "failed", ...failure, finishedAt: endTime(last, facts), attempts, jobGoesOn: true };
  }
  if ((last === undefined || !podHasEnded(last)) && endedJustNow(facts.end, now)) {
    return { kind: "running", attempts };
  }
  return {
    kind: "failed",
    ...jobFailure(facts.end, last, failureResultOf(last)),
    finishedAt: endTime(last, facts),
    attempts,
  };
}

/** True when the Job is finished; its pod's message may not be in the cache yet. */
export function jobHasEnded(job: KubeObject | undefined): boolean {
  return job !== undefined && jobFacts(job).end !== undefined;
}

/** True when the mover ended and a sidecar keeps its Job from being over. */
export function jobOutlivesMover(job: KubeObject | undefined, pods: readonly KubeObject[]): boolean {
  const [last] = job === undefined || jobHasEnded(job) ? [] : ownPods(job, pods);
  return last !== undefined && keepsJobOpen(last);
}

function keepsJobOpen({ terminated, hasCompany, phase }: PodFacts): boolean {
  return terminated !== undefined && hasCompany && phase !== "Failed" && phase !== "Succeeded";
}

function disruptionsOf(pods: readonly PodFacts[]): readonly Disruption[] {
  return pods.flatMap(({ disruption, createdAt, message, reason }) => {
    const time = Date.parse(createdAt);
    if (disruption === undefined || Number.isNaN(time)) return [];
    const words = [reason ?? disruption.reason, message ?? disruption.message];
    const text = words.filter((word) => word !== undefined && word !== "").join(": ");
    return [{ podMadeAt: isoSeconds(new Date(time)), text: text === "" ? "no reason was given" : text }];
  });
}

/** Newest first. */
function ownPods(job: KubeObject, pods: readonly KubeObject[]): readonly PodFacts[] {
  return pods
    .filter((pod) => job.metadata.uid !== undefined && controllerOf(pod)?.uid === job.metadata.uid)
    .map(podFacts)
    .sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt) || (a.name < b.name ? 1 : -1));
}

function unfinished(
  facts: JobFacts,
  pods: readonly PodFacts[],
  attempts: number,
  refusal: string | undefined,
): Unfinished {
  const [pod] = pods;
  const found = disruptionsOf(pods);
  const disruptions = found.length === 0 ? {} : { disruptions: found };
  if (pod === undefined) {
    if (attempts > 0) {
      return { kind: "running", attempts, noPod: { why: "gone", text: "its pod is gone" }, ...disruptions };
    }
    const text = facts.isSuspended
      ? "the Job is suspended"
      : refusal !== undefined
      ? `no pod could be made for the Job: ${refusal}`
      : "no pod was made for the Job yet; a quota, PodSecurity or a webhook may refuse it: kubectl describe of the Job " +
        "says why if this lasts";
    const since = facts.createdAt;
    const refused = refusal === undefined || facts.isSuspended ? {} : { isRefused: true as const };
    const base = { kind: "waiting", why: "PodNotStarted", text, since, hasNode: false, attempts } as const;
    return { ...base, ...refused, ...disruptions };
  }
  if (podHasEnded(pod)) {
    const [last] = found;
    const wasDisrupted = pod.disruption !== undefined && last !== undefined;
    const text = wasDisrupted ? `its pod was ended by the cluster: ${last.text}` : "its pod ended";
    const noPod = { why: "ended", text, ...sinceOf(pod.terminated?.finishedAt) } as const;
    const start = pod.terminated === undefined ? {} : startOf(pod);
    return { kind: "running", attempts, ...start, noPod, ...disruptions };
  }
  if (pod.isRunning) {
    const { deletedAt } = pod;
    // On a lost node a pod stays in deletion for ever.
    const text = "its pod is to go, but its node does not say that it went";
    const noPod = { why: "lost", text, ...sinceOf(deletedAt) } as const;
    const lost = deletedAt === undefined ? {} : { noPod };
    return { kind: "running", attempts, ...startOf(pod), ...lost, ...disruptions };
  }
  const { hasNode } = pod;
  const times = { podMadeAt: pod.createdAt, ...earlierStart(facts, pods, attempts), hasNode, ...disruptions };
  if (pod.unscheduled !== undefined) {
    const { reason = "Unschedulable", message, lastTransitionTime } = pod.unscheduled;
    const since = lastTransitionTime ?? pod.createdAt;
    return { kind: "waiting", why: "Unschedulable", text: message ?? reason, since, ...times, attempts };
  }
  const words = [pod.waiting?.reason, pod.waiting?.message].filter((word) =>
    word !== undefined && word !== ""
  );
  const text = words.length === 0 ? "the pod waits for its node" : words.join(": ");
  const since = pod.scheduledAt ?? pod.createdAt;
  return { kind: "waiting", why: "PodNotStarted", text, since, ...times, attempts };
}

/** A pod that is gone, or does not report what it did, may have run since its Job was created. */
function earlierStart(
  facts: JobFacts,
  pods: readonly PodFacts[],
  attempts: number,
): { readonly startedAt?: string } {
  if (attempts <= 1) return {};
  const earlier = pods.slice(1).find(({ terminated }) => terminated !== undefined);
  return earlier === undefined ? sinceNamed(facts.createdAt) : startOf(earlier);

  function sinceNamed(time: string): { readonly startedAt?: string } {
    const { since } = sinceOf(time);
    return since === undefined ? {} : { startedAt: since };
  }
}

function sinceOf(text: string | undefined): { readonly since?: string } {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? {} : { since: isoSeconds(new Date(time)) };
}

/** For a status: the kubelet's time or, if that is no time, when the pod was created. */
function startOf({ startedAt, createdAt }: PodFacts): { readonly startedAt?: string } {
  const found = [startedAt, createdAt].map((text) => Date.parse(text ?? "")).find((time) =>
    !Number.isNaN(time)
  );
  return found === undefined ? {} : { startedAt: isoSeconds(new Date(found)) };
}

function successOf<O extends OperationKey>(
  pod: PodFacts,
  operation: O,
): { readonly pod: PodFacts; readonly result: ResultOf<O> } | undefined {
  const read = parseMoverResult(pod.terminated?.message);
  return read.kind === "result" && isResultOf(read.result, operation)
    ? { pod, result: read.result }
    : undefined;
}

function isResultOf<O extends OperationKey>(result: MoverResult, operation: O): result is ResultOf<O> {
  return operation in result && !("failure" in result);
}

function failureResultOf(pod: PodFacts | undefined): FailureResult | undefined {
  const read = parseMoverResult(pod?.terminated?.message);
  return read.kind === "result" && "failure" in read.result ? read.result : undefined;
}

function endedJustNow(end: JobEnd, now: Date): boolean {
  const time = Date.parse(end.time ?? "");
  return !Number.isNaN(time) && Math.abs(now.getTime() - time) < SETTLE_MS;
}

/** In whole seconds, as Kubernetes stores times. */
function endTime(pod: PodFacts | undefined, facts: JobFacts): string {
  const texts = [pod?.terminated?.finishedAt, facts.end?.time, pod?.createdAt, facts.createdAt];
  const found = texts.map((text) => Date.parse(text ?? "")).find((time) => !Number.isNaN(time));
  return isoSeconds(new Date(found ?? 0));
}
