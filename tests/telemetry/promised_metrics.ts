/** The metrics of deploy/docs/contract.md: users' dashboards and alerts are written against these. */

/** What a metric is to a Prometheus. */
export interface PromisedMetric {
  readonly type: string;
  /** In alphabetical order. */
  readonly labels: readonly string[];
  /** The kind or role that is not built yet and brings it; undefined when the metric is there. */
  readonly comesWith: string | undefined;
}

/** The rows of the contract's table, by name. */
export async function promisedMetrics(): Promise<ReadonlyMap<string, PromisedMetric>> {
  const text = await Deno.readTextFile(new URL("../../deploy/docs/contract.md", import.meta.url));
  const rows = text.matchAll(/^\| `(kopiur_\w+)`\s*\|\s*(\w+)\s*\|([^|]*)\|([^|]*)\|$/gm);
  return new Map(
    [...rows].map(([, name = "", type = "", labels = "", comesWith = ""]) => [name, {
      type,
      labels: labels.split(",").map((label) => label.trim()).toSorted(),
      comesWith: comesWith.trim() === "" ? undefined : comesWith.trim(),
    }]),
  );
}

/** Those that can be there now. */
export async function builtPromisedMetrics(): Promise<readonly (readonly [string, PromisedMetric])[]> {
  return [...await promisedMetrics()].filter(([, { comesWith }]) => comesWith === undefined);
}
