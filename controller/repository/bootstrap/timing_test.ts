import assert from "node:assert/strict";
import { aRepository } from "../../../tests/support/mod.ts";
import { retryTime, secondsUntilDue } from "./timing.ts";
import { parseRepository } from "../repository_object.ts";

const ended = "2026-01-02T03:04:00Z";

/** Seconds until the next bootstrap, so long after the last one ended. */
function due(after: number, status: Readonly<Record<string, unknown>>, credentials = "c1"): number {
  const lastInit = { status: "Succeeded", time: ended, message: "m" };
  const bootstrap = { forGeneration: 1, credentialVersion: "c1", runs: 1, failures: 0 };
  const merged = {
    uniqueId: "a",
    lastInit,
    ...status,
    bootstrap: { ...bootstrap, ...status.bootstrap as object },
  };
  const repository = parseRepository(aRepository({ status: merged }));
  return secondsUntilDue(repository, credentials, new Date(Date.parse(ended) + after * 1000));
}

Deno.test("secondsUntilDue() counts from the end of the last bootstrap to the next refresh", () => {
  assert.equal(due(0, {}), 3600);
  assert.equal(due(3599, {}), 1);
  assert.equal(due(5000, {}), 0);
});

Deno.test("secondsUntilDue() waits for no end in a time to come", () => {
  assert.equal(due(-30, {}), 3630);
  assert.equal(due(-120, {}), 0);
  assert.equal(due(-31_536_000, { bootstrap: { failures: 1, retryAt: "2027-01-02T03:34:00Z" } }), 0);
});

Deno.test("secondsUntilDue() is over at once for a new generation, no bootstrap, or no known id", () => {
  assert.equal(due(0, { bootstrap: { forGeneration: 0 } }), 0);
  assert.equal(due(0, { uniqueId: undefined }), 0);
  assert.equal(secondsUntilDue(parseRepository(aRepository()), "c1", new Date(ended)), 0);
});

Deno.test("secondsUntilDue() lets a failure wait for its retry, or for changed credentials", () => {
  const bootstrap = { failures: 1, retryAt: "2026-01-02T03:34:00Z" };
  assert.equal(due(0, { bootstrap }), 1800);
  assert.equal(due(1, { bootstrap }, "c2"), 4);
  assert.equal(due(60, { bootstrap }, "c2"), 0);
});

Deno.test("secondsUntilDue() tries changed credentials of an open repository within seconds", () => {
  assert.equal(due(1, {}, "c2"), 4);
  assert.equal(due(10, {}, "c2"), 0);
});

Deno.test("retryTime() doubles from one minute to fifteen, and is half an hour when a person must act", () => {
  const seconds = (failures: number, isRetryable: boolean) =>
    (Date.parse(retryTime(ended, failures, isRetryable)) - Date.parse(ended)) / 1000;
  assert.deepEqual([1, 2, 4, 5, 6, 5000].map((failures) => seconds(failures, true)), [
    60,
    120,
    480,
    900,
    900,
    900,
  ]);
  assert.equal(seconds(7, false), 1800);
});

Deno.test("retryTime() lets what hung rest twenty times as long as it held its slot, an hour at most", () => {
  const seconds = (failures: number, tookSeconds: number) =>
    (Date.parse(retryTime(ended, failures, true, tookSeconds)) - Date.parse(ended)) / 1000;
  assert.deepEqual([1, 2, 6, 9].map((failures) => seconds(failures, 120)), [60, 120, 1920, 2400]);
  assert.deepEqual([seconds(99, 3), seconds(99, 600)], [900, 3600]);
});

Deno.test("secondsUntilDue() waits longer after each change of credentials that led to nothing new", () => {
  const failed = (changes: number) => ({
    bootstrap: { failures: 3, retryAt: "2026-01-02T03:19:00Z", changes },
  });
  assert.deepEqual([1, 2, 5, 99].map((changes) => due(0, { bootstrap: { changes } }, "c2")), [
    10,
    20,
    160,
    3600,
  ]);
  assert.deepEqual([1, 3, 99].map((changes) => due(0, failed(changes), "c2")), [10, 40, 900]);
});
