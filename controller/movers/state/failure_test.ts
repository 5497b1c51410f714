import assert from "node:assert/strict";
import { failureIsRetryable, jobFailure } from "./failure.ts";

Deno.test("jobFailure() keeps no more of a log than a status holds, the end of it", () => {
  const terminated = { exitCode: 1, message: `${"x".repeat(5000)}end` };
  const { tail = "" } = jobFailure({ kind: "Failed" }, {
    name: "p",
    createdAt: "2026-01-01T00:00:00Z",
    phase: "Failed",
    isRunning: false,
    hasNode: true,
    hasCompany: false,
    terminated,
  }, undefined);
  assert.equal(tail.length, 4096);
  assert.ok(tail.startsWith("…x") && tail.endsWith("xend"));
});

for (
  const reason of [
    "RepositoryUnavailable",
    "Locked",
    "OutOfMemory",
    "ResultMissing",
    "StartDeadlineExceeded",
  ] as const
) {
  Deno.test(`failureIsRetryable() says yes to ${reason}`, () =>
    assert.equal(failureIsRetryable(reason), true));
}
for (
  const reason of ["AuthFailure", "NotInitialized", "RepositoryReplaced", "InvalidSpec"] as const
) {
  Deno.test(`failureIsRetryable() says no to ${reason}`, () =>
    assert.equal(failureIsRetryable(reason), false));
}
