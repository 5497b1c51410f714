/**
 * The connections to a collector. The runtime's HTTP/2 client is not fit to hold them: it makes TLS of its own without
 * our certificate authorities, ends the process by a rejection nobody can catch when a handshake fails, never tells
 * gRPC that a connection has ended, and tells it too early when one ends at once; gRPC then tries again without ever
 * letting go of the thread. So it is given one end of a socket pair on loopback, which never fails by itself; the other
 * end is joined with the collector here, and what becomes of that is told to gRPC at a time it is ready to hear it.
 */
import { EventEmitter } from "node:events";
import { connect, type Socket } from "node:net";

/** Where a collector is and how it is spoken to. */
export interface CollectorAddress {
  readonly hostname: string;
  readonly port: number;
  /** Undefined for plain text. Authorities are trusted besides the usual ones. */
  readonly tls: { readonly authorities: readonly string[] } | undefined;
}

/** A collector that cannot be reached in that time counts as not there. */
const dialLimitMs = 10_000;
/** So long gRPC is given to take notice of a new connection. */
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

  /** A socket whose far end is the collector, or soon ends with what stands in the way. */
  open(): Socket {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const socket = connect({ host: listener.addr.hostname, port: listener.addr.port });
    this.#open.set(socket, whenNoticed(socket));
    void this.#join(listener, socket);
    return socket;
  }

  /** Ends every connection there is; the next export begins with a new one. */
  reset(reason?: Error): void {
    for (const socket of [...this.#open.keys()]) void this.#end(socket, reason);
  }

  /** Joins the one connection the listener is for with a new one to the collector, for as long as both last. */
  async #join(listener: Deno.TcpListener, socket: Socket): Promise<void> {
    let [near, far]: [Deno.Conn | undefined, Deno.Conn | undefined] = [undefined, undefined];
    let reason: Error | undefined;
    try {
      near = await acceptOne(listener, socket);
      far = await dial(this.#address);
      // The near end stays as it is until gRPC was told.
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
    // Now, not when the runtime gets round to it: until then gRPC would begin calls over what has ended.
    sessionOf(socket)?.emit("close");
    socket.destroy(reason);
  }

  /** True for what HTTP/2 left behind while a socket of ours was open. */
  #isOurs(reason: unknown): reason is Error {
    return this.#open.size > 0 && reason instanceof Error && /\bnode:http2:/.test(reason.stack ?? "");
  }
}

/** Takes the connection of that socket and no other; nothing can connect any more when this resolves. */
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
    // What comes later is not wanted any more.
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
  const caCerts = [...tls.authorities];
  const connection = await Deno.connectTls({ hostname, port, caCerts, alpnProtocols: ["h2"] });
  try {
    await connection.handshake();
    return connection;
  } catch (error) {
    closeQuietly(connection);
    throw error;
  }
}

/** Resolves a little after the HTTP/2 session over a socket has told of itself; at the latest when that is overdue. */
function whenNoticed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const overdue = setTimeout(resolve, 50 * noticeMs);
    // The session is made in the turn in which the socket is handed out.
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
