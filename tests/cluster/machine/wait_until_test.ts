import { equal, rejects } from "node:assert/strict";
import { waitUntil } from "./wait_until.ts";

Deno.test("waitUntil() answers with the first thing found, whatever failed before", async () => {
  let looks = 0;
  const look = () => {
    looks += 1;
    if (looks === 1) throw new Error("not there yet");
    return looks === 3 ? "found" : undefined;
  };
  equal(await waitUntil(look, { what: "it", limitSeconds: 5, everyMs: 1 }), "found");
});

Deno.test("waitUntil() gives up after its limit and tells what the last look said", async () => {
  const look = () => Promise.reject(new Error("connection refused"));
  await rejects(waitUntil(look, { what: "the server", limitSeconds: 0.01, everyMs: 1 }), {
    message: "Cannot wait any longer for the server: 0.01 s are over; the last look said: connection refused",
  });
});

Deno.test("waitUntil() ends with its signal", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await rejects(waitUntil(() => undefined, { what: "it", limitSeconds: 5, signal }), { message: "enough" });
});
