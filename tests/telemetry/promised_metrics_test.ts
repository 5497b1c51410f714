import { deepEqual, equal, ok } from "node:assert/strict";
import { catalog, metricEntry, type MetricName, metricNames } from "../../telemetry/mod.ts";
import { promisedMetrics } from "./promised_metrics.ts";

function isBuilt(name: string): name is MetricName {
  return Object.hasOwn(catalog, name);
}

Deno.test("the catalog has every metric of the contract but those that come with another kind", async () => {
  const promised = await promisedMetrics();
  equal(promised.size, 21);
  for (const [name, { comesWith }] of promised) equal(isBuilt(name), comesWith === undefined, name);
});

Deno.test("the catalog's metrics of the contract have exactly its types and labels", async () => {
  for (const [name, { type, labels }] of await promisedMetrics()) {
    if (!isBuilt(name)) continue;
    const { instrument, labels: own, promised } = metricEntry(name);
    deepEqual([instrument, Object.keys(own).toSorted(), promised], [type, labels, "observability"], name);
  }
});

Deno.test("the section of the contract a metric refers to names it", async () => {
  const text = await Deno.readTextFile(new URL("../../deploy/docs/contract.md", import.meta.url));
  const sections = text.split(/^## /m);
  for (const name of metricNames()) {
    const { promised } = metricEntry(name);
    if (promised === undefined) continue;
    const section = sections.find((each) => each.startsWith(`${promised}\n`));
    ok(section?.includes(`\`${name}\``), `${name}: expected in the section "${promised}"`);
  }
});

Deno.test("the durations of runs have the promised buckets, 15 seconds to ten hours", () => {
  const hours = Array.from({ length: 10 }, (_, index) => (index + 1) * 3600);
  const { buckets } = metricEntry("kopiur_backup_run_duration_seconds");
  deepEqual(buckets, [15, 30, 60, 300, 600, 900, 1800, ...hours]);
});
