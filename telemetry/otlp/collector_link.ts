/**
 * The connections to a collector. The runtime's HTTP/2 client cannot make them itself: it makes TLS without
 * our certificate authorities; a failed handshake ends the process with an uncatchable rejection; it never tells
 * gRPC that a connection has ended, or tells it too early when one ends at once, and gRPC then retries in a loop that
 * blocks the thread. So it gets one end of a socket pair on loopback, which never fails by itself. The other
 * end is connected to the collector here, and gRPC is told the outcome when it is ready for it.
 */
import { EventEmitter } from "node:events";
import { connect, type Socket } from "node:net";
import type { TlsSettings } from "./target.ts";

/** The address of a collector and its security. */
export interface CollectorAddress {
  readonly hostname: string;
  readonly port: number;
  /** Undefined for plain text. */
  readonly tls: TlsSettings | undefined;
}

/** The limit for connecting to a collector. */
const dialLimitMs = 10_000;
/** The time gRPC gets to notice a new connection. */
const noticeMs = 20;

/** Makes connections to one collector. */
export class CollectorLink {
  readonly #address: CollectorAddress;
  /** Open sockets, with when gRPC knows of each. */
  readonly #open = new Map<Socket, Promise<void>>();

  constructor(address: CollectorAddress) {
    this.#address = address;
    globalThis.addEventListener("unhandledrejection", (event) => {
      if (!this.#isOurs(event.reason)) return;
      event.preventDefault();
      this.reset(event.reason);
    });
  }

  get isSecure(): boolean {
    return this.#address.tls !== undefined;
  }

  /** A socket to the collector; it ends with an error when that cannot be reached. */
  open(): Socket {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const socket = connect({ host: listener.addr.hostname, port: listener.addr.port });
    this.#open.set(socket, whenNoticed(socket));
    void this.#join(listener, socket);
    return socket;
  }

  /** Ends all connections; the next export makes a new one. */
  reset(reason?: Error): void {
    for (const socket of [...this.#open.keys()]) void this.#end(socket, reason);
  }

  /** Connects the listener's one connection with a new one to the collector, while both last. */
  async #join(listener: Deno.TcpListener, socket: Socket): Promise<void> {
    let [near, far]: [Deno.Conn | undefined, Deno.Conn | undefined] = [undefined, undefined];
    let reason: Error | undefined;
    try {
      near = await acceptOne(listener, socket);
      far = await dial(this.#address);
      // The near end stays open until gRPC was told.
      const apart = { preventClose: true, preventAbort: true, preventCancel: true };
      await Promise.race([
        near.readable.pipeTo(far.writable, apart),
        far.readable.pipeTo(near.writable, apart),
      ]);
    } catch (error) {
      reason = error instanceof Error ? error : new Error(String(error), { cause: error });
    }
    await this.#end(socket, reason);
    for (const each of [near, far]) closeQuietly(each);
  }

  async #end(socket: Socket, reason: Error | undefined): Promise<void> {
    const noticed = this.#open.get(socket);
    if (!this.#open.delete(socket)) return;
    await noticed;
    // At once: until the runtime emits it, gRPC would begin calls on an ended connection.
    sessionOf(socket)?.emit("close");
    socket.destroy(reason);
  }

  /** True for a rejection of HTTP/2 while a socket of ours was open. */
  #isOurs(reason: unknown): reason is Error {
    return this.#open.size > 0 && reason instanceof Error && /\bnode:http2:/.test(reason.stack ?? "");
  }
}

/** Accepts the connection of that socket and no other; the listener is closed when this resolves. */
async function acceptOne(listener: Deno.TcpListener, socket: Socket): Promise<Deno.Conn> {
  socket.once("close", () => closeQuietly(listener));
  try {
    for (;;) {
      const connection = await listener.accept();
      if (connection.remoteAddr.port === socket.localPort) return connection;
      connection.close();
    }
  } finally {
    closeQuietly(listener);
  }
}

async function dial(address: CollectorAddress): Promise<Deno.Conn> {
  const dialed = dialUnlimited(address);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`Cannot reach "${address.hostname}:${address.port}" within ${dialLimitMs / 1000} s`));
    // Close a connection that comes too late.
    dialed.then(closeQuietly, () => {});
  }, dialLimitMs);
  try {
    return await Promise.race([dialed, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function dialUnlimited({ hostname, port, tls }: CollectorAddress): Promise<Deno.Conn> {
  if (tls === undefined) return await Deno.connect({ hostname, port });
  const { authorities, client } = tls;
  const connection = await Deno.connectTls({
    hostname,
    port,
    caCerts: authorities === undefined ? [] : [authorities],
    alpnProtocols: ["h2"],
    ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
  });
  try {
    await connection.handshake();
    return connection;
  } catch (error) {
    closeQuietly(connection);
    if (!/InvalidContentType/.test(String(error))) throw error;
    const found = `Cannot make TLS with "${hostname}:${port}": it answers in plain text`;
    throw new Error(`${found}, expected TLS; for plain text write http:// before the endpoint`, {
      cause: error,
    });
  }
}

/** Resolves shortly after the HTTP/2 session over a socket has connected, or at a time limit. */
function whenNoticed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const overdue = setTimeout(resolve, 50 * noticeMs);
    // The session is made in the same turn as the socket.
    queueMicrotask(() =>
      sessionOf(socket)?.once("connect", () => {
        clearTimeout(overdue);
        setTimeout(resolve, noticeMs);
      })
    );
  });
}

/** The HTTP/2 session over a socket, which the runtime keeps on the socket. */
function sessionOf(socket: Socket): EventEmitter | undefined {
  for (const key of Object.getOwnPropertySymbols(socket)) {
    const value: unknown = key.description === "session" ? Reflect.get(socket, key) : undefined;
    if (value instanceof EventEmitter) return value;
  }
  return undefined;
}

function closeQuietly(resource: { close(): void } | undefined): void {
  try {
    resource?.close();
  } catch {
    // Closed already, by the end of its streams or by an error.
  }
}
