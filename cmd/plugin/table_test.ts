import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import pc from "picocolors";
import { type Column, tableLines } from "./table.ts";

interface Row {
  readonly name: string | undefined;
  readonly text: string;
}

const columns: readonly Column<Row>[] = [
  { head: "NAME", cell: (row) => row.name },
  { head: "TEXT", cell: (row) => row.text, tone: () => "bad" },
  { head: "END", cell: () => "end" },
];
const plain = pc.createColors(false);

Deno.test("tableLines() makes columns as wide as they need be, and a dash of nothing", () => {
  deepEqual(tableLines([{ name: "photos", text: "x" }, { name: undefined, text: "" }], columns, plain), [
    "NAME     TEXT   END",
    "photos   x      end",
    "-        -      end",
  ]);
});

Deno.test("tableLines() measures letters that take two columns", () => {
  deepEqual(tableLines([{ name: "写真", text: "x" }, { name: "ab", text: "yy" }], columns, plain), [
    "NAME   TEXT   END",
    "写真   x      end",
    "ab     yy     end",
  ]);
});

Deno.test("tableLines() gives the same by the quick way as by measuring", () => {
  const cell = fc.stringMatching(/^[ -~…]{0,12}$/);
  const rows = fc.array(fc.record({ name: cell, text: cell }), { minLength: 1, maxLength: 5 });
  for (const colors of [plain, pc.createColors(true)]) {
    fc.assert(fc.property(rows, (found) => {
      const quick = tableLines(found, columns, colors);
      const wide = tableLines([...found, { name: "写", text: "写" }], columns, colors);
      deepEqual(wide.slice(0, -1).map(squeeze), quick.map(squeeze));
    }));
  }
  const one = tableLines([{ name: "abcdef", text: "abcdef" }], columns, plain);
  const same = tableLines([{ name: "abcdef", text: "abcdef" }, { name: "写", text: "写" }], columns, plain);
  deepEqual(same.slice(0, 2), one);
});

/** The row that makes it measure may widen a column. */
function squeeze(line: string): string {
  return line.replace(/ {3,}/g, "   ");
}

Deno.test("tableLines() lets no cell break a line or move the cursor", () => {
  const lines = tableLines([{ name: "a\nb", text: "\x1b[2J" }], columns, plain);
  equal(lines.length, 2);
  equal(lines[1], "a b    [2J    end");
});
