import assert from "node:assert/strict";
import { inTwoLanes } from "./lanes.ts";

Deno.test("inTwoLanes() does each piece once, from both ends at the same time", async () => {
  const begun: number[] = [];
  const lanes = { busy: 0, most: 0 };
  await inTwoLanes([1, 2, 3, 4, 5], async (piece) => {
    begun.push(piece);
    lanes.busy += 1;
    lanes.most = Math.max(lanes.most, lanes.busy);
    await Promise.resolve();
    lanes.busy -= 1;
  });
  assert.deepEqual(begun.slice(0, 2), [1, 5]);
  assert.deepEqual(begun.toSorted(), [1, 2, 3, 4, 5]);
  assert.equal(lanes.most, 2);
});

Deno.test("inTwoLanes() lets one lane go on alone while the other is at a long piece", async () => {
  const long = Promise.withResolvers<void>();
  const done: string[] = [];
  await inTwoLanes(["long", "a", "b", "c"], async (piece) => {
    if (piece === "long") await long.promise;
    done.push(piece);
    if (piece === "a") long.resolve();
  });
  assert.deepEqual(done, ["c", "b", "a", "long"]);
});
