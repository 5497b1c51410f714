import type { ConditionChange, Reason } from "../../api/mod.ts";
import type { Annotating, DesiredObject, Removal } from "../../kube/types.ts";
import type { CounterName, FinishedSpan, HistogramName, LabelsOf } from "../../telemetry/mod.ts";
import type { Outcome } from "./outcome.ts";

/** One Event the kind asks for. Told on the reconciled object, it takes the place of the outcome's own. */
export interface PlannedEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: Reason;
  readonly action: string;
  readonly note: string;
  /** Tell it on this object instead of the reconciled one. */
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

/** One measurement the kind asks for, or the span of a piece of work that is over. */
export type PlannedMeasure =
  | AddOf<CounterName>
  | RecordOf<HistogramName>
  | { readonly kind: "span"; readonly span: FinishedSpan };

/**
 * Everything a pass wants done and told. Pure data: the engine applies it in the order of the fields.
 *
 * Events and measures are told once: right after the write that records what they say. That is the status, and
 * only when it changed, so a kind plans them where its status moves; for an object whose finalizer is dropped
 * it is that drop. A write that conflicts tells nothing, the next pass does. (A controller that dies between
 * the write and the telling loses them; nothing is ever told twice.)
 */
export interface Plan {
  /**
   * `present` is written before anything else. `absent` is dropped after everything else; an object that is
   * being deleted then gets no status any more.
   */
  readonly finalizer?: "present" | "absent";
  /**
   * Set in order, before anything is made: a word to the kind that owns the object, which acts on it. One of the same
   * plan that says the version it was seen at does not stand in the way of a later write that says the same one.
   */
  readonly annotate?: readonly Annotating[];
  /** Made in order, where they are not there yet; the first failure ends the pass. */
  readonly create: readonly DesiredObject[];
  /** Deleted in order, after what is made. */
  readonly remove: readonly Removal[];
  /**
   * Made in order after the rest, where a refusal (an exceeded quota, an admission policy) is no
   * failure of the reconciled object: the first one ends the offers, and `Applied.offered` tells the kind's status.
   */
  readonly offer?: readonly DesiredObject[];
  /** Specific conditions; Ready, Reconciling and Stalled come from the outcome. */
  readonly conditions: readonly ConditionChange[];
  readonly outcome: Outcome;
  readonly events: readonly PlannedEvent[];
  readonly measures: readonly PlannedMeasure[];
}

/** What became of a plan's objects. `error` is set when a step failed; what comes after it was not tried. */
export interface Applied {
  readonly objects: readonly { readonly desired: DesiredObject; readonly uid: string }[];
  readonly error?: Error;
  /** What became of `offer`; absent when it was not come to. */
  readonly offered?: { readonly made: number; readonly refused?: Error };
}
