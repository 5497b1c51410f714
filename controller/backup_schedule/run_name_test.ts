import assert from "node:assert/strict";
import fc from "fast-check";
import { runName, slotOfRun } from "./run_name.ts";

const slot = Date.parse("2026-01-02T03:04:05Z");

Deno.test("runName() is the schedule and the slot in UTC", () => {
  assert.equal(runName("nightly", slot), "nightly-20260102030405");
  assert.equal(runName("n".repeat(48), slot), `${"n".repeat(48)}-20260102030405`);
});

Deno.test("runName() of a long name fits a label, holds the slot, and differs between names that begin alike", () => {
  const letters = fc.constantFrom(..."abcxyz0189-.").map(String);
  const names = fc.array(letters, { minLength: 47, maxLength: 251 }).map((all) => `a${all.join("")}z`)
    .filter((name) => !/\.[-.]|-\./.test(name));
  fc.assert(fc.property(names, names, fc.integer({ min: 0, max: 4e9 }), (one, other, second) => {
    const name = runName(one, second * 1000);
    assert.ok(name.length <= 63 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name), name);
    assert.doesNotMatch(name, /[.-]\.|\.-/);
    assert.equal(slotOfRun(name), second * 1000);
    assert.equal(name === runName(other, second * 1000), one === other);
  }));
});

Deno.test("slotOfRun() knows no slot in a name that holds none", () => {
  for (
    const name of [
      "manual",
      "nightly-2026",
      "nightly-20261301000000",
      "20260102030405",
      "nightly-20260102030405-x",
    ]
  ) {
    assert.equal(slotOfRun(name), undefined, name);
  }
});
