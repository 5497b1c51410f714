import assert from "node:assert/strict";
import fc from "fast-check";
import { printable } from "./printable.ts";

Deno.test("printable() writes as in JSON what no screen shows, and leaves the rest as it is", () => {
  const cases = {
    "ünï/☃ 😀.txt": "ünï/☃ 😀.txt",
    "a\ufffdb": "a\ufffdb",
    "two\nlines\r\t": String.raw`two\nlines\r\t`,
    'quote" and back\\slash': String.raw`quote\" and back\\slash`,
    "\x1b[31mred\x7f\x9b": String.raw`\u001b[31mred\u007f\u009b`,
    "gpj\u202etxt.\u2028\u{e0001}": String.raw`gpj\u202etxt.\u2028\udb40\udc01`,
  };
  for (const [path, want] of Object.entries(cases)) assert.equal(printable(path), want);
});

Deno.test("printable() is one short line, whatever the path", () => {
  assert.equal(printable(`${"a/".repeat(400)}end`), `…${"a/".repeat(150).slice(4)}end`);
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 1000 }), (path) => {
    const text = printable(path);
    assert.ok(text.length <= 300 && text.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text));
  }));
});
