import type { KeyPair } from "./certificate_authority.ts";

/** An answer of the API server that is not a success. */
export class ApiStatusError extends Error {
  readonly status: number;

  constructor(method: string, path: string, status: number, text: string) {
    super(`Cannot ${method} ${path}: the API server answered ${status}: ${messageOf(text)}`);
    this.status = status;
  }
}

/** Who to ask, and as whom. */
export interface ApiClientOptions {
  readonly url: string;
  readonly caPem: string;
  readonly credential: KeyPair;
}

/** What a request may add to its method and path. */
export interface ApiRequestOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly limitSeconds?: number;
  readonly signal?: AbortSignal;
}

/** A small JSON client of one API server, independent of the product so that it can judge it. */
export class ApiClient {
  readonly #url: string;
  readonly #client: Deno.HttpClient;

  constructor(options: ApiClientOptions) {
    this.#url = options.url;
    this.#client = Deno.createHttpClient({
      caCerts: [options.caPem],
      cert: options.credential.certPem,
      key: options.credential.keyPem,
    });
  }

  /** Sends one request and answers with the JSON of a success; anything else is an ApiStatusError. */
  async request(method: string, path: string, options: ApiRequestOptions = {}): Promise<unknown> {
    const response = await this.#send(
      method,
      path,
      options,
      AbortSignal.timeout((options.limitSeconds ?? 30) * 1000),
    );
    const text = await response.text();
    if (!response.ok) throw new ApiStatusError(method, path, response.status, text);
    return isJson(response) ? JSON.parse(text) : text;
  }

  /** Yields the events of a watch until the server ends it or the signal aborts. */
  async *watch(path: string, signal: AbortSignal): AsyncGenerator<unknown> {
    const response = await this.#send("GET", path, { signal });
    if (!response.ok || response.body === null) {
      throw new ApiStatusError("GET", path, response.status, await response.text());
    }
    let rest = "";
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) yield JSON.parse(line);
    }
  }

  /** Frees the connections. */
  close(): void {
    this.#client.close();
  }

  async #send(
    method: string,
    path: string,
    options: ApiRequestOptions,
    limit?: AbortSignal,
  ): Promise<Response> {
    const signals = [options.signal, limit].filter((signal) => signal !== undefined);
    return await fetch(this.#url + path, {
      client: this.#client,
      method,
      headers: { accept: "application/json", "content-type": options.contentType ?? "application/json" },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
    });
  }
}

function isJson(response: Response): boolean {
  return response.headers.get("content-type")?.includes("json") ?? false;
}

function messageOf(text: string): string {
  try {
    const status: unknown = JSON.parse(text);
    if (typeof status === "object" && status !== null && "message" in status) return String(status.message);
  } catch {
    // Not JSON: the text itself is the message.
  }
  return text.slice(0, 500);
}
