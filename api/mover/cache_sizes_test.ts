import assert from "node:assert/strict";
import fc from "fast-check";
import { CACHE_CAPACITY_DEFAULT, cacheCapacity, type CacheChoice, cacheSizes } from "./cache_sizes.ts";

const cases: readonly (readonly [CacheChoice, string, number, number])[] = [
  [{}, CACHE_CAPACITY_DEFAULT, 512, 512],
  [{ capacity: "1Gi" }, "1Gi", 256, 256],
  [{ capacity: "1Gi", contentCacheSizeMb: 100 }, "1Gi", 100, 412],
  [{ capacity: "100Mi", contentCacheSizeMb: 5000, metadataCacheSizeMb: 5000 }, "100Mi", 25, 25],
  [{ contentCacheSizeMb: 3000 }, "7024Mi", 3000, 512],
  [{ contentCacheSizeMb: 3000, metadataCacheSizeMb: 3000 }, "12000Mi", 3000, 3000],
  [{ capacity: "1e9" }, "1e9", 238, 238],
  [{ capacity: "1" }, "1", 1, 1],
];

for (const [choice, capacity, content, metadata] of cases) {
  Deno.test(`cacheSizes() of ${JSON.stringify(choice)} fit`, () => {
    assert.equal(cacheCapacity(choice), capacity);
    assert.deepEqual(cacheSizes(choice), { contentCacheSizeMb: content, metadataCacheSizeMb: metadata });
  });
}

Deno.test("cacheSizes() fit into the capacity, whatever is named", () => {
  const size = fc.option(fc.integer({ min: 1, max: 1_048_576 }), { nil: undefined });
  const any = fc.record({
    capacity: fc.option(fc.integer({ min: 8, max: 100_000 }), { nil: undefined }),
    content: size,
    metadata: size,
  });
  fc.assert(fc.property(any, ({ capacity, content, metadata }) => {
    const choice: CacheChoice = {
      ...(capacity === undefined ? {} : { capacity: `${capacity}Mi` }),
      ...(content === undefined ? {} : { contentCacheSizeMb: content }),
      ...(metadata === undefined ? {} : { metadataCacheSizeMb: metadata }),
    };
    const sizes = cacheSizes(choice);
    const room = Number.parseInt(cacheCapacity(choice)) * (cacheCapacity(choice).endsWith("Gi") ? 1024 : 1);
    assert.ok(sizes.contentCacheSizeMb >= 1 && sizes.metadataCacheSizeMb >= 1);
    // Index blobs are kept to the size of the metadata cache as well.
    assert.ok(sizes.contentCacheSizeMb + 2 * sizes.metadataCacheSizeMb <= room);
  }));
});
