/**
 * Pure parts that several kinds use: readers of other kinds, retention, and the watches of other resources.
 * Imports api and the kube interfaces only.
 */
export * from "./objects/by_object.ts";
export * from "./objects/field_at.ts";
export * from "./objects/label_selector.ts";
export * from "./objects/live_reader.ts";
export * from "./objects/names.ts";
export * from "./objects/parse_object.ts";
export * from "./objects/phase_samples.ts";
export * from "./objects/resources.ts";
export * from "./objects/watched.ts";
export * from "./repositories/listed_stock.ts";
export * from "./repositories/opening.ts";
export * from "./repositories/ref.ts";
export * from "./repositories/view.ts";
export * from "./restored/found_runs.ts";
export * from "./restored/inherited.ts";
export * from "./restored/put_back.ts";
export * from "./retention/judge.ts";
export * from "./retention/whole_snapshots.ts";
export * from "./runs/deletion_memory.ts";
export * from "./runs/facts.ts";
export * from "./runs/missing_note.ts";
export * from "./runs/routine_deletion.ts";
export * from "./sources/claim_watch.ts";
export * from "./sources/config_sources.ts";
export * from "./sources/coverage.ts";
export * from "./sources/unfit_claims.ts";
