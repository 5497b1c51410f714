import type { PathTarget } from "../resources.ts";
import type { Resource } from "../types.ts";

/** What a request does, as RBAC and the metrics name it. */
export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete";

/** A request to the API server. */
export interface ApiRequest {
  readonly verb: Verb;
  readonly resource: Resource;
  /** Of what is created the key is for errors; the path is that of its namespace. */
  readonly target?: PathTarget;
  readonly query?: Readonly<Record<string, string>>;
  /** Becomes JSON. */
  readonly body?: unknown;
  /** Ask for objects without spec and status. */
  readonly metadataOnly?: boolean;
  /** Limit for the whole answer (of a watch: until it begins); 30 s by default. */
  readonly timeoutSeconds?: number;
}

/** The way to the API server. Every call throws the classes of `errors.ts`, or the signal's reason when that aborts. */
export interface Transport {
  /** The body of the answer, parsed. */
  send(request: ApiRequest, signal: AbortSignal): Promise<unknown>;
  /** The body of an answer that goes on until the server or the signal ends it. */
  stream(request: ApiRequest, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  /** The body of the answer as text, cut to so many characters at most; for what is no object, e.g. a log. */
  text(request: ApiRequest, mostCharacters: number, signal: AbortSignal): Promise<string>;
  /** Answer of a path that is no resource, e.g. `/version`. */
  sendPath(path: string, signal: AbortSignal): Promise<unknown>;
  /** Frees the connections; what is under way goes on until its own signal aborts, nothing new is sent. */
  close(): void;
}
