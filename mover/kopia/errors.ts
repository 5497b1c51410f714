import type { FailureClass } from "../../api/catalogs/reasons.ts";

/** One row of {@link failureTable}: a failure has the class when its text holds one of the needles. */
interface FailureRow {
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
    needles: [
      "error getting kopia.repository blob: blob not found",
      "not initialized in the provided storage",
      "found existing data in storage location",
    ],
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
const perFileEnd = /": /;
const summary = /^found \d+ fatal error\(s\) while snapshotting /i;
/** The second and third line of an error whose first says what it was. */
const aftermath = /^can't (?:close temporary file|remove temp file after error): /i;
const chatter = /^(?:snapshotting .* \.\.\.|connected to repository\.)$/i;

const aboutLogFile = /^\d{4}-\d\d-\d\d \d\d:\d\d:[\d.]+ [-+]\d{4} \S+ write error: /;

/** True for what comes on stderr for each line kopia cannot write to its log file; it says nothing of the command. */
export function isAboutLogFile(line: string): boolean {
  return aboutLogFile.test(line);
}

/**
 * Tells, line by line, what kopia says of single files from what it says of the command. The name of a file may hold
 * line breaks: what follows the first of its lines belongs to it until the name has ended.
 */
export class FileReports {
  #isOpen = false;

  /** True when the line is, or goes on with, what kopia says of one file. */
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
 * The class of a failed kopia command from the lines it wrote to stderr; never throws, knows "Unknown". What kopia
 * repeats of others' words decides nothing: `named` are the texts a user chose (identity, paths, bucket, …), and
 * whatever stands in quotes, in a URL or below one of the paths is left out as well. Only kopia's last words count.
 */
export function classifyFailure(stderr: readonly string[], named: readonly string[] = []): FailureClass {
  const lines = finalLines(stderr);
  const text = lines.map((line) => withoutNames(line, named)).join("\n").toLowerCase();
  const row = failureTable.find(({ needles }) => needles.some((needle) => text.includes(needle)));
  return row?.class ?? "Unknown";
}

/**
 * The class of a storage that no longer takes what kopia writes, from one line of stderr; undefined for any other
 * line. Kopia calls this the trouble of one file, tries several times for each and goes on: a backup of many files to a
 * full volume would take days, and the files would pass for unreadable.
 */
export function classifyLostStorage(line: string, named: readonly string[] = []): FailureClass | undefined {
  if (!/^async write error: .*\bdespite \d+ retries\b/.test(line)) return undefined;
  const failureClass = classifyFailure([line], named);
  return failureClass === "Unknown" ? "RepositoryUnavailable" : failureClass;
}

/** What kopia said last, as one line; a list of several errors is joined. Empty when it said nothing. */
export function lastWords(stderr: readonly string[]): string {
  return finalLines(stderr).join("; ");
}

/** The last line that is about the command, or the list of errors it ends with; one file's trouble when there is no other. */
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
  const rest = lines.filter((line) => !reports.takes(line) && !aftermath.test(line));
  return rest.length > 0 ? rest : lines;
}

/** A line as kopia would write it had nobody a name. */
function withoutNames(line: string, named: readonly string[]): string {
  let text = line;
  // The longest first: one may be part of another.
  for (const name of named.toSorted((a, b) => b.length - a.length)) {
    if (name.startsWith("/") && name !== "/") text = withoutPath(text, name);
    else if (holdsNeedle(name)) text = text.replaceAll(name, "…");
  }
  const report = perFile.test(text) ? text.slice(text.lastIndexOf(": ")) : text;
  return report.replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"]+/gi, "…").replace(/"(?:[^"\\]|\\.)*"/g, "…");
}

/** What is below a folder is called as its owner likes; kopia ends such a text with ": " and the error. */
function withoutPath(text: string, path: string): string {
  const start = text.indexOf(path);
  if (start < 0) return text;
  const end = text.lastIndexOf(": ");
  return `${text.slice(0, start)}…${end < start ? "" : text.slice(end)}`;
}

/** Cutting out what says nothing would tear kopia's own words: an identity may be called "a". */
function holdsNeedle(name: string): boolean {
  const text = name.toLowerCase();
  return failureTable.some(({ needles }) => needles.some((needle) => text.includes(needle)));
}
