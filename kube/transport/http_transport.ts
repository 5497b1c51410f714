import { parseJson } from "../../api/json.ts";
import type { Telemetry } from "../../telemetry/mod.ts";
import { attribute } from "../../telemetry/mod.ts";
import { abortableText, withAbortableBody } from "./abortable_body.ts";
import { type KubeClock, sleep } from "../clock.ts";
import type { ConnectionInfo, Credentials } from "../access/connection.ts";
import { type Deadline, DeadlinePassed, startDeadline } from "../deadline.ts";
import { errorOfNetwork, errorOfStatus, parseStatus, type Status } from "../errors.ts";
import { type HttpClient, HttpClients } from "./http_clients.ts";
import { type HttpRequest, toHttpRequest } from "./http_request.ts";
import { assertSendable, headerPairs } from "../access/sendable_headers.ts";
import type { ServerClock } from "./server_clock.ts";
import type { ApiRequest, Transport } from "./transport.ts";
import { WarningLog } from "./warning_log.ts";

/** What the transport needs besides the address. */
export interface HttpTransportOptions {
  readonly clock: KubeClock;
  /** A number from [0, 1). */
  readonly random: () => number;
  readonly telemetry: Pick<Telemetry, "metrics" | "withSpan" | "log">;
  /** Gets the Date header of each successful answer. */
  readonly serverClock?: Pick<ServerClock, "note">;
}

const defaultTimeoutSeconds = 30;
/** The most tries of a request that the server asks to repeat (429, 503 with Retry-After). */
const mostTries = 5;
const longestRetryAfterSeconds = 30;

/** Sends all requests through one pool, with a span, a counter and a duration for each. */
export class HttpTransport implements Transport {
  readonly #connection: ConnectionInfo;
  readonly #options: HttpTransportOptions;
  readonly #clients: HttpClients;
  readonly #warnings: WarningLog;
  /** The server's attributes for spans. */
  readonly #server: ReturnType<typeof serverAttributes>;
  #isClosed = false;

  constructor(connection: ConnectionInfo, options: HttpTransportOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#warnings = new WarningLog(options.telemetry.log);
    this.#server = serverAttributes(new URL(connection.server));
    this.#clients = new HttpClients(connection);
  }

  async send(request: ApiRequest, signal: AbortSignal): Promise<unknown> {
    return await this.#exchange(toHttpRequest(request), signal, request.timeoutSeconds, readJson);
  }

  async stream(request: ApiRequest, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    return await this.#exchange(toHttpRequest(request), signal, request.timeoutSeconds, keepBody);
  }

  async text(request: ApiRequest, mostCharacters: number, signal: AbortSignal): Promise<string> {
    const read = async (response: Response, deadline: Deadline) =>
      (await readAtMost(withAbortableBody(response, deadline.signal), mostCharacters)).slice(
        0,
        mostCharacters,
      );
    return await this.#exchange(toHttpRequest(request), signal, request.timeoutSeconds, read);
  }

  async sendPath(path: string, signal: AbortSignal): Promise<unknown> {
    const headers = { accept: "application/json" };
    const request: HttpRequest = {
      action: `get ${path}`,
      method: "GET",
      path,
      template: path,
      verb: "get",
      resource: "nonresource",
      headers,
    };
    return await this.#exchange(request, signal, undefined, readJson);
  }

  close(): void {
    this.#isClosed = true;
    this.#clients.close();
  }

