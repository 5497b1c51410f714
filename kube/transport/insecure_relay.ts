import { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import type { Credentials } from "../access/connection.ts";
import type { Address } from "./tls_relay.ts";

/**
 * A way to a server of which any certificate will do (`insecure-skip-tls-verify`): the runtime's `fetch` has none. It
 * takes plain HTTP on a socket in a folder that only this user may enter, and makes the TLS to the server itself.
 */
export interface InsecureRelay {
  /** For the option of that name of an HTTP client. */
  readonly proxy: { readonly transport: "unix"; readonly path: string };
  /** Stops listening, closes open connections and removes the folder; a second call does nothing. */
  close(): void;
}

/** The server, and the name it is asked for in the handshake where that is another than the host. */
export interface InsecureServer extends Address {
  readonly serverName: string | undefined;
}

/** How long a server may take to agree on TLS; so long the connection of a request that was given up stays. */
const HANDSHAKE_MS = 10_000;

/** Starts a relay; each connection is made with the client certificate of that moment. */
export function startInsecureRelay(
  server: InsecureServer,
  clientCertificate: () => Credentials["clientCertificate"],
  handshakeMs = HANDSHAKE_MS,
): InsecureRelay {
  const folder = Deno.makeTempDirSync({ prefix: "kopiur-" });
  const path = `${folder}/s`;
  const listener = Deno.listen({ transport: "unix", path });
  const open = new Set<TLSSocket>();
  let isClosed = false;
  void acceptAll(listener, (client) => relay(client, server, clientCertificate(), { open, handshakeMs }));
  return {
    proxy: { transport: "unix", path },
    close: () => {
      if (isClosed) return;
      isClosed = true;
      listener.close();
      for (const socket of open) socket.destroy();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

async function acceptAll(
  listener: Deno.UnixListener,
  use: (client: Deno.UnixConn) => Promise<void>,
): Promise<void> {
  try {
    for await (const client of listener) void use(client);
  } catch {
    // The listener was closed, which ends the relay.
  }
}

async function relay(
  client: Deno.UnixConn,
  { hostname, port, serverName = hostname }: InsecureServer,
  clientCertificate: Credentials["clientCertificate"],
  { open, handshakeMs }: { readonly open: Set<TLSSocket>; readonly handshakeMs: number },
): Promise<void> {
  const server = connect({
    host: hostname,
    port,
    servername: serverName,
    rejectUnauthorized: false,
    ALPNProtocols: ["http/1.1"],
    ...clientCertificate,
  });
  open.add(server);
  const late = setTimeout(
    () => server.destroy(new Error(`no TLS handshake within ${handshakeMs / 1000} s`)),
    handshakeMs,
  );
  try {
    await new Promise((resolve, reject) => server.once("secureConnect", resolve).once("error", reject));
    clearTimeout(late);
    const { readable, writable } = Duplex.toWeb(server);
    await Promise.race([client.readable.pipeTo(writable), readable.pipeTo(client.writable)]);
  } catch (error) {
    await client.write(new TextEncoder().encode(badGateway(error))).catch(() => {});
  } finally {
    clearTimeout(late);
    open.delete(server);
    server.destroy();
    closeQuietly(client);
  }
}

/** The answer where the server was not reached; where it was cut off later, nobody reads it. */
function badGateway(error: unknown): string {
  const detail = error instanceof Error ? error.message : String(error);
  const text = `the server gave no answer (${detail}), expected an API server that can be reached`;
  return `HTTP/1.1 502 Bad Gateway\r\ncontent-length: ${new TextEncoder().encode(text).length}\r\n` +
    `content-type: text/plain\r\nconnection: close\r\n\r\n${text}`;
}

function closeQuietly(client: Deno.UnixConn): void {
  try {
    client.close();
  } catch {
    // Closed already by the end of its streams.
  }
}
