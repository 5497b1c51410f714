/**
 * A proxy on loopback that forwards every connection to one address. The runtime's `fetch` always demands a
 * certificate for the host of the URL; with this proxy the URL can use the name in the certificate
 * (`tls-server-name`). TLS is between `fetch` and the server, so this proxy sees only ciphertext.
 */
export interface TlsRelay {
  /** For the option of that name of an HTTP client. */
  readonly proxy: { readonly url: string };
  /** Stops listening and closes open connections; a second call does nothing. */
  close(): void;
}

const longestHead = 8192;

/** Starts a relay to an address. Throws the runtime's error when it cannot listen on loopback. */
export function startTlsRelay(to: Address): TlsRelay {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  let isClosed = false;
  void acceptAll(listener, to, open);
  return {
    proxy: { url: `http://127.0.0.1:${listener.addr.port}` },
    close: () => {
      if (isClosed) return;
      isClosed = true;
      listener.close();
      for (const connection of open) closeQuietly(connection);
    },
  };
}

/** Where a relay leads. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

async function acceptAll(listener: Deno.TcpListener, to: Address, open: Set<Deno.Conn>): Promise<void> {
  try {
    for await (const client of listener) void relay(client, to, open);
  } catch {
    // The listener was closed, which ends the relay.
  }
}

async function relay(client: Deno.Conn, to: Address, open: Set<Deno.Conn>): Promise<void> {
  open.add(client);
  let server: Deno.Conn | undefined;
  try {
    if (!await readConnectHead(client)) return;
    server = await Deno.connect(to);
    open.add(server);
    await client.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"));
    await Promise.race([
      client.readable.pipeTo(server.writable),
      server.readable.pipeTo(client.writable),
    ]);
  } catch {
    // The sender of the request sees the closed connection and reports it.
  } finally {
    for (const connection of [client, server]) {
      if (connection === undefined) continue;
      open.delete(connection);
      closeQuietly(connection);
    }
  }
}

/** Reads the head of a CONNECT request; false when it is something else. */
async function readConnectHead(client: Deno.Conn): Promise<boolean> {
  let head = "";
  const buffer = new Uint8Array(1024);
  while (!head.endsWith("\r\n\r\n") && head.length < longestHead) {
    const read = await client.read(buffer);
    if (read === null) return false;
    head += new TextDecoder("latin1").decode(buffer.subarray(0, read));
  }
  return head.startsWith("CONNECT ") && head.endsWith("\r\n\r\n");
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already by the end of its streams.
  }
}
