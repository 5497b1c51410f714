import type { FailureClass } from "../../api/catalogs/reasons.ts";

/** One row of {@link failureTable}: a failure has the class when its text contains one of the needles. */
interface FailureRow {
  readonly class: FailureClass;
  /** Lower case. */
  readonly needles: readonly string[];
}

/**
 * Kopia has only the exit codes 0 and 1, so the class is read from its message. The first row that matches wins, and
 * the order matters: "dial tcp … permission denied" is a network error, not a file's; "no such file" after "failed to
 * prepare source" is the source's, not the repository's; "error connecting to repository" begins nearly every message
 * and decides only when nothing else matches.
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
      "connection closed by foreign host",
      "broken pipe",
      "bad gateway",
      "gateway timeout",
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
    needles: [
      "error getting kopia.repository blob: blob not found",
      "not initialized in the provided storage",
      "found existing data in storage location",
    ],
  },
  // Halves of two repositories: a creation that goes on, or that met another one.
  { class: "CreationContested", needles: ["unable to decrypt repository blobcfg blob"] },
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

/** An error of one file: it makes the run partial. It contains a user's file name, so it must not class the failure. */
const perFile = /^(?:ignored )?error when processing "/i;
const perFileEnd = /": /;
const summary = /^found \d+ fatal error\(s\) while snapshotting /i;
/** Follow-up lines of an error whose first line says what it was. */
const followUp = /^can't (?:close temporary file|remove temp file after error): /i;
const chatter = /^(?:snapshotting .* \.\.\.|connected to repository\.)$/i;

const aboutLogFile = /^\d{4}-\d\d-\d\d \d\d:\d\d:[\d.]+ [-+]\d{4} \S+ write error: /;

/** True for the line on stderr that kopia writes when it cannot write to its log file; it is not about the command. */
export function isAboutLogFile(line: string): boolean {
  return aboutLogFile.test(line);
}

/**
 * Recognizes the lines of stderr that are about single files, not about the command. The name of a file may contain
 * line breaks, so the report of one file may span several lines.
 */
export class FileReports {
  #isOpen = false;

  /** True when the line begins or continues the report of one file. */
  takes(line: string): boolean {
    const text = line.trim();
    if (perFile.test(text)) {
      this.#isOpen = !perFileEnd.test(text);
      return true;
    }
    if (!this.#isOpen) return false;
    this.#isOpen = !perFileEnd.test(text);
    return true;
  }
}

/**
 * The class of a failed kopia command from the lines it wrote to stderr; "Unknown" when no row matches. Never throws.
 * Only kopia's last message counts. Text that is not kopia's own is ignored: `named` (what a user chose: identity,
 * paths, bucket, …), and anything in quotes, in a URL or below one of the paths.
 */
export function classifyFailure(stderr: readonly string[], named: readonly string[] = []): FailureClass {
  const lines = finalLines(stderr);
  const text = lines.map((line) => withoutNames(line, named)).join("\n").toLowerCase();
  const row = failureTable.find(({ needles }) => needles.some((needle) => text.includes(needle)));
  return row?.class ?? "Unknown";
}

/**
 * The class of a storage that refuses kopia's writes, from one line of stderr; undefined for any other line. Kopia
 * reports this per file, retries each several times and goes on: a backup of many files to a full volume would take
 * days, and the files would count as unreadable.
 */
export function classifyLostStorage(line: string, named: readonly string[] = []): FailureClass | undefined {
  if (!/^async write error: .*\bdespite \d+ retries\b/.test(line)) return undefined;
  const failureClass = classifyFailure([line], named);
  return failureClass === "Unknown" ? "RepositoryUnavailable" : failureClass;
}

/** Kopia's last message as one line; a list of several errors is joined. Empty when there was none. */
export function lastWords(stderr: readonly string[]): string {
  return finalLines(stderr).join("; ");
}

/** The last line about the command, or the list of errors at the end; a line about one file when there is no other. */
function finalLines(stderr: readonly string[]): readonly string[] {
  const lines = meaningful(stderr);
  const last = lines.slice(-1);
  if (last.some((line) => summary.test(line))) return last;
  const list = lines.findLastIndex((line) => /^encountered \d+ errors:$/.test(line));
  return list >= 0 && list < lines.length - 1 ? lines.slice(list + 1) : last;
}

function meaningful(stderr: readonly string[]): readonly string[] {
  const lines = stderr.map((line) => line.trim()).filter((line) => line !== "" && !chatter.test(line));
  const reports = new FileReports();
  const rest = lines.filter((line) => !reports.takes(line) && !followUp.test(line));
  return rest.length > 0 ? rest : lines;
}

/** The line with every name, URL and quoted text replaced by "…". */
function withoutNames(line: string, named: readonly string[]): string {
  let text = line;
  // The longest first: one may be part of another.
  for (const name of named.toSorted((a, b) => b.length - a.length)) {
    if (name.startsWith("/") && name !== "/") text = withoutPath(text, name);
    else if (containsNeedle(name)) text = text.replaceAll(name, "…");
  }
  const report = perFile.test(text) ? text.slice(text.lastIndexOf(": ")) : text;
  return report.replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"]+/gi, "…").replace(/"(?:[^"\\]|\\.)*"/g, "…");
}

/** Replaces a path and the file names below it; kopia's error follows the last ": ". */
function withoutPath(text: string, path: string): string {
  const start = text.indexOf(path);
  if (start < 0) return text;
  const end = text.lastIndexOf(": ");
  return `${text.slice(0, start)}…${end < start ? "" : text.slice(end)}`;
}

/** Other names are left in: replacing every "a" of an identity called "a" would destroy kopia's own words. */
function containsNeedle(name: string): boolean {
  const text = name.toLowerCase();
  return failureTable.some(({ needles }) => needles.some((needle) => text.includes(needle)));
}
