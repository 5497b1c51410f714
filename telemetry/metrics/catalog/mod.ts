/**
 * The catalog: every metric this program exports, as data, with a file for each subject; names are those a user
 * queries.
 * @module
 */
import { apiServerMetrics } from "./api_server.ts";
import { backupMetrics } from "./backups.ts";
import { deletionMetrics } from "./deletions.ts";
import { kindMetrics } from "./kinds.ts";
import { moverMetrics } from "./movers.ts";
import { processMetrics } from "./process.ts";
import { repositoryMetrics } from "./repositories.ts";
import { scheduleMetrics } from "./schedules.ts";
import { workQueueMetrics } from "./work_queue.ts";
import type { InstrumentKind, MetricEntry, open } from "./entry.ts";

export type { MetricEntry } from "./entry.ts";

/** Every metric by its exported name; only these can be recorded. */
export const catalog = {
  ...kindMetrics,
  ...backupMetrics,
  ...deletionMetrics,
  ...repositoryMetrics,
  ...scheduleMetrics,
  ...moverMetrics,
  ...workQueueMetrics,
  ...apiServerMetrics,
  ...processMetrics,
} as const satisfies Readonly<Record<string, MetricEntry>>;

type Catalog = typeof catalog;

/** The name of any metric of the catalog. */
export type MetricName = keyof Catalog;

type NamesOf<K extends InstrumentKind> = {
  [N in MetricName]: Catalog[N]["instrument"] extends K ? N : never;
}[MetricName];

/** Metrics that `metrics.add` accepts. */
export type CounterName = NamesOf<"counter">;
/** Metrics that `metrics.record` accepts. */
export type HistogramName = NamesOf<"histogram">;
/** Metrics a source of samples may yield at collection time. */
export type GaugeName = NamesOf<"gauge" | "observed_counter">;
/** Counters whose series belong to an object and end with it. */
export type ObjectCounterName = {
  [N in CounterName]: Catalog[N]["scope"] extends "object" ? N : never;
}[CounterName];

/** Histograms whose series belong to an object and end with it. */
export type ObjectHistogramName = {
  [N in HistogramName]: Catalog[N]["scope"] extends "object" ? N : never;
}[HistogramName];
/** Everything that is counted or measured by object. */
export type ObjectSeriesName = ObjectCounterName | ObjectHistogramName;

type ValueOf<V> = V extends readonly (infer Listed extends string)[] ? Listed : string;

/** The labels a metric must be given: exactly these, values from their closed lists. */
export type LabelsOf<N extends MetricName> = keyof Catalog[N]["labels"] extends never ? NoLabels : {
  readonly [L in keyof Catalog[N]["labels"]]: ValueOf<Catalog[N]["labels"][L]>;
};

/** `{}` as a type would let any object through. */
type NoLabels = Readonly<Record<string, never>>;

/** The labels of a metric without a closed list: needed to create all its series at 0. */
export type OpenLabelsOf<N extends MetricName> = {
  readonly [
    L in keyof Catalog[N]["labels"] as Catalog[N]["labels"][L] extends typeof open ? L : never
  ]: string;
};

/** The entry of a metric, typed as the general shape. */
export function metricEntry(name: MetricName): MetricEntry {
  return catalog[name];
}

/**
 * The name of a metric over OTLP: a counter goes without `_total`, which every reader for Prometheus adds, ours included.
 */
export function instrumentName(name: MetricName): string {
  const { instrument } = metricEntry(name);
  return instrument === "counter" || instrument === "observed_counter" ? name.replace(/_total$/, "") : name;
}

/** Instruments that a role leaves to another one to push: their sum over all processes would count things twice. */
export function pushedByOthers(role: string): ReadonlySet<string> {
  return new Set(
    metricNames().filter((name) => (metricEntry(name).pushedBy ?? role) !== role).map(instrumentName),
  );
}

/** Every metric name, in the order of the catalog. */
export function metricNames(): readonly MetricName[] {
  return Object.keys(catalog) as MetricName[];
}
