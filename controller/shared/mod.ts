/**
 * Pure pieces several kinds use: what is read of other kinds, retention, and how the kinds watch what is not theirs.
 * Imports api and the kube interfaces only.
 */
export * from "./by_object.ts";
export * from "./claim_watch.ts";
export * from "./config_sources.ts";
export * from "./coverage.ts";
export * from "./deletion_memory.ts";
export * from "./label_selector.ts";
export * from "./label_value.ts";
export * from "./missing_note.ts";
export * from "./found_runs.ts";
export * from "./inherited.ts";
export * from "./job_hash.ts";
export * from "./opt_out.ts";
export * from "./parse_object.ts";
export * from "./put_back.ts";
export * from "./phase_samples.ts";
export * from "./repository_ref.ts";
export * from "./repository_view.ts";
export * from "./resources.ts";
export * from "./retention.ts";
export * from "./run_facts.ts";
export * from "./routine_deletion.ts";
export * from "./field_at.ts";
export * from "./slot_of_run.ts";
export * from "./unfit_claims.ts";
export * from "./watched.ts";
export * from "./whole_snapshots.ts";