  /** Repeats a request while the server asks for that. */
  async #exchange<T>(
    request: HttpRequest,
    signal: AbortSignal,
    timeoutSeconds: number | undefined,
    read: (response: Response, deadline: Deadline, action: string) => Promise<T>,
  ): Promise<T> {
    let refused = false;
    for (let tries = 1;; tries++) {
      const outcome = await this.#try(request, signal, timeoutSeconds ?? defaultTimeoutSeconds, read);
      if (outcome.kind === "answer") return outcome.value;
      if (outcome.status.code === 401 && !refused) {
        refused = true;
        await this.#connection.credentials.refresh(outcome.credentials, signal);
        continue;
      }
      if (outcome.retryAfterSeconds === undefined || tries >= mostTries) {
        throw errorOfStatus(request.action, outcome.status);
      }
      const seconds = Math.min(outcome.retryAfterSeconds, longestRetryAfterSeconds);
      await sleep(this.#options.clock, (seconds + this.#options.random()) * 1000, signal);
    }
  }

  async #try<T>(
    request: HttpRequest,
    signal: AbortSignal,
    timeoutSeconds: number,
    read: (response: Response, deadline: Deadline, action: string) => Promise<T>,
  ): Promise<Outcome<T>> {
    const { credentials: source, server, description } = this.#connection;
    const credentials = await source.current(signal);
    assertSendable(credentials.headers, description);
    if (this.#isClosed) throw errorOfNetwork(request.action, server, new Error("the connection was closed"));
    const client = this.#clientFor(credentials, request);
    const deadline = startDeadline(this.#options.clock, timeoutSeconds * 1000, signal);
    let goesOn = false;
    try {
      const response = await this.#fetch(request, credentials, client, deadline.signal);
      this.#warnings.note(response.headers.get("warning"), request.action);
      // A failure may come from a proxy, with another clock.
      if (response.ok) this.#options.serverClock?.note(response.headers.get("date"));
      if (!response.ok) {
        const status = parseStatus(
          response.status,
          await readAtMost(withAbortableBody(response, deadline.signal), longestErrorBody),
        );
        return { kind: "refusal", status, credentials, retryAfterSeconds: retryAfterOf(response) };
      }
      const value = await read(response, deadline, request.action);
      goesOn = request.verb === "watch";
      return { kind: "answer", value };
    } catch (error) {
      signal.throwIfAborted();
      if (!isNetworkError(error)) throw error;
      this.#clients.drop(client);
      throw errorOfNetwork(request.action, server, error);
    } finally {
      if (!goesOn) deadline.end();
    }
  }

  #clientFor(credentials: Credentials, { action }: HttpRequest): HttpClient {
    try {
      return this.#clients.for(credentials);
    } catch (error) {
      throw errorOfNetwork(action, this.#connection.server, error);
    }
  }

  async #fetch(
    request: HttpRequest,
    credentials: Credentials,
    client: HttpClient,
    signal: AbortSignal,
  ): Promise<Response> {
    const { clock, telemetry } = this.#options;
    const { verb, resource, method, path, template } = request;
    const startMs = clock.monotonicMs();
    const attributes = {
      [attribute.httpRequestMethod]: method,
      [attribute.urlTemplate]: template,
      [attribute.urlPath]: path.split("?", 1)[0],
      ...this.#server,
    };
    let code = 0;
    try {
      return await telemetry.withSpan(
        { name: `${method} ${template}`, kind: "client" },
        attributes,
        async (span) => {
          const response = await fetch(`${this.#clients.base}${path}`, {
            method,
            headers: headerPairs({ ...request.headers, ...credentials.headers }),
            ...(request.body === undefined ? {} : { body: request.body }),
            client,
            signal,
            // Credentials must not follow a redirect to another server.
            redirect: "manual",
          });
          code = response.status;
          span.setAttributes({ [attribute.httpResponseStatusCode]: code });
          if (code >= 400) {
            span.setAttributes({ [attribute.errorType]: String(code) });
            span.fail(`HTTP ${code}`);
          }
          return response;
        },
      );
    } finally {
      const seconds = (clock.monotonicMs() - startMs) / 1000;
      telemetry.metrics.add("kopiur_api_requests_total", 1, { verb, resource, code: String(code) });
      telemetry.metrics.record("kopiur_api_request_duration_seconds", seconds, { verb, resource });
      const status = code === 0 ? "none" : code;
      telemetry.log.debug("request", {
        method,
        path,
        status,
        durationSeconds: Math.round(seconds * 1e3) / 1e3,
      });
    }
  }
}

type Outcome<T> =
  | { readonly kind: "answer"; readonly value: T }
  | {
    readonly kind: "refusal";
    readonly status: Status;
    readonly credentials: Credentials;
    readonly retryAfterSeconds: number | undefined;
  };

const longestErrorBody = 64 * 1024;

async function readJson(response: Response, { signal }: Deadline, action: string): Promise<unknown> {
  const text = await abortableText(response, signal);
  const value = parseJson(text);
  if (value !== undefined) return value;
  const message = `the answer is not JSON (${text.length} characters), expected an object of the API server`;
  throw errorOfStatus(action, { code: response.status, reason: "", causes: [], message });
}

/** A watch has no time limit once it has begun; its reader watches for silence. */
function keepBody(
  response: Response,
  deadline: Deadline,
  action: string,
): Promise<ReadableStream<Uint8Array>> {
  deadline.lift();
  const { body } = withAbortableBody(response, deadline.signal);
  if (body !== null) return Promise.resolve(body);
  const message = "the answer is empty, expected a stream of events";
  return Promise.reject(errorOfStatus(action, { code: response.status, reason: "", causes: [], message }));
}

async function readAtMost(response: Response, most: number): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > most) break;
  }
  return text;
}

/** The seconds the server asks to wait; undefined unless it says that it did not process the request. */
function retryAfterOf(response: Response): number | undefined {
  if (response.status !== 429 && response.status !== 503) return undefined;
  const seconds = Number(response.headers.get("retry-after") ?? "");
  return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

/** fetch throws a TypeError for every network failure. */
function isNetworkError(error: unknown): boolean {
  return error instanceof TypeError || error instanceof DeadlinePassed ||
    (error instanceof DOMException && error.name === "AbortError");
}

function serverAttributes({ hostname, port, protocol }: URL) {
  return {
    [attribute.serverAddress]: hostname.replace(/^\[(.*)\]$/, "$1"),
    [attribute.serverPort]: Number(port || (protocol === "https:" ? 443 : 80)),
  };
}
