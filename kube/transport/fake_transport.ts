import { errorOfStatus, type Status } from "../errors.ts";
import type { ApiRequest, Transport } from "./transport.ts";

/** The answer to a request: a value, a stream for a watch, or a thrown error. */
export type FakeAnswer = (request: ApiRequest, signal: AbortSignal) => unknown;

/** A transport for tests. It shows what we do with answers, not what a server does. */
export class FakeTransport implements Transport {
  /** Every request, in order. */
  readonly requests: ApiRequest[] = [];
  readonly #answer: FakeAnswer;

  constructor(answer: FakeAnswer) {
    this.#answer = answer;
  }

  async send(request: ApiRequest, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    this.requests.push(request);
    return await this.#answer(request, signal);
  }

  async stream(request: ApiRequest, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const answer = await this.send(request, signal);
    if (answer instanceof ReadableStream) return answer;
    throw new TypeError("Cannot stream: the answer of the test is no stream");
  }

  async text(request: ApiRequest, mostCharacters: number, signal: AbortSignal): Promise<string> {
    const answer = await this.send(request, signal);
    if (typeof answer === "string") return answer.slice(0, mostCharacters);
    throw new TypeError("Cannot read a text: the answer of the test is none");
  }

  sendPath(path: string): Promise<unknown> {
    return Promise.reject(new TypeError(`Cannot get ${path}: this test has no answer to it`));
  }

  close(): void {}
}

/** The error for a refusal of the server. */
export function refusalOf(code: number, status: Partial<Status> = {}): Error {
  return errorOfStatus("do it", { code, reason: "", message: `HTTP ${code}`, causes: [], ...status });
}

/** A watch whose events the test sends. It breaks when the signal aborts, as with fetch. */
export class FakeWatch {
  readonly stream: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(signal: AbortSignal) {
    this.stream = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
        signal.addEventListener("abort", () => this.#fail(signal.reason), { once: true });
      },
      cancel: () => this.#controller = undefined,
    });
  }

  /** Sends a line of a watch. */
  event(type: string, object: unknown): void {
    this.text(`${JSON.stringify({ type, object })}\n`);
  }

  /** Sends anything. */
  text(text: string): void {
    this.#controller?.enqueue(new TextEncoder().encode(text));
  }

  /** Ends it as the server does after timeoutSeconds. */
  end(): void {
    this.#controller?.close();
    this.#controller = undefined;
  }

  /** Cuts the connection. */
  cut(): void {
    this.#fail(new TypeError("error reading a body from connection"));
  }

  #fail(reason: unknown): void {
    this.#controller?.error(reason);
    this.#controller = undefined;
  }
}
