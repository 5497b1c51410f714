import assert from "node:assert/strict";
import { type ConditionChange, mergeConditions } from "./conditions.ts";
import type { Condition } from "./kinds/shared_types.ts";

const before: Condition = {
  type: "Ready",
  status: "False",
  reason: "RepositoryNotReady",
  message: "waits",
  lastTransitionTime: "2026-01-01T00:00:00Z",
  observedGeneration: 1,
};
const now = new Date("2026-02-02T00:00:00.123Z");

function ready(status: "True" | "False"): ConditionChange {
  return { kind: "set", value: { type: "Ready", status, reason: "Ready", message: "m" } };
}

Deno.test("mergeConditions() keeps lastTransitionTime while the status stays, and moves it when it flips", () => {
  assert.equal(
    mergeConditions([before], [ready("False")], 2, now)[0]?.lastTransitionTime,
    "2026-01-01T00:00:00Z",
  );
  assert.equal(
    mergeConditions([before], [ready("True")], 2, now)[0]?.lastTransitionTime,
    "2026-02-02T00:00:00Z",
  );
});

Deno.test("mergeConditions() leaves conditions of others alone and removes what is asked for", () => {
  const other: Condition = { ...before, type: "SomebodyElses" };
  const merged = mergeConditions([other, before], [{ kind: "remove", type: "Ready" }], 1, now);
  assert.deepEqual(merged, [other]);
});

Deno.test("mergeConditions() is stable: the same facts give the same list", () => {
  const once = mergeConditions([before], [ready("True")], 2, now);
  assert.deepEqual(mergeConditions(once, [ready("True")], 2, new Date(now.getTime() + 60_000)), once);
});
