/**
 * Following movers: the task for which mover Jobs are made (task/), the Job and its state
 * (job/, state/), its progress (progress/), its slot (slots/), what it needs before it is made and how it is
 * removed. Knows no kind. Imports api, the kube interfaces, the plan of controller/runtime and controller/shared. Start
 * reading at task/task.ts and task/next_step.ts.
 */
export * from "./credentials.ts";
export * from "./job/effective_mover.ts";
export * from "./job/mover_job.ts";
export * from "./job/name.ts";
export * from "./job/privileged_refusal.ts";
export { REPOSITORY_VOLUME, sourceMountPath } from "./job/volumes.ts";
export * from "./job/work_spec.ts";
export * from "./obstacles.ts";
export * from "./operations.ts";
export * from "./progress/at_work.ts";
export * from "./progress/reader.ts";
export * from "./progress/status.ts";
export * from "./slots/claims.ts";
export * from "./slots/jobs.ts";
export * from "./slots/mover_slots.ts";
export * from "./slots/types.ts";
export * from "./slots/wait_text.ts";
export { failureIsRetryable, type FailureResult, type JobFailure } from "./state/failure.ts";
export * from "./state/job_state.ts";
export { MOVER_CONTAINER, podFacts, podMayRun } from "./state/pod_facts.ts";
export { isDisruptedTooOften, jobMemory, MAX_DISRUPTIONS, memoryOfStart, taskMemory } from "./task/memory.ts";
export { isSettingsFault, nextStep, START_GRACE_SECONDS } from "./task/next_step.ts";
export * from "./task/observe_movers.ts";
export { retrySeconds } from "./task/retry.ts";
export * from "./task/seen_movers.ts";
export * from "./task/stop_movers.ts";
export * from "./task/task.ts";
export { secondsSince } from "./task/time.ts";
export * from "./trace.ts";
