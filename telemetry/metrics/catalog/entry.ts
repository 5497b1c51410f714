/** The entries of the metric catalog. */

/** A label whose values come from the cluster or from a closed list kept elsewhere (kinds, reasons). */
export const open = "open";

/** The values of a label: any text, or one of a list. */
export type LabelValues = typeof open | readonly string[];

/**
 * How a metric is measured.
 * counter, histogram: recorded when something happens. gauge, observed_counter: read at collection time.
 * resource: written by the Prometheus serializer from the resource attributes.
 */
export type InstrumentKind = "counter" | "histogram" | "gauge" | "observed_counter" | "resource";

/** Sections of deploy/docs/contract.md that promise metrics. */
export type Contract = "observability" | "operations" | "runs" | "reconciles";

/** One metric; `unit` is UCUM, with `{…}` for counted things. */
export interface MetricEntry {
  readonly instrument: InstrumentKind;
  readonly unit: "s" | "By" | `{${string}}`;
  /**
   * process: the labels are bounded by this program, every replica exports the series.
   * object: the labels name things of the cluster; series end with the thing (gauges: only on the leader).
   */
  readonly scope: "process" | "object";
  readonly labels: Readonly<Record<string, LabelValues>>;
  readonly buckets?: readonly number[];
  /**
   * absent: zeros of this gauge are left out (silent_zeros.ts). For gauges of problems, whose series are nearly all 0.
   * Never for a promised metric.
   */
  readonly zero?: "absent";
  /** mover: movers push it themselves, so the controller shows its own count at /metrics and does not push it. */
  readonly pushedBy?: "mover";
  readonly help: string;
  /** The section of deploy/docs/contract.md that promises it; absent: not promised. */
  readonly promised?: Contract;
}

/** The labels that name one object. */
export const ofObject = { namespace: open, name: open } as const;
