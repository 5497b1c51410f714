import assert from "node:assert/strict";
import { keptCount } from "./list_and_keep.ts";

Deno.test("keptCount() reads the number and refuses anything else", () => {
  assert.equal(keptCount("kept 10000\n"), 10000);
  assert.throws(() => keptCount(""), /it said "", expected "kept" and a number/);
  assert.throws(() => keptCount("error: 403"), /it said "error: 403"/);
});
