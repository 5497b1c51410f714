import type { PathTarget } from "../resources.ts";
import type { Resource } from "../types.ts";

/** What a request does, as RBAC and the metrics name it. */
export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete";

/** A request to the API server. */
export interface ApiRequest {
  readonly verb: Verb;
  readonly resource: Resource;
  /** For a create, the key is used only in errors; the path is that of the namespace. */
  readonly target?: PathTarget;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Ask for objects without spec and status. */
  readonly metadataOnly?: boolean;
  /** Limit for the whole answer (of a watch: until it begins); 30 s by default. */
  readonly timeoutSeconds?: number;
}

/** Sends requests to the API server. Every call throws the classes of `errors.ts`, or the signal's reason on abort. */
export interface Transport {
  /** The parsed body of the answer. */
  send(request: ApiRequest, signal: AbortSignal): Promise<unknown>;
  /** The body of an answer that lasts until the server or the signal ends it. */
  stream(request: ApiRequest, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  /** The body of the answer as text, cut to `mostCharacters`; for a log. */
  text(request: ApiRequest, mostCharacters: number, signal: AbortSignal): Promise<string>;
  /** Answer of a path that is no resource, e.g. `/version`. */
  sendPath(path: string, signal: AbortSignal): Promise<unknown>;
  /** Frees the connections; running requests go on until their signal aborts, and no new one is sent. */
  close(): void;
}
