import { deepEqual, ok } from "node:assert/strict";
import { asciiSource, foreignImports, stampLine } from "./bundle.ts";

Deno.test("foreignImports() finds what a binary could not load, and not what it has", () => {
  const entry = [
    'import process from "node:process";',
    'import { z } from "npm:zod";',
    'import "./side_effect.js";',
    'import * as yaml from "yaml";',
    'import {\n  a,\n  b\n} from "./chunk-A.js";',
    'export { x } from "npm:x";',
    "export { main };",
  ].join("\n");
  const modules = new Map([["mod.js", entry], ["chunk-A.js", 'import "lost";']]);
  const foreign = ["npm:zod", "./side_effect.js", "yaml", "npm:x", "lost"];
  deepEqual(foreignImports({ entry: "mod.js", modules }), foreign);
});

Deno.test("stampLine() is one line of JavaScript that holds the stamp, whatever is in it", () => {
  const stamp = { version: '1"\n', commit: "\u2028", date: "" };
  const line = stampLine(stamp);
  deepEqual(line.split("\n").length, 1);
  deepEqual(new Function(`${line} return KOPIUR_BUILD;`)(), stamp);
});

Deno.test("asciiSource() keeps what strings, templates and patterns mean", () => {
  const source =
    'return ["é“", `😀${1}…`, /^[😀-😂]+$/u.source, /^[😀-😂]$/u.test("😁"), /\\é\\\\é/.test("é\\\\é")]; // “a comment”';
  const ascii = asciiSource(source);
  ok(/^[\x20-\x7e]*$/.test(ascii));
  const [text, template, , matches, escaped] = new Function(ascii)();
  deepEqual([text, template, matches, escaped], ["é“", "😀1…", true, true]);
});
