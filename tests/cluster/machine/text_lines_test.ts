import { deepEqual } from "node:assert/strict";
import { TextLineStream } from "./text_lines.ts";

Deno.test("TextLineStream joins what was cut, also within a character, and keeps a last line without an end", async () => {
  const bytes = new TextEncoder().encode("grüße\n\nlast");
  const chunks = [bytes.slice(0, 3), bytes.slice(3, 4), bytes.slice(4)];
  const lines = await Array.fromAsync(ReadableStream.from(chunks).pipeThrough(new TextLineStream()));
  deepEqual(lines, ["grüße", "", "last"]);
});
