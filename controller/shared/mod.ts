/**
 * Pure pieces several kinds use: the mover Job and its state, what a repository needs, and how the kinds watch
 * what is not theirs. Imports api and the kube interfaces only. Start reading at mover_job.ts and job_state.ts.
 */
export * from "./ask_slots.ts";
export * from "./by_object.ts";
export * from "./claim_watch.ts";
export * from "./config_sources.ts";
export * from "./coverage.ts";
export * from "./credentials.ts";
export * from "./cron.ts";
export * from "./cron_interval.ts";
export * from "./cron_zone.ts";
export * from "./deletion_memory.ts";
export * from "./effective_mover.ts";
export { failureIsRetryable, type FailureResult } from "./job_failure.ts";
export * from "./jitter.ts";
export * from "./job_name.ts";
export * from "./job_state.ts";
export * from "./label_selector.ts";
export * from "./label_value.ts";
export * from "./missing_note.ts";
export * from "./mount_conflict.ts";
export * from "./mover_job.ts";
export * from "./mover_removal.ts";
export * from "./mover_slots.ts";
export * from "./found_runs.ts";
export * from "./opt_out.ts";
export * from "./parse_object.ts";
export * from "./put_back.ts";
export * from "./phase_samples.ts";
export { podMayRun } from "./pod_facts.ts";
export * from "./privileged_refusal.ts";
export * from "./repository_view.ts";
export * from "./resources.ts";
export * from "./retention.ts";
export * from "./run_snapshots.ts";
export * from "./routine_deletion.ts";
export * from "./run_summary.ts";
export * from "./slot_jobs.ts";
export * from "./slot_of_run.ts";
export * from "./slot_types.ts";
export * from "./slot_wait_text.ts";
export * from "./slots_of_cron.ts";
export * from "./unfit_claims.ts";
export * from "./watched.ts";
export * from "./whole_snapshots.ts";
export * from "./work_spec.ts";
export * from "./work_trace.ts";
