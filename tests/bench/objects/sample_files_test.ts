import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import fc from "fast-check";
import { randomBits, sampleSizes, writeSampleFiles } from "./sample_files.ts";

Deno.test("sampleSizes() adds up to the bytes asked for, to the last one", () => {
  const tree = fc.record({
    files: fc.integer({ min: 1, max: 400 }),
    bytes: fc.integer({ min: 0, max: 2 ** 40 }),
    seed: fc.integer(),
  });
  fc.assert(fc.property(tree, (numbers) => {
    const sizes = sampleSizes(numbers);
    assert.equal(sizes.length, numbers.files);
    assert.ok(sizes.every((size) => Number.isInteger(size) && size >= 0));
    assert.equal(sizes.reduce((sum, size) => sum + size, 0), numbers.bytes);
  }));
});

Deno.test("sampleSizes() makes many small files and few large ones", () => {
  const sizes = sampleSizes({ files: 1000, bytes: 1e8, seed: 1 }).toSorted((a, b) => a - b);
  assert.ok((sizes.at(-1) ?? 0) > 100 * (sizes[0] ?? 0));
  assert.ok((sizes[500] ?? 0) < 1e5 / 2);
});

Deno.test("randomBits() goes on for a seed of 0 and repeats for the same seed", () => {
  const [a, b, zero] = [randomBits(7), randomBits(7), randomBits(0)];
  assert.deepEqual(Array.from({ length: 8 }, a), Array.from({ length: 8 }, b));
  assert.equal(new Set(Array.from({ length: 100 }, zero)).size, 100);
});

Deno.test("writeSampleFiles() writes the same tree twice, without two equal files", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const tree = { files: 600, bytes: 200_000, seed: 42 };
    for (const name of ["one", "two"]) {
      await writeSampleFiles(join(folder, name), tree, AbortSignal.timeout(30_000));
    }
    const one = digests(join(folder, "one"));
    assert.equal(one.size, tree.files);
    assert.deepEqual(one, digests(join(folder, "two")));
    assert.equal(new Set(one.values()).size, tree.files);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function digests(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { name } of Deno.readDirSync(folder)) {
    for (const file of Deno.readDirSync(join(folder, name))) {
      const content = Deno.readFileSync(join(folder, name, file.name));
      found.set(`${name}/${file.name}`, createHash("sha256").update(content).digest("hex"));
    }
  }
  return found;
}
