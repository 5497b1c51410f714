import type { ConditionChange, Reason } from "../../api/mod.ts";
import type { Annotating, DesiredObject, Removal } from "../../kube/types.ts";
import type { CounterName, FinishedSpan, HistogramName, LabelsOf } from "../../telemetry/mod.ts";
import type { Outcome } from "./outcome.ts";

/** One Event of a kind. On the reconciled object it replaces the outcome's own. */
export interface PlannedEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: Reason;
  readonly action: string;
  readonly note: string;
  /** Send it on this object instead of the reconciled one. */
  readonly regarding?: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
  };
}

type AddOf<N extends CounterName> = N extends CounterName
  ? { readonly kind: "add"; readonly metric: N; readonly labels: LabelsOf<N>; readonly value: number }
  : never;

type RecordOf<N extends HistogramName> = N extends HistogramName
  ? { readonly kind: "record"; readonly metric: N; readonly labels: LabelsOf<N>; readonly value: number }
  : never;

/** One measurement of a kind, or the span of a finished piece of work. */
export type PlannedMeasure =
  | AddOf<CounterName>
  | RecordOf<HistogramName>
  | { readonly kind: "span"; readonly span: FinishedSpan };

/**
 * Everything a pass wants to do and report. Pure data: the engine applies it in the order of the fields.
 *
 * Events and measures are sent once, right after the write that records the same. That write is the status, but only
 * when it changed, so a kind plans them where its status changes. When the finalizer is dropped, it is that drop.
 * When the write conflicts, nothing is sent: the next pass does it. (A controller that dies between the write and the
 * sending loses them; nothing is ever sent twice.)
 */
export interface Plan {
  /**
   * `present` is written before anything else. `absent` is done after everything else; an object that is
   * being deleted then gets no status any more.
   */
  readonly finalizer?: "present" | "absent";
  /**
   * Annotations, mostly on objects of other kinds that act on them; set in order, before creations. Two in one plan on the
   * same object may both name the version that was seen.
   */
  readonly annotate?: readonly Annotating[];
  /** Created in order, unless they exist; the first failure ends the pass. */
  readonly create: readonly DesiredObject[];
  /** Deleted in order, after the creations. */
  readonly remove: readonly Removal[];
  /**
   * Created in order, after the rest. A refusal (an exceeded quota, an admission policy) is no failure of the reconciled
   * object: the first one ends the offers, and `Applied.offered` tells the kind's status.
   */
  readonly offer?: readonly DesiredObject[];
  /** Specific conditions; Ready, Reconciling and Stalled come from the outcome. */
  readonly conditions: readonly ConditionChange[];
  readonly outcome: Outcome;
  readonly events: readonly PlannedEvent[];
  readonly measures: readonly PlannedMeasure[];
}

/** The result of a plan. `error` is set when a step failed; later steps were not tried. */
export interface Applied {
  readonly objects: readonly { readonly desired: DesiredObject; readonly uid: string }[];
  readonly error?: Error;
  /** The result of `offer`; absent when the pass ended before it. */
  readonly offered?: { readonly made: number; readonly refused?: Error };
}
