import { deepEqual, equal } from "node:assert/strict";
import { catalog, metricEntry, type MetricName } from "../../telemetry/mod.ts";
import { builtSeedMetrics, seedMetrics, stillToCome } from "./seed_metrics.ts";

function isBuilt(name: string): name is MetricName {
  return Object.hasOwn(catalog, name);
}

Deno.test("the catalog has every metric of seed 000 but those named as still to come", () => {
  equal(Object.keys(seedMetrics).length, 21);
  deepEqual(Object.keys(seedMetrics).filter((name) => !isBuilt(name)), stillToCome);
});

Deno.test("the catalog's metrics of seed 000 have exactly its types and labels", () => {
  for (const [name, { type, labels }] of builtSeedMetrics()) {
    const entry = isBuilt(name) ? metricEntry(name) : undefined;
    equal(entry?.instrument, type, name);
    deepEqual(Object.keys(entry?.labels ?? {}).toSorted(), labels, name);
    equal(entry?.source, "000", name);
  }
});
