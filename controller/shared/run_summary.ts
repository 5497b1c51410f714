import type { KubeObject } from "../../kube/types.ts";

/** The few facts of a Backup that counting and comparing runs need. */
export interface RunSummary {
  readonly namespace: string;
  readonly name: string;
  /** Name of its BackupConfig. */
  readonly config: string;
  readonly phase: string;
  readonly isDeleting: boolean;
  /** When it ended, else when it was made; milliseconds since the epoch. */
  readonly timeMs: number;
}

/**
 * The summary of a Backup, undefined when it names no BackupConfig. Reads by hand instead of by schema: it runs
 * over every Backup of a recipe on each event and over all of them at each scrape.
 */
export function runSummary(backup: KubeObject): RunSummary | undefined {
  const config = textAt(backup, "spec", "configRef", "name");
  if (config === undefined) return undefined;
  const { metadata } = backup;
  const ended = Date.parse(textAt(backup, "status", "timing", "endTime") ?? "");
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    config,
    phase: textAt(backup, "status", "phase") ?? "Pending",
    isDeleting: metadata.deletionTimestamp !== undefined,
    timeMs: Number.isNaN(ended) ? Date.parse(metadata.creationTimestamp ?? "") || 0 : ended,
  };
}

type MomentOfRun = Pick<RunSummary, "timeMs" | "name">;

/** Orders newest first; runs that ended in the same millisecond by name, so that the order never flips. */
export function newestFirst(a: MomentOfRun, b: MomentOfRun): number {
  if (a.timeMs !== b.timeMs) return b.timeMs - a.timeMs;
  return a.name < b.name ? 1 : a.name > b.name ? -1 : 0;
}

/** The value under a path of fields, whatever the object holds on the way. */
export function valueAt(object: unknown, ...path: readonly string[]): unknown {
  let value = object;
  for (const field of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, field)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[field];
  }
  return value;
}

/** The text under a path of fields. */
export function textAt(object: unknown, ...path: readonly string[]): string | undefined {
  const value = valueAt(object, ...path);
  return typeof value === "string" ? value : undefined;
}

/** The number under a path of fields. */
export function numberAt(object: unknown, ...path: readonly string[]): number | undefined {
  const value = valueAt(object, ...path);
  return typeof value === "number" ? value : undefined;
}
