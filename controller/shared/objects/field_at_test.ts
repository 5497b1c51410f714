import assert from "node:assert/strict";
import { valueAt } from "./field_at.ts";

Deno.test("valueAt() reads own fields only", () => {
  assert.equal(valueAt({ a: { b: 1 } }, "a", "b"), 1);
  assert.equal(valueAt({ a: 1 }, "a", "b"), undefined);
  assert.equal(valueAt({}, "constructor"), undefined);
  assert.equal(valueAt(null, "a"), undefined);
});
