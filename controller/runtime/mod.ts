/**
 * The engine: runs kinds with informers and queues, and reports every pass. It knows no kind. Imports api, kube
 * and telemetry. Start reading at kind.ts (what a kind declares), then pass/pass.ts (one pass), pass/report.ts (its
 * report) and manager.ts (what runs the passes).
 * @module
 */
export type { AnyKind, CounterSeries, Grant, IndexFunction, Kind, StateSample, Watch } from "./kind.ts";
export type { Outcome } from "./outcome.ts";
export type { Applied, Plan, PlannedEvent, PlannedMeasure } from "./plan.ts";
export { Manager, type ManagerDeps } from "./manager.ts";
