import assert from "node:assert/strict";
import fc from "fast-check";
import { labelValue } from "./names.ts";

const objectNames = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);

Deno.test("labelValue() keeps a name that fits", () => {
  assert.equal(labelValue("nightly.backup-1"), "nightly.backup-1");
  assert.equal(labelValue("a".repeat(63)), "a".repeat(63));
});

Deno.test("labelValue() tells long names with the same beginning apart", () => {
  const [one, other] = ["a".repeat(70) + "1", "a".repeat(70) + "2"].map(labelValue);
  assert.notEqual(one, other);
});

Deno.test("labelValue() makes a valid label value of every object name", () => {
  fc.assert(fc.property(objectNames, (name) => {
    assert.match(labelValue(name), /^(?=.{1,63}$)[a-zA-Z0-9]([-_.a-zA-Z0-9]*[a-zA-Z0-9])?$/);
    assert.equal(labelValue(name), labelValue(name));
  }));
});
