import assert from "node:assert/strict";
import { retrySeconds } from "./retry.ts";

Deno.test("retrySeconds() doubles up to the longest rest, and for no longer than its doublings go", () => {
  const rests = (longestSeconds: number, ...times: readonly number[]) =>
    times.map((each) => retrySeconds(each, { firstSeconds: 60, longestSeconds }));
  assert.deepEqual(rests(3600, 0, 1, 5, 6, 400), [60, 120, 1920, 3600, 3600]);
  assert.deepEqual(rests(Infinity, 10, 11, 5000), [61_440, 61_440, 61_440]);
});
