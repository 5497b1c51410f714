import { StalledError, TransientError } from "../api/errors.ts";

/** A failure answer of the API server; it is the `cause` of the error that is thrown. */
export class ApiAnswer extends Error {
  /** HTTP status. */
  readonly code: number;
  /** `reason` of the Status, e.g. `AlreadyExists`; empty when the answer was no Status. */
  readonly reason: string;
  /** Reasons of `details.causes`. */
  readonly causes: readonly string[];
  constructor(code: number, reason: string, causes: readonly string[]) {
    super(reason === "" ? `HTTP ${code}` : `HTTP ${code} ${reason}`);
    this.name = "ApiAnswer";
    this.code = code;
    this.reason = reason;
    this.causes = causes;
  }
}

/** The used part of a `Status` of the API server. */
export interface Status {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly causes: readonly string[];
}

const longestMessage = 1024;

/** Parses a `Status`; any other answer (a proxy's page) becomes one with the first line of its text. */
export function parseStatus(code: number, body: string): Status {
  const status = parseJsonObject(body);
  if (status?.kind !== "Status") {
    const text = body.trim().split("\n")[0] ?? "";
    return { code, reason: "", message: shorten(text === "" ? `HTTP ${code}` : text, 200), causes: [] };
  }
  return statusOfObject(status, code);
}

/** A `Status` that arrived as an object, e.g. in an ERROR event of a watch. */
export function statusOfObject(status: unknown, fallbackCode = 500): Status {
  const fields = isRecord(status) ? status : {};
  const details = isRecord(fields.details) ? fields.details : {};
  const causes = Array.isArray(details.causes) ? details.causes : [];
  return {
    code: typeof fields.code === "number" ? fields.code : fallbackCode,
    reason: typeof fields.reason === "string" ? fields.reason : "",
    message: shorten(typeof fields.message === "string" ? fields.message : "", longestMessage),
    causes: causes.flatMap((cause) =>
      isRecord(cause) && typeof cause.reason === "string" ? [cause.reason] : []
    ),
  };
}

/**
 * The error for a failure answer, by what helps: 409 try again with a
 * fresh object; 400, 403, 413, 422 a person; anything else (401, 404, 408, 410, 429, 5xx) later.
 * An exceeded quota is a 403 too, but may end without a change to a watched object, so it counts as later.
 */
export function errorOfStatus(action: string, status: Status): StalledError | TransientError {
  const message = `Cannot ${action}: ${status.message === "" ? `HTTP ${status.code}` : status.message}`;
  const options = { cause: new ApiAnswer(status.code, status.reason, status.causes) };
  switch (status.code) {
    case 409:
      return new TransientError("Conflict", message, options);
    case 403:
      if (status.causes.includes("NamespaceTerminating")) {
        return new StalledError("NamespaceTerminating", message, options);
      }
      if (/exceeded quota/i.test(status.message)) return new TransientError("Forbidden", message, options);
      return new StalledError("Forbidden", message, options);
    case 400:
    case 413:
    case 422:
      return new StalledError("InvalidSpec", message, options);
    default:
      return new TransientError("KubeApiError", message, options);
  }
}

/** The answer that caused an error of this folder; undefined when there was none (network, time limit). */
export function answerOf(error: unknown): ApiAnswer | undefined {
  if (!(error instanceof Error)) return undefined;
  return error.cause instanceof ApiAnswer ? error.cause : undefined;
}

/** True when the API server said that the object, its namespace or its resource does not exist. */
export function isNotFound(error: unknown): boolean {
  return answerOf(error)?.code === 404;
}

/** True when the object changed meanwhile, exists already or is another incarnation. */
export function isConflict(error: unknown): boolean {
  return answerOf(error)?.code === 409;
}

/** True when the server does not know the resourceVersion or continue token (any more, or yet): list again. */
export function isExpired(error: unknown): boolean {
  const answer = answerOf(error);
  return answer?.code === 410 || answer?.causes.includes("ResourceVersionTooLarge") === true;
}

/**
 * The error for a request without an answer. It names the server's address; a TLS failure also gets a hint how to
 * correct it, as "UnknownIssuer" alone does not help.
 */
export function errorOfNetwork(action: string, server: string, error: unknown): TransientError {
  const text = error instanceof Error ? error.message : String(error);
  return new TransientError("KubeApiError", `Cannot ${action}: ${explain(text, server)}`, { cause: error });
}

function explain(text: string, server: string): string {
  if (/CaUsedAsEndEntity/.test(text)) {
    return `"${server}" shows the certificate of an authority (CA:TRUE) as its own, which kubectl accepts and this ` +
      `program cannot, expected one of CA:FALSE, or the address of a running "kubectl proxy" as server`;
  }
  if (/UnknownIssuer|BadSignature/.test(text)) {
    return `the certificate of "${server}" is not signed by a trusted authority, ` +
      `expected certificate-authority-data of the kubeconfig to hold the authority of that server; where it holds the ` +
      `server's own certificate, which kubectl accepts, the way is the address of a running "kubectl proxy" as server`;
  }
  if (/not valid for name|NotValidForName/.test(text)) {
    return `the certificate of "${server}" is for other names, ` +
      `expected one of its names as server or tls-server-name in the kubeconfig`;
  }
  if (/certificate expired|Expired/.test(text)) return `the certificate of "${server}" has expired`;
  if (/CertificateRequired|received fatal alert/.test(text)) {
    return `"${server}" refused the TLS handshake, expected a client certificate it accepts`;
  }
  const detail = /client error \((.*)$/.exec(text)?.[0] ?? text;
  return `"${server}" gave no answer (${shorten(detail, 200)}), expected an API server that can be reached`;
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most).toWellFormed()}…`;
}

function parseJsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
