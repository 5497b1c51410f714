import assert from "node:assert/strict";
import fc from "fast-check";
import { readLineBatches } from "./line_batches.ts";

async function readAll(chunks: readonly Uint8Array[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const batch of readLineBatches(ReadableStream.from([...chunks]))) lines.push(...batch);
  return lines;
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("readLineBatches() puts lines together however the stream is cut, even inside of a character", async () => {
  const line = fc.string({ unit: "grapheme", maxLength: 30 }).filter((text) =>
    !text.includes("\n") && text !== ""
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 10 }),
      fc.array(fc.nat(400), { maxLength: 12 }),
      async (lines, cuts) => {
        const whole = bytes(lines.map((each) => `${each}\n`).join(""));
        const at = [0, ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length];
        const chunks = at.slice(1).map((end, index) => whole.subarray(at[index], end));
        assert.deepEqual(await readAll(chunks), lines);
      },
    ),
  );
});

Deno.test("readLineBatches() hands on lines as soon as they are whole", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const batches = readLineBatches(readable);
  void writer.write(bytes("one\ntwo\nthr"));
  assert.deepEqual((await batches.next()).value, ["one", "two"]);
  void writer.write(bytes("ee\n"));
  assert.deepEqual((await batches.next()).value, ["three"]);
  void writer.close();
  assert.equal((await batches.next()).done, true);
});

Deno.test("readLineBatches() refuses a stream that ends in the middle of a line", async () => {
  await assert.rejects(readAll([bytes('{"a":1}\n{"b":')]), /the stream ended after 5 characters/);
});

Deno.test("readLineBatches() reads a long line of many chunks in linear time", async () => {
  const chunk = bytes("x".repeat(16_384));
  const [line] = await readAll([...Array(512).fill(chunk), bytes("\n")]);
  assert.equal(line?.length, 16_384 * 512);
});

Deno.test("readLineBatches() refuses a line without an end", async () => {
  const chunk = bytes("x".repeat(8 * 1024 * 1024));
  await assert.rejects(readAll(Array(9).fill(chunk)), /more than 67108864 characters/);
});

Deno.test("readLineBatches() hands on a byte order mark as it is sent", async () => {
  assert.deepEqual(await readAll([bytes("\ufeffone\n\ufefftwo\n")]), ["\ufeffone", "\ufefftwo"]);
});
