/** What the catalog says of one metric. */

/** A label whose values come from the cluster or from a closed list kept elsewhere (kinds, reasons). */
export const open = "open";

/** What a label may hold: any text, or one of the listed values. */
export type LabelValues = typeof open | readonly string[];

/**
 * How the numbers of a metric come about.
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
   * absent: a gauge of what should not be, whose zeros are left out (silent_zeros.ts): nearly all its series would be 0
   * at any time. Never one that is promised.
   */
  readonly zero?: "absent";
  readonly help: string;
  /** The section of deploy/docs/contract.md that promises it; absent: the name is our own choice. */
  readonly promised?: Contract;
}

/** The labels that name one object. */
export const ofObject = { namespace: open, name: open } as const;
