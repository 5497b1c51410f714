import type { ConnectionInfo, Credentials } from "../access/connection.ts";
import { startInsecureRelay } from "./insecure_relay.ts";
import { startTlsRelay } from "./tls_relay.ts";

/** A connection pool of the runtime. */
export type HttpClient = Deno.HttpClient;

/** Idle connections are closed before a Go server closes them (90 s), so that few requests meet a closing one. */
const idleMs = 60_000;
const mostIdle = 32;

/** The connection pool, made again when certificates change and after a network error. */
export class HttpClients {
  readonly #connection: ConnectionInfo;
  readonly #relay: Relay | undefined;
  #client: HttpClient | undefined;
  #madeFor: Credentials | undefined;

  constructor(connection: ConnectionInfo) {
    this.#connection = connection;
    this.#relay = relayFor(connection, () => this.#madeFor?.clientCertificate);
  }

  /** The pool for these credentials. Requests through an older pool go on. */
  for(credentials: Credentials): HttpClient {
    if (this.#client !== undefined && this.#madeFor !== undefined && sameTls(this.#madeFor, credentials)) {
      return this.#client;
    }
    this.#drop();
    this.#madeFor = credentials;
    const proxy = this.#relay?.proxy ?? this.#connection.proxy;
    this.#client = Deno.createHttpClient({
      caCerts: [...credentials.caCerts],
      // Each request has its own connection, so a dead connection fails only one request.
      http2: false,
      poolIdleTimeout: idleMs,
      poolMaxIdlePerHost: mostIdle,
      ...(proxy === undefined ? {} : { proxy }),
      ...credentials.clientCertificate,
    });
    return this.#client;
  }

  /** Drops the pool if it is still the failed one: its idle connections may be dead as well. */
  drop(failed: HttpClient): void {
    if (failed === this.#client) this.#drop();
  }

  close(): void {
    this.#drop();
    this.#relay?.close();
  }

  /** The origin and base path of requests. */
  get base(): string {
    const { server, tlsServerName, insecure } = this.#connection;
    // Also with the relay that ends TLS: requests that missed it would be refused, not sent in the clear.
    if (tlsServerName === undefined || insecure) return server;
    const url = new URL(server);
    const port = url.port === "" ? "443" : url.port;
    return `https://${tlsServerName}:${port}${url.pathname.replace(/\/$/, "")}`;
  }

  #drop(): void {
    this.#client?.close();
    this.#client = undefined;
    this.#madeFor = undefined;
  }
}

/** What stands between the pool and a server that the pool cannot speak to by itself. */
interface Relay {
  readonly proxy: Deno.Proxy;
  close(): void;
}

function relayFor(
  { server, tlsServerName, insecure }: ConnectionInfo,
  clientCertificate: () => Credentials["clientCertificate"],
): Relay | undefined {
  const url = new URL(server);
  const address = { hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(url.port || 443) };
  if (insecure) return startInsecureRelay({ ...address, serverName: tlsServerName }, clientCertificate);
  return tlsServerName === undefined ? undefined : startTlsRelay(address);
}

function sameTls(a: Credentials, b: Credentials): boolean {
  return a === b || (
    a.clientCertificate?.cert === b.clientCertificate?.cert &&
    a.clientCertificate?.key === b.clientCertificate?.key &&
    a.caCerts.length === b.caCerts.length &&
    a.caCerts.every((cert, at) => cert === b.caCerts[at])
  );
}
