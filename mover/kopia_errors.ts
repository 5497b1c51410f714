import type { FailureClass } from "../api/reasons.ts";

/** One row of {@link failureTable}: a failure has the class when its text holds one of the needles. */
export interface FailureRow {
  readonly class: FailureClass;
  /** Lower case. */
  readonly needles: readonly string[];
}

/**
 * Kopia knows exit codes 0 and 1 only, so the class is read off its words: the first row that matches wins, and
 * the order is what keeps the rows apart. "dial tcp … permission denied" is the network's, not a file's;
 * "no such file" below "failed to prepare source" is the source's, not the repository's; "error connecting to
 * repository" stands in front of nearly everything and says something only when nothing else did.
 */
export const failureTable: readonly FailureRow[] = [
  {
    class: "AuthFailure",
    needles: [
      "invalid repository password",
      "incorrect password",
      "unable to derive",
      "password prompt error",
    ],
  },
  {
    class: "AccessDenied",
    needles: [
      "access denied",
      "accessdenied",
      "forbidden",
      "not authorized",
      "invalidaccesskeyid",
      "access key id you provided does not exist",
      "no user exists with the provided access key id",
      "signaturedoesnotmatch",
      "signature we calculated does not match",
      "the provided token has expired",
      "security token included in the request is",
    ],
  },
  {
    class: "RepositoryUnavailable",
    needles: [
      "no such host",
      "server misbehaving",
      "dial tcp",
      "connection refused",
      "connection reset",
      "no route to host",
      "network is unreachable",
      "i/o timeout",
      "timeout awaiting",
      "deadline exceeded",
      "tls handshake",
      "tls:",
      "x509:",
      "server gave http response to https client",
      "unexpected eof",
      "service unavailable",
      "slowdown",
      "please reduce your request rate",
      "we encountered an internal error",
      "stale file handle",
      "input/output error",
    ],
  },
  {
    class: "StorageFull",
    needles: [
      "no space left on device",
      "disk quota exceeded",
      "quota exceeded",
      "storagefull",
      "insufficient storage",
    ],
  },
  {
    class: "NotInitialized",
    needles: ["not initialized in the provided storage", "found existing data in storage location"],
  },
  {
    class: "Locked",
    needles: ["repository is locked", "another process", "upgrade lock", "upgrade is in progress"],
  },
  {
    class: "PermissionDenied",
    needles: ["permission denied", "operation not permitted", "read-only file system"],
  },
  { class: "SourceError", needles: ["failed to prepare source", "unsupported source"] },
  {
    class: "NotFound",
    needles: [
      "no such file",
      "not found",
      "does not exist",
      "unable to find snapshot",
      "no snapshots matched",
    ],
  },
  { class: "SourceError", needles: ["upload error"] },
  {
    class: "RepositoryUnavailable",
    needles: [
      "error connecting to",
      "can't connect to storage",
      "unable to open repository",
      "failed to open repository",
    ],
  },
];

/** One file's trouble: it makes a run partial, and its text is the user's, so it must not class the whole run. */
const perFile = /^(?:ignored )?error when processing "/i;
const chatter = /^(?:snapshotting .* \.\.\.|connected to repository\.)$/i;

/** The class of a failed kopia command from the lines it wrote to stderr; never throws, knows "Unknown". */
export function classifyFailure(stderr: readonly string[]): FailureClass {
  const text = meaningful(stderr).join("\n").toLowerCase();
  const row = failureTable.find(({ needles }) => needles.some((needle) => text.includes(needle)));
  return row?.class ?? "Unknown";
}

/**
 * The class of a storage that no longer takes what kopia writes, from one line of stderr; undefined for any other
 * line. Kopia calls this the trouble of one file, tries ten times for each and goes on: a backup of many files to a
 * full volume would take days, and the files would pass for unreadable.
 */
export function classifyLostStorage(line: string): FailureClass | undefined {
  if (!/^async write error: .*\bdespite \d+ retries\b/.test(line)) return undefined;
  const failureClass = classifyFailure([line]);
  return failureClass === "Unknown" ? "RepositoryUnavailable" : failureClass;
}

/** What kopia said last, as one line; a list of several errors is joined. Empty when it said nothing. */
export function lastWords(stderr: readonly string[]): string {
  const lines = meaningful(stderr);
  const list = lines.findLastIndex((line) => /^encountered \d+ errors:$/.test(line));
  if (list >= 0 && list < lines.length - 1) return lines.slice(list + 1).join("; ");
  return lines.at(-1) ?? "";
}

function meaningful(stderr: readonly string[]): readonly string[] {
  const lines = stderr.map((line) => line.trim()).filter((line) => line !== "" && !chatter.test(line));
  const rest = lines.filter((line) => !perFile.test(line));
  return rest.length > 0 ? rest : lines;
}
