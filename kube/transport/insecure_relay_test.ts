import assert from "node:assert/strict";
import { startInsecureRelay } from "./insecure_relay.ts";

const name = "an insecure relay gives a server that never agrees on TLS up, says so, and may be closed twice";
// Of a socket that is destroyed in its handshake Deno 2.6 keeps the connection.
Deno.test({ name, sanitizeResources: false }, async () => {
  const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of server) taken.push(connection);
  })();
  const relay = startInsecureRelay(
    { hostname: "127.0.0.1", port: server.addr.port, serverName: undefined },
    () => undefined,
    100,
  );
  const client = Deno.createHttpClient({ proxy: relay.proxy });
  try {
    const answer = await fetch("http://127.0.0.1:1/version", { client });
    assert.equal(answer.status, 502);
    assert.match(await answer.text(), /no TLS handshake within 0\.1 s/);
  } finally {
    client.close();
    relay.close();
    relay.close();
    for (const each of taken) each.close();
    server.close();
    await accepting.catch(() => {});
  }
});
