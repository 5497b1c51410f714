import { deepEqual, equal, rejects } from "node:assert/strict";
import { abortableText, withAbortableBody } from "./abortable_body.ts";

/** Reads from a server that says one word and then nothing, collects garbage, aborts; prints how the reading ended. */
const program = `
import { withAbortableBody } from ${JSON.stringify(new URL("./abortable_body.ts", import.meta.url).href)};
const start = (controller) => controller.enqueue(new TextEncoder().encode("word"));
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () =>
  new Response(new ReadableStream({ start })));
const stop = new AbortController();
const open = async (signal) =>
  withAbortableBody(await fetch("http://127.0.0.1:" + server.addr.port, { signal }), signal);
const readAll = async (body) => {
  for await (const _chunk of body);
};
// Nobody keeps the answer: a watch is its body.
const body = (await open(stop.signal)).body;
const ending = readAll(body).then(() => "ended", (error) => error.message);
for (let round = 0; round < 5; round++) {
  await new Promise((resolve) => setTimeout(resolve, 10));
  gc();
}
stop.abort(new Error("told to stop"));
const late = new Promise((resolve) => setTimeout(() => resolve("goes on"), 5000));
console.log(await Promise.race([ending, late]));
Deno.exit(0);
`;

Deno.test("withAbortableBody() ends a body that is being read, also after a garbage collection", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-config", "--allow-net", "--v8-flags=--expose-gc", "--ext=js", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program));
  await writer.close();
  const { code, stdout } = await child.output();
  deepEqual([code, new TextDecoder().decode(stdout)], [0, "told to stop\n"]);
});

Deno.test("withAbortableBody() hands on a whole body, and a signal that aborts later changes nothing", async () => {
  const stop = new AbortController();
  const response = withAbortableBody(
    new Response("whole", { status: 201, headers: { a: "b" } }),
    stop.signal,
  );
  deepEqual([response.status, response.headers.get("a"), await response.text()], [201, "b", "whole"]);
  stop.abort();
  equal(withAbortableBody(new Response(null, { status: 204 }), stop.signal).status, 204);
});

Deno.test("withAbortableBody() with a signal that has aborted gives a body that fails at once", async () => {
  await rejects(
    withAbortableBody(new Response("late"), AbortSignal.abort(new Error("stopped"))).text(),
    /stopped/,
  );
});

Deno.test("withAbortableBody() passes a failure of the body on", async () => {
  const broken = new ReadableStream({ pull: () => Promise.reject(new Error("connection reset")) });
  const stop = new AbortController();
  await rejects(withAbortableBody(new Response(broken), stop.signal).text(), /connection reset/);
});

Deno.test("abortableText() gives the text, and gives up on one that does not end when the signal aborts", async () => {
  equal(await abortableText(new Response("whole"), new AbortController().signal), "whole");
  const stop = new AbortController();
  const endless = new Response(
    new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }),
  );
  const reading = abortableText(endless, stop.signal);
  stop.abort(new Error("stopped"));
  await rejects(reading, /stopped/);
  await rejects(abortableText(new Response("late"), AbortSignal.abort(new Error("too late"))), /too late/);
});
