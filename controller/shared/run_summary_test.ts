import assert from "node:assert/strict";
import { aBackup } from "../../tests/support/mod.ts";
import { newestFirst, runSummary, valueAt } from "./run_summary.ts";

Deno.test("runSummary() takes the end of a run as its time, before that its making", () => {
  const timing = { startTime: "2026-01-01T00:00:00Z", endTime: "2026-01-02T00:00:00.5Z" };
  const run = runSummary(aBackup({ status: { phase: "Succeeded", timing } }));
  assert.deepEqual(run, {
    namespace: "apps",
    name: "run",
    config: "recipe",
    phase: "Succeeded",
    isDeleting: false,
    timeMs: Date.parse("2026-01-02T00:00:00.5Z"),
  });
  assert.equal(runSummary(aBackup())?.timeMs, Date.parse("2026-01-01T00:00:00Z"));
  assert.equal(runSummary(aBackup({ status: { timing: { endTime: "never" } } }))?.phase, "Pending");
});

Deno.test("runSummary() knows no run without a config, whatever its form", () => {
  assert.equal(runSummary(aBackup({ spec: { configRef: { name: 7 } } })), undefined);
  assert.equal(runSummary(aBackup({ spec: { configRef: null } })), undefined);
});

Deno.test("newestFirst() orders runs of one moment by name", () => {
  const at = (name: string, endTime: string) => {
    const run = runSummary(aBackup({ name, status: { timing: { endTime } } }));
    return run ?? assert.fail("it is a run");
  };
  const runs = [
    at("a", "2026-01-01T00:00:00Z"),
    at("b", "2026-01-01T00:00:00Z"),
    at("c", "2026-01-02T00:00:00Z"),
  ];
  assert.deepEqual(runs.toSorted(newestFirst).map(({ name }) => name), ["c", "b", "a"]);
  assert.deepEqual(runs.toReversed().toSorted(newestFirst).map(({ name }) => name), ["c", "b", "a"]);
});

Deno.test("valueAt() reads own fields only", () => {
  assert.equal(valueAt({ a: { b: 1 } }, "a", "b"), 1);
  assert.equal(valueAt({ a: 1 }, "a", "b"), undefined);
  assert.equal(valueAt({}, "constructor"), undefined);
  assert.equal(valueAt(null, "a"), undefined);
});
