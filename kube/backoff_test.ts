import assert from "node:assert/strict";
import { backoffSeconds } from "./backoff.ts";
import { RETRY_BACKOFF } from "./queue.ts";

Deno.test("backoffSeconds() doubles up to the cap", () => {
  const waits = [1, 2, 3, 6, 7, 8, 1000].map((failures) => backoffSeconds(RETRY_BACKOFF, failures, 0.5));
  assert.deepEqual(waits, [5, 10, 20, 160, 300, 300, 300]);
});

Deno.test("backoffSeconds() moves a wait by at most the jitter", () => {
  assert.equal(backoffSeconds(RETRY_BACKOFF, 2, 0), 9);
  assert.ok(Math.abs(backoffSeconds(RETRY_BACKOFF, 2, 1) - 11) < 1e-9);
});
