import assert from "node:assert/strict";
import { streamSink } from "./sink.ts";

/** A stream that takes a few bytes at a time and fails as told. */
function fakeStream(failures: Error[] = []) {
  const written: number[] = [];
  return {
    written,
    text: () => new TextDecoder().decode(new Uint8Array(written)),
    writeSync(bytes: Uint8Array): number {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      written.push(...bytes.subarray(0, 3));
      return Math.min(3, bytes.length);
    },
  };
}

Deno.test("streamSink() writes a line whole although the stream takes it in parts", () => {
  const stream = fakeStream();
  streamSink(stream)("a line with ümlauts\n");
  assert.equal(stream.text(), "a line with ümlauts\n");
});

Deno.test("streamSink() waits for a full pipe and then goes on", () => {
  const stream = fakeStream([new Deno.errors.WouldBlock(), new Deno.errors.WouldBlock()]);
  streamSink(stream)("line\n");
  assert.equal(stream.text(), "line\n");
});

Deno.test("streamSink() gives a line up when the pipe stays full, and tries the next one", () => {
  const stream = fakeStream(Array.from({ length: 200 }, () => new Deno.errors.WouldBlock()));
  const sink = streamSink(stream);
  sink("lost\n");
  sink("kept\n");
  assert.equal(stream.text(), "kept\n");
});

Deno.test("streamSink() stays silent when the reader went away", () => {
  const stream = fakeStream([new Deno.errors.BrokenPipe()]);
  const sink = streamSink(stream);
  sink("lost\n");
  sink("not tried\n");
  assert.equal(stream.text(), "");
});

Deno.test("streamSink() survives a closed pipe and loses no line at exit, in a real process", async () => {
  const module = new URL("./sink.ts", import.meta.url).href;
  const program = `import { streamSink } from ${JSON.stringify(module)};
    const sink = streamSink(Deno.stdout);
    for (let n = 0; n < 20000; n++) sink("line " + n + "\\n");
    Deno.exit(7);`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, program);
    const run = new Deno.Command(Deno.execPath(), { args: ["run", "--no-config", file], stderr: "piped" });
    const { code, stdout } = await run.output();
    assert.equal(code, 7);
    assert.ok(new TextDecoder().decode(stdout).endsWith("line 19999\n"));
    const closed = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-config", file],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    await closed.stdout.cancel();
    const [status, errors] = await Promise.all([closed.status, new Response(closed.stderr).text()]);
    assert.deepEqual([status.code, errors], [7, ""]);
  } finally {
    await Deno.remove(file);
  }
});
