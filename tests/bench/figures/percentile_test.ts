import { deepEqual, throws } from "node:assert/strict";
import { percentileOf } from "./percentile.ts";

Deno.test("percentileOf() takes the sample that covers the share", () => {
  const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
  deepEqual([0.5, 0.99, 1].map((share) => percentileOf(samples, share)), [50, 99, 100]);
  deepEqual([0.01, 0.99].map((share) => percentileOf([7], share)), [7, 7]);
});

Deno.test("percentileOf() refuses no samples and a share that is none", () => {
  throws(() => percentileOf([], 0.5), /0 samples at 0.5/);
  throws(() => percentileOf([1], 1.5), RangeError);
});
