import assert from "node:assert/strict";
import fc from "fast-check";
import { LineSplitter, Tail } from "./lines.ts";

function split(chunks: readonly string[], longest = 1000): readonly string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter(longest, (line) => lines.push(line));
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

Deno.test("LineSplitter joins what chunks tear apart and gives the last line without its end", () => {
  assert.deepEqual(split(["a", "b\ncd\n", "", "\r\ne", "\rf"]), ["ab", "cd", "e", "f"]);
});

Deno.test("LineSplitter cuts a line that is too long and goes on with the next", () => {
  assert.deepEqual(split(["abcdef", "ghi\nxyz\n"], 4), ["abcd", "xyz"]);
});

Deno.test("LineSplitter does not cut a character in halves", () => {
  assert.deepEqual(split(["abc😀def\n"], 4), ["abc\ufffd"]);
});

Deno.test("LineSplitter gives the same lines however the text is cut into chunks", () => {
  const text = fc.stringMatching(/^[ab\r\n]{0,40}$/);
  fc.assert(fc.property(text, fc.array(fc.nat(40)), (whole, cuts) => {
    const at = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
    const chunks = at.slice(1).map((end, index) => whole.slice(at[index], end));
    assert.deepEqual(split(chunks, 5), split([whole], 5));
  }));
});

Deno.test("Tail keeps the last lines, oldest first", () => {
  const tail = new Tail({ lines: 3, lineLength: 10 });
  for (const line of ["1", "2", "3", "4", "5"]) tail.push(line);
  assert.deepEqual(tail.lines, ["3", "4", "5"]);
});

Deno.test("Tail shortens a long line", () => {
  const tail = new Tail({ lines: 3, lineLength: 5 });
  tail.push("123456789");
  tail.push("12345");
  assert.deepEqual(tail.lines, ["1234…", "12345"]);
});
