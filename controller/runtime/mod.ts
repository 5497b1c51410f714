/**
 * The engine: runs kinds over informers and queues, and tells of every pass. It knows no kind. Imports api, kube
 * and telemetry. Start reading at kind.ts (what a kind declares), then pass/pass.ts (one pass), pass/report.ts (what is
 * told of it) and manager.ts (what is around it).
 * @module
 */
export type { AnyKind, CounterSeries, Grant, IndexFunction, Kind, StateSample, Watch } from "./kind.ts";
export type { Outcome } from "./outcome.ts";
export type { Applied, Plan, PlannedEvent, PlannedMeasure } from "./plan.ts";
export { Manager, type ManagerDeps } from "./manager.ts";
