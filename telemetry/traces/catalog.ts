/** Every span this program records, as data: the source of the reference, and compared with received spans. */
import { attribute } from "../semconv.ts";

/** One span. */
export interface SpanEntry {
  /** `{…}` stands for a variable part. */
  readonly name: string;
  readonly kind: "internal" | "client";
  readonly role: "controller" | "mover";
  /** Its parent. */
  readonly parent: string;
  readonly attributes: readonly string[];
  readonly meaning: string;
}

const object = [attribute.kind, attribute.namespace, attribute.name] as const;

/** The spans, from the outermost to the innermost. */
export const spanCatalog: readonly SpanEntry[] = [
  {
    name: "backup run",
    kind: "internal",
    role: "controller",
    parent: "nothing; the trace id is in `status.traceId` of the Backup",
    attributes: [...object, "config", "outcome"],
    meaning: "A whole run, from the first mover to the last; recorded when it has ended.",
  },
  {
    name: "snapshot deletion",
    kind: "internal",
    role: "controller",
    parent: "nothing",
    attributes: object,
    meaning:
      "The deletion of a run's snapshots, from the request to the end of the mover; recorded when it is done.",
  },
  {
    name: "repository bootstrap",
    kind: "internal",
    role: "controller",
    parent: "nothing",
    attributes: object,
    meaning: "The opening or making of a repository; recorded when its mover has ended.",
  },
  {
    name: "reconcile",
    kind: "internal",
    role: "controller",
    parent: "`backup run` or `snapshot deletion` while that lasts, else nothing",
    attributes: [
      ...object,
      attribute.objectRef,
      attribute.objectReason,
      attribute.result,
      attribute.requeueAfter,
      attribute.errorType,
      "reconcile_id",
    ],
    meaning: "One pass over an object.",
  },
  {
    name: "{method} {path template}",
    kind: "client",
    role: "controller",
    parent: "`reconcile`, or nothing for watches, leases and Events",
    attributes: [
      attribute.httpRequestMethod,
      attribute.urlTemplate,
      attribute.urlPath,
      attribute.serverAddress,
      attribute.serverPort,
      attribute.httpResponseStatusCode,
      attribute.errorType,
    ],
    meaning: "One request to the API server, until its answer begins.",
  },
  {
    name: "mover",
    kind: "internal",
    role: "mover",
    parent: "`backup run`, `snapshot deletion` or `repository bootstrap`, by TRACEPARENT",
    attributes: [attribute.operation, ...object, attribute.errorType],
    meaning: "The work of a mover.",
  },
  {
    name: "kopia",
    kind: "internal",
    role: "mover",
    parent: "`mover`",
    attributes: [
      attribute.processExecutableName,
      attribute.processCommandArgs,
      attribute.processExitCode,
      attribute.errorType,
    ],
    meaning: "One kopia command; of its arguments only the command itself is told.",
  },
];

/** The entry of a span by the name it was recorded under. */
export function spanEntry(name: string): SpanEntry | undefined {
  return spanCatalog.find((entry) => entry.name === name) ??
    (/^[A-Z]+ \//.test(name) ? spanCatalog.find(({ kind }) => kind === "client") : undefined);
}
