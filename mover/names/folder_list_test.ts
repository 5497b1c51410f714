import assert from "node:assert/strict";
import fc from "fast-check";
import { type FolderEntry, FolderListReader, mostSuspects } from "./folder_list.ts";
import { MoverError } from "../mover_error.ts";
import { NameTally } from "./tally.ts";

function read(text: string, cuts: readonly number[] = []): readonly (readonly FolderEntry[])[] {
  const folders: (readonly FolderEntry[])[] = [];
  const reader = new FolderListReader((suspects) => folders.push(suspects));
  const borders = [0, ...cuts.toSorted((a, b) => a - b), text.length];
  for (const [index, start] of borders.entries()) reader.push(text.slice(start, borders[index + 1]));
  reader.end();
  return folders;
}

/** As kopia 0.22 writes it; what is below a folder shows in its sums only. */
const entries = [
  String
    .raw`{"name":"d\ufffd","type":"d","mode":"0755","obj":"k1","summ":{"size":5,"files":2,"symlinks":1,"dirs":2,` +
  String.raw`"errors":[{"path":"d\ufffd/]}","error":"\"{["}],"numFailed":1}}`,
  String.raw`{"name":"a \"{[\\ufffd","type":"f","size":3,"obj":"01"}`,
  String.raw`{"name":"a\ufffd","type":"f","mode":"0644","size":3,"obj":"02"}`,
  '{"name":"real\ufffd","type":"f","size":4,"obj":"03"}',
  String.raw`{"name":"l\\\ufffd","type":"s","size":7,"obj":"04"}`,
  '{"name":"plain","type":"f","size":9,"obj":"05"}',
];
const summary = '"summary":{"size":12,"files":4,"errors":[{"path":"x\ufffd","error":"no"}],"numFailed":1}';
const text = `{"stream":"kopia:directory","entries":[${entries.join()}],${summary}}\n` +
  `{"stream":"kopia:directory","entries":[],${summary}}\n{"stream":"kopia:directory","entries":null,${summary}}\n`;

const file = { isFolder: false, entries: 1, files: 1, leaves: 1 };
const want: readonly (readonly FolderEntry[])[] = [
  [
    { name: "d\ufffd", isChanged: true, isFolder: true, entries: 5, files: 2, leaves: 3, bytes: 5 },
    { ...file, name: "a\ufffd", isChanged: true, bytes: 3 },
    { ...file, name: "real\ufffd", isChanged: false, bytes: 4 },
    { ...file, name: "l\\\ufffd", isChanged: true, files: 0, bytes: 0 },
  ],
  [],
  [],
];

Deno.test("FolderListReader finds the names kopia changed, and those that hold the character itself", () => {
  assert.deepEqual(read(text), want);
});

Deno.test("FolderListReader reads the same wherever the text is cut", () => {
  fc.assert(fc.property(fc.array(fc.nat(text.length), { maxLength: 20 }), (cuts) => {
    assert.deepEqual(read(text, cuts), want);
  }));
});

const odd: Readonly<Record<string, string>> = {
  "a folder that breaks off": text.slice(0, -20),
  "an entry that is no JSON": '{"entries":[{"name":"\ufffd" oops}]}',
  "an entry without a type": '{"entries":[{"name":"\ufffd"}]}',
  "an entry that does not begin with its name": '{"entries":[{"type":"f","name":"\ufffd"}]}',
  "a negative count": '{"entries":[{"name":"\ufffd","type":"d","summ":{"size":1,"files":-1}}]}',
};
for (const [what, broken] of Object.entries(odd)) {
  Deno.test(`FolderListReader refuses ${what}`, () => {
    assert.throws(
      () => read(broken),
      (error) => error instanceof MoverError && error.failureClass === "UnexpectedOutput",
    );
  });
}

Deno.test("FolderListReader keeps no more names of a folder than it says, and counts the rest", () => {
  const reported: { readonly kept: number; readonly rest: unknown }[] = [];
  const tally = new NameTally();
  const reader = new FolderListReader((suspects, rest) => {
    reported.push({ kept: suspects.length, rest });
    tally.addFolder("many", suspects, rest);
  });
  const changed = (at: number) => String.raw`{"name":"${at}\ufffd","type":"f","size":1,"obj":"01"}`;
  const names = Array.from({ length: mostSuspects + 2 }, (_, at) => changed(at));
  reader.push(`{"entries":[${[...names, '{"name":"real\ufffd","type":"f"}'].join()}]}`);
  reader.push(`{"entries":[${changed(0)}]}`);
  reader.end();
  assert.deepEqual(reported, [
    { kept: mostSuspects, rest: { entries: 3, changed: 2 } },
    { kept: 1, rest: { entries: 0, changed: 0 } },
  ]);
  assert.equal(tally.found.renamed?.count, mostSuspects + 3);
  assert.equal(tally.isWhole, false);
});
