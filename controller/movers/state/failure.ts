import {
  FAILURE_CLASSES,
  type FailureClass,
  type MoverResult,
  parseMoverResult,
  type Reason,
} from "../../../api/mod.ts";
import type { JobEnd } from "./job_facts.ts";
import type { PodFacts } from "./pod_facts.ts";

/** The result document of a failed operation of any kind. */
export type FailureResult = Extract<MoverResult, { readonly failure: unknown }>;

/** The part of a failed state that says why. */
export interface JobFailure {
  readonly class: Reason;
  readonly message: string;
  readonly exitCode?: number;
  readonly tail?: string;
  readonly resultKnown: boolean;
  readonly result?: FailureResult;
}

const MESSAGE_MAX = 1024;
const TAIL_MAX = 4096;
/** 128 + SIGINT, SIGKILL, SIGTERM. */
const STOPPED_BY_SIGNAL: readonly number[] = [130, 137, 143];
/** Reasons that are not kopia's after which another try may help. */
const RETRYABLE_ENDS: readonly Reason[] = ["OutOfMemory", "StartDeadlineExceeded", "ResultMissing"];

/** Why a Job failed, from its last pod and that pod's message. */
export function jobFailure(
  end: JobEnd,
  pod: PodFacts | undefined,
  result: FailureResult | undefined,
): JobFailure {
  const exitCode = pod?.terminated === undefined ? {} : { exitCode: pod.terminated.exitCode };
  if (result !== undefined) {
    const { failure } = result;
    const wasCutOff = failure.class === "Interrupted" && deadlinePassed(end, pod);
    return {
      class: wasCutOff ? "DeadlineExceeded" : failure.class,
      message: clean(failure.message, MESSAGE_MAX),
      ...exitCode,
      ...tailOf(failure.tail),
      resultKnown: true,
      result,
    };
  }
  const { class: failureClass, message } = endWithoutResult(end, pod);
  return {
    class: failureClass,
    message: clean(message, MESSAGE_MAX),
    ...exitCode,
    ...tailOf(pod?.terminated?.message ?? ""),
    resultKnown: false,
  };
}

/** True when another try later may help: for retryable classes of mover and kopia, and an end without a result. */
export function failureIsRetryable(reason: Reason): boolean {
  if (isFailureClass(reason)) return FAILURE_CLASSES[reason] === "retryable";
  return RETRYABLE_ENDS.includes(reason);
}

function isFailureClass(reason: Reason): reason is FailureClass {
  return Object.hasOwn(FAILURE_CLASSES, reason);
}

function endWithoutResult(end: JobEnd, pod: PodFacts | undefined): { class: Reason; message: string } {
  const jobText = joinedText(end.reason, end.message) || "the Job gives no reason";
  if (pod === undefined) {
    const failureClass = deadlinePassed(end, pod) ? "DeadlineExceeded" : "ResultMissing";
    return { class: failureClass, message: `No pod of the Job is left to ask: ${jobText}` };
  }
  const { terminated } = pod;
  const podText = joinedText(pod.reason, pod.message);
  if (terminated?.reason === "OOMKilled") {
    return {
      class: "OutOfMemory",
      message: "The mover was killed because it used more memory than its limit",
    };
  }
  if (deadlinePassed(end, pod)) {
    if (wasStarted(pod)) return { class: "DeadlineExceeded", message: podText || jobText };
    const text = joinedText(pod.waiting?.reason, pod.waiting?.message) || pod.unscheduled?.message || podText;
    return { class: "StartDeadlineExceeded", message: text || jobText };
  }
  if (pod.reason === "Evicted") {
    const isFull = /ephemeral|emptydir|disk/i.test(pod.message ?? "");
    return { class: isFull ? "StorageFull" : "Interrupted", message: podText };
  }
  if (pod.disruption !== undefined) {
    return { class: "Interrupted", message: joinedText(pod.disruption.reason, pod.disruption.message) };
  }
  if (terminated === undefined) return { class: "ResultMissing", message: podText || jobText };
  if (STOPPED_BY_SIGNAL.includes(terminated.exitCode)) {
    return { class: "Interrupted", message: `The mover was stopped with exit code ${terminated.exitCode}` };
  }
  return { class: "ResultMissing", message: endText(terminated) };
}

function endText(
  terminated: { exitCode: number; reason?: string | undefined; message?: string | undefined },
) {
  const read = parseMoverResult(terminated.message);
  const why = read.kind === "unreadable" ? read.why : "the result is that of another operation";
  const reason = terminated.reason === undefined ? "" : ` (${terminated.reason})`;
  return `The mover ended with exit code ${terminated.exitCode}${reason} and ${why}`;
}

function deadlinePassed(end: JobEnd, pod: PodFacts | undefined): boolean {
  return end.reason === "DeadlineExceeded" || pod?.reason === "DeadlineExceeded";
}

function wasStarted(pod: PodFacts): boolean {
  return pod.isRunning ||
    (pod.terminated !== undefined && pod.terminated.reason !== "ContainerStatusUnknown");
}

function joinedText(...words: readonly (string | undefined)[]): string {
  return words.filter((word) => word !== undefined && word !== "").join(": ");
}

function tailOf(text: string): { readonly tail?: string } {
  const tail = clean(text, TAIL_MAX, "end");
  return tail === "" ? {} : { tail };
}

/** A pod may write anything: drops control characters except tab and newline, half characters, and what is too long. */
function clean(text: string, longest: number, keep: "start" | "end" = "start"): string {
  // deno-lint-ignore no-control-regex
  const plain = text.toWellFormed().replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "").trim();
  if (plain.length <= longest) return plain;
  const cut = keep === "start" ? `${plain.slice(0, longest - 1)}…` : `…${plain.slice(1 - longest)}`;
  return cut.toWellFormed();
}
