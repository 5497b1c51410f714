/** The handler of /metrics, /healthz and /readyz, and a server for it. */
import { gunzipSync, gzipSync } from "node:zlib";
import type { Clock } from "./clock.ts";
import { formatHealth, type Health, type Probe } from "./health.ts";
import type { Log } from "./logs/log.ts";
import { prometheusContentType } from "./metrics/prometheus.ts";
import type { Redactor } from "./redact.ts";

/** Answers a request; never rejects. */
export type Handler = (request: Request) => Promise<Response>;

/** What the handler needs. */
export interface HandlerParts {
  readonly health: Health;
  /** Calls `use` with the text of /metrics, in UTF-8, and returns its result. `use` must not keep the text. */
  readonly renderMetrics: <T>(use: (text: Uint8Array<ArrayBuffer>) => T) => Promise<T>;
  readonly redactor: Redactor;
  readonly log: Log;
  readonly clock: Clock;
}

/** Where to listen; port 0 takes a free one. */
export interface ListenAddress {
  readonly hostname: string;
  readonly port: number;
}

/** A listening server; `port` is the real one. */
export interface Server {
  readonly hostname: string;
  readonly port: number;
  /** Finishes running requests and accepts no new one. */
  shutdown(): Promise<void>;
}

const probes: Readonly<Record<string, Probe>> = { "/healthz": "live", "/readyz": "ready" };

/**
 * Level 2 packs 3 MB of series into 100 KB in 2 ms; a CompressionStream, which has no level, took 20 ms for a tenth
 * less. Synchronous, as 2 ms block nobody.
 */
const gzipOptions = { level: 2 } as const;

/** A rendering is handed out again for this many times as long as it took: scrapes packed with gzip, as Prometheus asks for, then take a tenth of the thread. */
const sharedFor = 10;
/** No figure is older. */
const longestSharedMs = 1000;

/** The handler: 404 for other paths, 405 for methods other than GET and HEAD, 500 when /metrics fails. */
export function createHandler(parts: HandlerParts): Handler {
  const scrapes = new Scrapes(parts);
  return async function handle(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname;
    const probe = Object.hasOwn(probes, path) ? probes[path] : undefined;
    if (probe === undefined && path !== "/metrics") return textResponse(404, "not found\n", request);
    if (request.method !== "GET" && request.method !== "HEAD") {
      const response = textResponse(405, "method not allowed\n", request);
      response.headers.set("allow", "GET, HEAD");
      return response;
    }
    const response = probe === undefined
      ? await metricsResponse(parts, scrapes, request)
      : healthResponse(parts, probe, request);
    parts.log.debug("served", { path, status: response.status });
    return response;
  };
}

/** The part of `Deno.serve` that a server needs. */
export type Serve = (options: Deno.ServeTcpOptions, handler: Handler) => Deno.HttpServer<Deno.NetAddr>;

/** Every address of this host, of IPv6 and IPv4. */
const EVERY_ADDRESS = "::";
const EVERY_IPV4_ADDRESS = "0.0.0.0";

/**
 * Starts a server; throws one clear error when it cannot listen. On a host without IPv6 `::` means every IPv4 address.
 */
export function startServer(
  handler: Handler,
  address: ListenAddress,
  log: Log,
  serve: Serve = Deno.serve,
): Server {
  const server = listen(handler, address, log, serve);
  const { hostname, port } = server.addr;
  log.info("listening", { hostname, port });
  return { hostname, port, shutdown: () => server.shutdown() };
}

function listen(
  handler: Handler,
  address: ListenAddress,
  log: Log,
  serve: Serve,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return serve({ ...address, onListen: () => {} }, handler);
  } catch (cause) {
    if (address.hostname === EVERY_ADDRESS && hasNoIpv6(cause)) {
      log.info("no IPv6 here, so only IPv4 is served");
      return listen(handler, { ...address, hostname: EVERY_IPV4_ADDRESS }, log, serve);
    }
    const host = address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname;
    throw new Error(`Cannot listen on "${host}:${address.port}": ${listenFault(cause)}`, { cause });
  }
}

/** A kernel without IPv6 refuses the socket, and one where it is switched off may refuse the address. */
function hasNoIpv6(cause: unknown): boolean {
  return cause instanceof Deno.errors.AddrNotAvailable || Object(cause).code === "EAFNOSUPPORT";
}

function listenFault(cause: unknown): string {
  if (cause instanceof Deno.errors.AddrInUse) return "the port is in use, expected a free one";
  if (cause instanceof Deno.errors.PermissionDenied || cause instanceof Deno.errors.NotCapable) {
    return "the port is not permitted, expected one above 1023";
  }
  if (cause instanceof Deno.errors.AddrNotAvailable) return "no such address here, expected one of this host";
  return `${cause instanceof Error ? cause.message : String(cause)}, expected an address of this host`;
}

function healthResponse(parts: HandlerParts, probe: Probe, request: Request): Response {
  const report = parts.health.read(probe);
  return textResponse(report.ok ? 200 : 503, parts.redactor.text(formatHealth(report)), request);
}

/** Packed texts of /metrics. However many ask, and however often, one is rendered at a time. */
class Scrapes {
  readonly #parts: Pick<HandlerParts, "renderMetrics" | "clock">;
  #newest: Promise<Uint8Array<ArrayBuffer>> | undefined;
  #freshUntilMs = Infinity;

  constructor(parts: Pick<HandlerParts, "renderMetrics" | "clock">) {
    this.#parts = parts;
  }

  /** The text that is being rendered, or one rendered a moment ago, else a new one. */
  packed(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#newest === undefined || this.#parts.clock() >= this.#freshUntilMs) {
      this.#newest = this.#render();
    }
    return this.#newest;
  }

  async #render(): Promise<Uint8Array<ArrayBuffer>> {
    const { clock, renderMetrics } = this.#parts;
    this.#freshUntilMs = Infinity;
    const startMs = clock();
    try {
      const packed = await renderMetrics((text) => gzipSync(text, gzipOptions));
      const endMs = clock();
      this.#freshUntilMs = endMs + Math.min(sharedFor * (endMs - startMs), longestSharedMs);
      return packed;
    } catch (error) {
      this.#newest = undefined;
      throw error;
    }
  }
}

async function metricsResponse(parts: HandlerParts, scrapes: Scrapes, request: Request): Promise<Response> {
  try {
    const headers = { "content-type": prometheusContentType, vary: "accept-encoding" };
    if (request.method === "HEAD") return new Response(null, { headers });
    const packed = await scrapes.packed();
    if (!acceptsGzip(request.headers.get("accept-encoding"))) {
      return new Response(gunzipSync(packed), { headers });
    }
    return new Response(packed, { headers: { ...headers, "content-encoding": "gzip" } });
  } catch (error) {
    parts.log.error("metrics could not be rendered", { error });
    return textResponse(500, "metrics could not be rendered\n", request);
  }
}

/** True when gzip is named with a weight above 0; a bare "*" does not count. */
export function acceptsGzip(header: string | null): boolean {
  return (header ?? "").split(",").some((part) => {
    const [coding = "", ...parameters] = part.split(";").map((each) => each.trim().toLowerCase());
    return coding === "gzip" && !parameters.some((each) => /^q=0(?:\.0{0,3})?$/.test(each));
  });
}

function textResponse(status: number, text: string, request: Request): Response {
  const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
  return new Response(request.method === "HEAD" ? null : text, { status, headers });
}
