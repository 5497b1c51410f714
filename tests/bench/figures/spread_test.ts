import assert from "node:assert/strict";
import fc from "fast-check";
import { spreadOf } from "./spread.ts";

Deno.test("spreadOf() takes the middle of an odd number and the mean of the two middles of an even one", () => {
  assert.deepEqual(spreadOf([9, 1, 2]), { median: 2, min: 1, max: 9, runs: 3 });
  assert.deepEqual(spreadOf([4, 1, 2, 100]), { median: 3, min: 1, max: 100, runs: 4 });
  assert.deepEqual(spreadOf([7]), { median: 7, min: 7, max: 7, runs: 1 });
});

Deno.test("spreadOf() sorts by value, not by text, and leaves the samples as they were", () => {
  const samples = [10, 9, 100];
  assert.equal(spreadOf(samples).median, 10);
  assert.deepEqual(samples, [10, 9, 100]);
});

Deno.test("spreadOf() puts the median between the extremes, whatever the order", () => {
  const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 });
  fc.assert(fc.property(fc.array(number, { minLength: 1 }), (samples) => {
    const { median, min, max, runs } = spreadOf(samples);
    assert.ok(min <= median && median <= max);
    assert.equal(runs, samples.length);
    assert.deepEqual(spreadOf(samples.toReversed()), { median, min, max, runs });
  }));
});

Deno.test("spreadOf() refuses what has no median", () => {
  assert.throws(() => spreadOf([]), /there is no sample/);
  assert.throws(() => spreadOf([1, Number.NaN]), /a sample is NaN/);
  assert.throws(() => spreadOf([Number.POSITIVE_INFINITY]), /a sample is Infinity/);
});
