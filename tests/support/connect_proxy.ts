/** An HTTP proxy of a test, which leads every CONNECT to one port of this machine. */
export interface ConnectProxy extends Disposable {
  /** Host and port. */
  readonly address: string;
  /** What it was asked, the head of each request. */
  readonly heads: readonly string[];
}

/** Starts a proxy to a port of this machine. */
export function startConnectProxy(port: number): ConnectProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const heads: string[] = [];
  void serve(listener, port, heads);
  return {
    address: `127.0.0.1:${listener.addr.port}`,
    heads,
    [Symbol.dispose]: () => listener.close(),
  };
}

async function serve(listener: Deno.TcpListener, port: number, heads: string[]): Promise<void> {
  try {
    for await (const client of listener) void lead(client, port, heads).catch(() => undefined);
  } catch {
    // The listener was closed, which ends the proxy.
  }
}

async function lead(client: Deno.Conn, port: number, heads: string[]): Promise<void> {
  heads.push(await readHead(client));
  const server = await Deno.connect({ hostname: "127.0.0.1", port });
  await client.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"));
  await Promise.all([
    client.readable.pipeTo(server.writable),
    server.readable.pipeTo(client.writable),
  ]);
}

async function readHead(client: Deno.Conn): Promise<string> {
  let head = "";
  const buffer = new Uint8Array(1024);
  while (!head.endsWith("\r\n\r\n")) {
    const read = await client.read(buffer);
    if (read === null) break;
    head += new TextDecoder().decode(buffer.subarray(0, read));
  }
  return head;
}
