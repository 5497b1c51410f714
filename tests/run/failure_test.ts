import assert from "node:assert/strict";
import { tellFailure } from "./failure.ts";

Deno.test("tellFailure() shows the errors of a test run, without colours and what came before", () => {
  const output =
    "running 1 test\nx ... FAILED\n\n\u001b[0m\u001b[1m ERRORS \u001b[0m\n\nx => a_test.ts\nerror: no\n\n FAILURES \n\nx\n";
  assert.equal(tellFailure("a", output), "-- a FAILED\nx => a_test.ts\nerror: no\n\n FAILURES \n\nx");
});

Deno.test("tellFailure() shows the last lines of what died without a word of errors", () => {
  const lines = Array.from({ length: 500 }, (_, line) => `line ${line}`);
  const told = tellFailure("a", lines.join("\n")).split("\n");
  assert.deepEqual([told[0], told.at(-1), told.length], ["-- a FAILED", "line 499", 121]);
});
