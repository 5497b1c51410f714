import assert from "node:assert/strict";
import { emptyResource } from "@opentelemetry/resources";
import { Instruments } from "./instruments.ts";
import { ObjectSeries } from "./object_series.ts";
import { PullReader } from "./prometheus.ts";

const durations = "kopiur_backup_run_duration_seconds";

/** Instruments of which at most so many recipes have a histogram each. */
function boundedBy(most: number) {
  const told: string[] = [];
  const onFold = (folded: boolean, objects: number) => void told.push(`${folded} ${objects}`);
  const objectSeries = new ObjectSeries(() => 0, { most, onFold });
  const reader = new PullReader([objectSeries], (error) => assert.fail(String(error)));
  const onFault = (fault: string) => assert.fail(fault);
  const metrics = new Instruments({ resource: emptyResource(), readers: [reader], objectSeries, onFault });
  return {
    told,
    took: (name: string, seconds: number) => metrics.record(durations, seconds, { namespace: "apps", name }),
    found: (name: string) => metrics.precreate(durations, { namespace: "apps", name }),
    gone: (name: string) => metrics.forget(durations, (labels) => labels.name === name),
    /** Count and sum of each series, and how many recipes share one. */
    shown: async () => [
      ...[...(await reader.render()).matchAll(/^kopiur_\w+_(count|sum)(.*)$/gm)].map(([, what, rest = ""]) =>
        what + rest.replace('{namespace="apps",name=', " ").replace("}", "")
      ),
      ...objectSeries.samples().map(({ value }) => `folded ${value}`),
    ],
    text: () => reader.render(),
  };
}

Deno.test("a histogram of objects has a series for each, empty from the first, and ends with its object", async () => {
  const { found, took, gone, shown, text, told } = boundedBy(2);
  found("photos");
  took("music", 61);
  took("music", 40_000);
  assert.deepEqual(await shown(), [
    'count "photos" 0',
    'sum "photos" 0',
    'count "music" 2',
    'sum "music" 40061',
    "folded 0",
  ]);
  const buckets = [...(await text()).matchAll(/name="music",le="([^"]*)"\} (\d+)/g)].map(([, le, n]) =>
    `${le} ${n}`
  );
  assert.deepEqual(buckets.filter((each) => /^(15|60|300|36000|\+Inf) /.test(each)), [
    "15 0",
    "60 0",
    "300 1",
    "36000 1",
    "+Inf 2",
  ]);
  gone("music");
  assert.deepEqual(await shown(), ['count "photos" 0', 'sum "photos" 0', "folded 0"]);
  assert.deepEqual(told, []);
});

Deno.test("a histogram of too many objects is one series for all, which says so, never falls, and ends again", async () => {
  const { found, took, gone, shown, told } = boundedBy(2);
  took("photos", 10);
  took("music", 20);
  found("films");
  assert.deepEqual(await shown(), ["count 2", "sum 30", "folded 3"]);
  took("films", 30);
  found("books");
  gone("photos");
  assert.deepEqual(await shown(), ["count 3", "sum 60", "folded 3"]);
  gone("books");
  assert.deepEqual(await shown(), [
    'count "music" 1',
    'sum "music" 20',
    'count "films" 1',
    'sum "films" 30',
    "folded 0",
  ]);
  found("books");
  assert.deepEqual(await shown(), ["count 3", "sum 60", "folded 3"]);
  assert.deepEqual(told, ["true 3", "false 2", "true 3"]);
});

Deno.test("a bound of 0 means one histogram for all, which is no news", async () => {
  const { found, took, shown, told } = boundedBy(0);
  found("photos");
  took("music", 20);
  assert.deepEqual(await shown(), ["count 1", "sum 20", "folded 2"]);
  assert.deepEqual(told, []);
});
