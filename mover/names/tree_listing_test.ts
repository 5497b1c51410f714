import assert from "node:assert/strict";
import fc from "fast-check";
import { MoverError } from "../mover_error.ts";
import { type ListedFolder, TreeListing } from "./tree_listing.ts";

const root = "kd8e3";

function lineOf(object: string, path: string): string {
  return `${object.padEnd(34)} ${root}/${path}\n`;
}

function read(
  text: string,
  cuts: readonly number[] = [],
): { entries: number; suspects: readonly ListedFolder[] } {
  const suspects: ListedFolder[] = [];
  const listing = new TreeListing(root, (folder) => suspects.push(folder));
  const borders = [0, ...cuts.toSorted((a, b) => a - b), text.length];
  for (const [index, start] of borders.entries()) listing.push(text.slice(start, borders[index + 1]));
  listing.end();
  return { entries: listing.entries, suspects };
}

/** As kopia lists it: a folder is followed by all that is in it, in no order. */
const tree = lineOf("0a1", "plain.txt") + lineOf("k01", "d\ufffd/") + lineOf("0a2", "d\ufffd/x") +
  lineOf("k02", "d\ufffd/deep/") + lineOf("0a3", "d\ufffd/deep/y\ufffd") + lineOf("0a4", "d\ufffd/z\ufffd") +
  lineOf("k03", "new\n\nline/") + lineOf("k04", "new\n\nline/more/") + lineOf("0a5", "new\n\nline/\ufffd") +
  lineOf("0a6", "fake\n0a7 kOTHER/e\ufffd") + lineOf("k05", "last/");

const want = {
  entries: 11,
  suspects: [
    { path: "", object: root },
    { path: "d\ufffd/deep", object: "k02" },
    { path: "d\ufffd", object: "k01" },
    { path: "new\n\nline", object: "k03" },
  ],
};

Deno.test("TreeListing counts entries and finds each folder that holds a changed name once, with its object", () => {
  assert.deepEqual(read(tree), want);
  assert.deepEqual(read(""), { entries: 0, suspects: [] });
});

Deno.test("TreeListing reads the same wherever the text is cut", () => {
  fc.assert(fc.property(fc.array(fc.nat(tree.length), { maxLength: 20 }), (cuts) => {
    assert.deepEqual(read(tree, cuts), want);
  }));
});

const odd: Readonly<Record<string, string>> = {
  "another text": "hello\n",
  "a list of another folder": "0a kOTHER/a\n",
  "a list that breaks off": `${lineOf("0a", "a")}0b    `,
  "an entry before its folder": lineOf("0a", "a/b/c\ufffd"),
};
for (const [what, text] of Object.entries(odd)) {
  Deno.test(`TreeListing refuses ${what}`, () => {
    assert.throws(
      () => read(text),
      (error) => error instanceof MoverError && error.failureClass === "UnexpectedOutput",
    );
  });
}

Deno.test("TreeListing refuses a line that does not end", () => {
  const listing = new TreeListing(root, () => {});
  assert.throws(() => {
    for (let piece = 0; piece < 10; piece++) listing.push("x".repeat(1024 * 1024));
  }, MoverError);
});
