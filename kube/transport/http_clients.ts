import type { ConnectionInfo, ConnectionProxy, Credentials } from "../access/connection.ts";

/** A connection pool of the runtime. */
export type HttpClient = Deno.HttpClient;

/** Idle connections are closed before a Go server closes them (90 s), so that few requests meet a closing one. */
const idleMs = 60_000;
const mostIdle = 32;

/** The connection pool, made again when certificates change and after a network error. */
export class HttpClients {
  readonly #connection: ConnectionInfo;
  readonly #proxy: ConnectionProxy | undefined;
  #client: HttpClient | undefined;
  #madeFor: Credentials | undefined;

  /** `proxy` may differ from that of the connection (see tls_relay.ts). */
  constructor(connection: ConnectionInfo, proxy: ConnectionProxy | undefined) {
    this.#connection = connection;
    this.#proxy = proxy;
  }

  /** The pool for these credentials. Requests through an older pool go on. */
  for(credentials: Credentials): HttpClient {
    if (this.#client !== undefined && this.#madeFor !== undefined && sameTls(this.#madeFor, credentials)) {
      return this.#client;
    }
    this.close();
    this.#madeFor = credentials;
    this.#client = Deno.createHttpClient({
      caCerts: [...credentials.caCerts],
      // Each request has its own connection, so a dead connection fails only one request.
      http2: false,
      poolIdleTimeout: idleMs,
      poolMaxIdlePerHost: mostIdle,
      ...(this.#proxy === undefined ? {} : { proxy: { ...this.#proxy } }),
      ...credentials.clientCertificate,
    });
    return this.#client;
  }

  /** Drops the pool if it is still the failed one: its idle connections may be dead as well. */
  drop(failed: HttpClient): void {
    if (failed === this.#client) this.close();
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
    this.#madeFor = undefined;
  }

  /** The origin and base path of requests. */
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
