import { equal } from "node:assert/strict";
import { type Stream, streamTerminal, wantsColor } from "./terminal.ts";

/** A stream that does what it is told at each write, then takes everything. */
function aStream(steps: (number | Error)[]): Stream & { readonly text: () => string } {
  let text = "";
  return {
    isTerminal: () => false,
    text: () => text,
    writeSync(bytes: Uint8Array): number {
      const step = steps.shift() ?? bytes.length;
      if (step instanceof Error) throw step;
      text += new TextDecoder().decode(bytes.subarray(0, step));
      return step;
    },
  };
}

Deno.test("streamTerminal() writes all of a text to a stream that takes little at a time or is full", () => {
  const stream = aStream([2, new Deno.errors.WouldBlock(), 1]);
  streamTerminal(stream).write("backups");
  equal(stream.text(), "backups");
});

Deno.test("streamTerminal() stops without an error when the reader has gone", () => {
  const stream = aStream([2, new Deno.errors.BrokenPipe()]);
  streamTerminal(stream).write("backups");
  equal(stream.text(), "ba");
});

Deno.test("wantsColor() colours for people, and as NO_COLOR, FORCE_COLOR and TERM say", () => {
  const cases: readonly [boolean, Record<string, string>, boolean][] = [
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [true, { TERM: "dumb" }, false],
    [false, { FORCE_COLOR: "1" }, true],
    [false, { FORCE_COLOR: "0" }, false],
    [true, { FORCE_COLOR: "1", NO_COLOR: "1" }, false],
  ];
  for (const [isTerminal, env, want] of cases) equal(wantsColor({ isTerminal, write: () => {} }, env), want);
});
