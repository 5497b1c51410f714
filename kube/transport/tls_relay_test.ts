import assert from "node:assert/strict";
import { startTlsRelay, type TlsRelay } from "./tls_relay.ts";

interface Stage {
  readonly relay: TlsRelay;
  /** What is said through the relay, or to it; the answer until the other side is done. */
  ask(text: string): Promise<string>;
}

/** A relay to a server that says back what it hears, in capitals. */
async function withRelay(use: (stage: Stage) => Promise<void>): Promise<void> {
  const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of server) void echo(connection);
  })().catch(() => {});
  const relay = startTlsRelay({ hostname: "127.0.0.1", port: server.addr.port });
  const port = Number(new URL(relay.proxy.url).port);
  const ask = async (text: string) => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode(text));
    const buffer = new Uint8Array(1024);
    let answer = "";
    for (let read = await connection.read(buffer); read !== null; read = await connection.read(buffer)) {
      answer += new TextDecoder().decode(buffer.subarray(0, read));
      if (answer.endsWith("!")) break;
      if (answer.endsWith("\r\n\r\n")) await connection.write(new TextEncoder().encode("hello!"));
    }
    return answer;
  };
  try {
    await use({ relay, ask });
  } finally {
    relay.close();
    server.close();
    await serving;
  }
}

async function echo(connection: Deno.Conn): Promise<void> {
  const capitals = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) =>
      controller.enqueue(new TextEncoder().encode(new TextDecoder().decode(chunk).toUpperCase())),
  });
  await connection.readable.pipeThrough(capitals).pipeTo(connection.writable).catch(() => {});
}

Deno.test("startTlsRelay() leads a CONNECT to any name to its one address", async () => {
  await withRelay(async ({ ask }) => {
    assert.equal(
      await ask("CONNECT kube.example:6443 HTTP/1.1\r\nhost: x\r\n\r\n"),
      "HTTP/1.1 200 OK\r\n\r\nHELLO!",
    );
  });
});

Deno.test("startTlsRelay() hangs up on anything else", async () => {
  await withRelay(async ({ ask }) => {
    assert.equal(await ask("GET http://elsewhere/ HTTP/1.1\r\n\r\n"), "");
    // Cut off while more of it is on its way, so the sender may see a reset.
    assert.equal(await ask(`CONNECT ${"x".repeat(100_000)}`).catch(() => ""), "");
  });
});

Deno.test("startTlsRelay() cuts what is open when it is closed", async () => {
  await withRelay(async ({ relay }) => {
    using connection = await Deno.connect({
      hostname: "127.0.0.1",
      port: Number(new URL(relay.proxy.url).port),
    });
    await connection.write(new TextEncoder().encode("CONNECT a:1 HTTP/1.1\r\n\r\n"));
    const buffer = new Uint8Array(64);
    assert.ok((await connection.read(buffer) ?? 0) > 0);
    relay.close();
    assert.equal(await connection.read(buffer).catch(() => null), null);
    await assert.rejects(
      Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(relay.proxy.url).port) }),
    );
  });
});
