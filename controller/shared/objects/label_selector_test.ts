import assert from "node:assert/strict";
import { selectorMatches } from "./label_selector.ts";

const labels = { app: "db", tier: "gold" };

const cases = [
  ["nothing", {}, true],
  ["a label", { matchLabels: { app: "db" } }, true],
  ["another value", { matchLabels: { app: "web" } }, false],
  ["one label of two", { matchLabels: { app: "db", tier: "iron" } }, false],
  ["a member of every object", { matchLabels: { constructor: "db" } }, false],
  ["In with its value", { matchExpressions: [{ key: "app", operator: "In", values: ["web", "db"] }] }, true],
  ["In with others", { matchExpressions: [{ key: "app", operator: "In", values: ["web"] }] }, false],
  ["In of a missing label", { matchExpressions: [{ key: "none", operator: "In", values: ["x"] }] }, false],
  ["NotIn with its value", { matchExpressions: [{ key: "app", operator: "NotIn", values: ["db"] }] }, false],
  ["NotIn with others", { matchExpressions: [{ key: "app", operator: "NotIn", values: ["web"] }] }, true],
  ["NotIn of a missing label", {
    matchExpressions: [{ key: "none", operator: "NotIn", values: ["x"] }],
  }, true],
  ["Exists", { matchExpressions: [{ key: "app", operator: "Exists" }] }, true],
  ["Exists of a missing label", { matchExpressions: [{ key: "toString", operator: "Exists" }] }, false],
  ["DoesNotExist", { matchExpressions: [{ key: "app", operator: "DoesNotExist" }] }, false],
  ["DoesNotExist of a missing label", {
    matchExpressions: [{ key: "none", operator: "DoesNotExist" }],
  }, true],
  ["labels and expressions that do not all hold", {
    matchLabels: { app: "db" },
    matchExpressions: [{ key: "tier", operator: "Exists" }, { key: "app", operator: "DoesNotExist" }],
  }, false],
] as const;
for (const [what, selector, matches] of cases) {
  Deno.test(`selectorMatches() is ${matches} for ${what}`, () => {
    assert.equal(selectorMatches(structuredClone(selector) as never, labels), matches);
  });
}

Deno.test("selectorMatches() takes an object without labels for one with none", () => {
  assert.equal(selectorMatches({}, undefined), true);
  assert.equal(selectorMatches({ matchLabels: { app: "db" } }, undefined), false);
});
