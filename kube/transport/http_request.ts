import { type PathTarget, pathTemplate, resourceId, resourcePath } from "../resources.ts";
import type { ApiRequest, Verb } from "./transport.ts";
import { keyText } from "../types.ts";

/** An HTTP request, without credentials. */
export interface HttpRequest {
  /** For errors: `get Secret ns/name`. */
  readonly action: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query. */
  readonly path: string;
  /** Path without names, for spans. */
  readonly template: string;
  readonly verb: Verb;
  /** Label of the metrics. */
  readonly resource: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const methods = {
  get: "GET",
  list: "GET",
  watch: "GET",
  create: "POST",
  update: "PUT",
  patch: "PATCH",
  delete: "DELETE",
} as const satisfies Readonly<Record<Verb, HttpRequest["method"]>>;

const contentTypes: Partial<Record<Verb, string>> = { patch: "application/merge-patch+json" };

/** Builds the HTTP request. Throws a TypeError for a key that names no object. */
export function toHttpRequest(request: ApiRequest): HttpRequest {
  const { verb, resource, query, body } = request;
  const target = pathTargetOf(request);
  const search = query === undefined ? "" : `?${new URLSearchParams(query)}`;
  const headers: Record<string, string> = {
    accept: acceptOf(request),
    "user-agent": "kopiur",
    // The network of a cluster is faster than gzip on either side.
    "accept-encoding": "identity",
  };
  if (body !== undefined) headers["content-type"] = contentTypes[verb] ?? "application/json";
  return {
    action: describeRequest(request),
    method: methods[verb],
    path: `${resourcePath(resource, target)}${search}`,
    template: pathTemplate(resource, target),
    verb,
    resource: resourceId(resource),
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}

/** A new object is posted to the collection of its namespace. */
function pathTargetOf({ verb, target }: ApiRequest): PathTarget | undefined {
  return verb === "create" && target?.key !== undefined ? { namespace: target.key.namespace } : target;
}

/** What a request does, in words: `list pods in "ns"`, `create Job ns/name`. */
export function describeRequest({ verb, resource, target }: ApiRequest): string {
  if (target?.key !== undefined) {
    const part = target.subresource === undefined ? "" : `${target.subresource} of `;
    return `${verb} ${part}${resource.kind} ${keyText(target.key)}`;
  }
  const where = target?.namespace === undefined ? "" : ` in "${target.namespace}"`;
  return `${verb} ${resourceId(resource)}${where}`;
}

function acceptOf({ verb, metadataOnly }: ApiRequest): string {
  if (metadataOnly !== true) return "application/json";
  const kind = verb === "list" ? "PartialObjectMetadataList" : "PartialObjectMetadata";
  return `application/json;as=${kind};g=meta.k8s.io;v=v1`;
}
