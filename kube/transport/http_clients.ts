import type { ConnectionInfo, ConnectionProxy, Credentials } from "../access/connection.ts";

/** A connection pool of the runtime. */
export type HttpClient = Deno.HttpClient;

/** Idle connections are let go before a Go server does it (90 s), so that few requests meet a closing one. */
const idleMs = 60_000;
const mostIdle = 32;

/** The one pool, made again when certificates change and when the network failed. */
export class HttpClients {
  readonly #connection: ConnectionInfo;
  readonly #proxy: ConnectionProxy | undefined;
  #client: HttpClient | undefined;
  #madeFor: Credentials | undefined;

  /** `proxy` is the one to use now; it need not be that of the connection (see tls_relay.ts). */
  constructor(connection: ConnectionInfo, proxy: ConnectionProxy | undefined) {
    this.#connection = connection;
    this.#proxy = proxy;
  }

  /** The pool for these credentials. What was sent through an older pool is not disturbed. */
  for(credentials: Credentials): HttpClient {
    if (this.#client !== undefined && this.#madeFor !== undefined && sameTls(this.#madeFor, credentials)) {
      return this.#client;
    }
    this.close();
    this.#madeFor = credentials;
    this.#client = Deno.createHttpClient({
      caCerts: [...credentials.caCerts],
      // A request has its connection to itself: a dead one cannot take the next request down with it.
      http2: false,
      poolIdleTimeout: idleMs,
      poolMaxIdlePerHost: mostIdle,
      ...(this.#proxy === undefined ? {} : { proxy: { ...this.#proxy } }),
      ...credentials.clientCertificate,
    });
    return this.#client;
  }

  /** Drops the pool if it is still the one that failed: its idle connections may be dead as well. */
  drop(failed: HttpClient): void {
    if (failed === this.#client) this.close();
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
    this.#madeFor = undefined;
  }

  /** The origin and path requests go to. */
  get base(): string {
    const { server, tlsServerName } = this.#connection;
    if (tlsServerName === undefined) return server;
    const url = new URL(server);
    const port = url.port === "" ? "443" : url.port;
    return `https://${tlsServerName}:${port}${url.pathname.replace(/\/$/, "")}`;
  }
}

function sameTls(a: Credentials, b: Credentials): boolean {
  return a === b || (
    a.clientCertificate?.cert === b.clientCertificate?.cert &&
    a.clientCertificate?.key === b.clientCertificate?.key &&
    a.caCerts.length === b.caCerts.length &&
    a.caCerts.every((cert, at) => cert === b.caCerts[at])
  );
}
