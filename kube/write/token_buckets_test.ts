import assert from "node:assert/strict";
import { TokenBuckets } from "./token_buckets.ts";

Deno.test("TokenBuckets gives a burst, then one token per refill, for each thing by itself", () => {
  const buckets = new TokenBuckets({ burst: 2, refillSeconds: 10 });
  const take = (id: string, seconds: number) => buckets.take(id, seconds * 1000);
  assert.deepEqual([take("a", 0), take("a", 0), take("a", 0), take("b", 0)], [true, true, false, true]);
  assert.deepEqual([take("a", 9), take("a", 10), take("a", 11), take("a", 20)], [false, true, false, true]);
});

Deno.test("TokenBuckets forgets things that are full again", () => {
  const buckets = new TokenBuckets({ burst: 2, refillSeconds: 10 });
  for (let each = 0; each < 100; each++) buckets.take(`thing-${each}`, 0);
  buckets.take("late", 60_000);
  assert.equal(buckets.size, 1);
});
