import { equal, rejects } from "node:assert/strict";
import { streamKeyboard } from "./keyboard.ts";

/** A stream that gives these pieces, then ends; with `hangs` it never does. */
function aStream(pieces: readonly string[], hangs = false) {
  const rest = pieces.map((piece) => new TextEncoder().encode(piece));
  return {
    isTerminal: () => true,
    read: (buffer: Uint8Array): Promise<number | null> => {
      const next = rest.shift();
      if (next === undefined) return hangs ? Promise.withResolvers<null>().promise : Promise.resolve(null);
      buffer.set(next);
      return Promise.resolve(next.length);
    },
  };
}

const { signal } = new AbortController();

Deno.test("streamKeyboard() reads one line, however it arrives", async () => {
  equal(await streamKeyboard(aStream(["yes\n"])).readLine(signal), "yes");
  equal(await streamKeyboard(aStream(["y", "es", "\r\nmore\n"])).readLine(signal), "yes");
  equal(await streamKeyboard(aStream(["yes"])).readLine(signal), "yes");
  equal(await streamKeyboard(aStream(["\n"])).readLine(signal), "");
});

Deno.test("streamKeyboard() answers undefined at the end, and stops at a line that never ends", async () => {
  equal(await streamKeyboard(aStream([])).readLine(signal), undefined);
  const endless = aStream(["x".repeat(1000), "x".repeat(1000)], true);
  equal((await streamKeyboard(endless).readLine(signal))?.length, 2000);
});

Deno.test("streamKeyboard() gives up when it is told to", async () => {
  const stop = new AbortController();
  const reading = streamKeyboard(aStream([], true)).readLine(stop.signal);
  stop.abort(new Error("Stopped by SIGINT"));
  await rejects(reading, /Stopped by SIGINT/);
});
