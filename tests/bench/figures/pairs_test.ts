import assert from "node:assert/strict";
import { measureInPairs, quotients } from "./pairs.ts";

Deno.test("measureInPairs() runs both sides in turn and keeps what belongs together", async () => {
  const order: string[] = [];
  const pairs = await measureInPairs({
    runs: 3,
    ours: (run) => Promise.resolve(order.push(`ours ${run}`)),
    theirs: (run) => Promise.resolve(order.push(`theirs ${run}`)),
  }, AbortSignal.timeout(1000));
  assert.deepEqual(order, ["ours 0", "theirs 0", "ours 1", "theirs 1", "ours 2", "theirs 2"]);
  assert.deepEqual(pairs, [{ ours: 1, theirs: 2 }, { ours: 3, theirs: 4 }, { ours: 5, theirs: 6 }]);
});

Deno.test("measureInPairs() starts nothing more once it is aborted", async () => {
  const stop = new AbortController();
  let started = 0;
  const measured = measureInPairs({
    runs: 3,
    ours: () => {
      stop.abort(new Error("enough"));
      return Promise.resolve(++started);
    },
    theirs: () => Promise.resolve(++started),
  }, stop.signal);
  await assert.rejects(measured, /enough/);
  assert.equal(started, 1);
});

Deno.test("quotients() divides within a pair, never across", () => {
  assert.deepEqual(quotients([{ ours: 1, theirs: 2 }, { ours: 30, theirs: 10 }]), [0.5, 3]);
});

Deno.test("quotients() refuses a side that took no time at all: nothing was measured", () => {
  assert.throws(() => quotients([{ ours: 1, theirs: 0 }]), /Cannot compare 1 with 0/);
  assert.throws(() => quotients([{ ours: Number.NaN, theirs: 1 }]), /Cannot compare NaN with 1/);
});
