import assert from "node:assert/strict";
import { Tail } from "./tail.ts";

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
