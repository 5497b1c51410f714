/** A progress line of kopia. */
export interface Progress {
  /** Its figures and percentage as text; while they do not change, kopia makes no progress. */
  readonly figures: string;
  /** Multiplies the stall limit: large figures are rounded more, so they change less often. */
  readonly patience: number;
  /** The figures as numbers. */
  readonly counts: ProgressCounts;
  /** The line as kopia wrote it. */
  readonly words: string;
  /** What follows in the same line: kopia does not end a progress line, so its next output is appended to it. */
  readonly rest: string;
}

/** The figures of a progress line. Kopia prints bytes to a tenth of their unit. */
export interface ProgressCounts {
  readonly filesHashed: number;
  readonly bytesHashed: number;
  /** Unchanged files, taken over from the previous snapshot. */
  readonly filesCached: number;
  readonly bytesCached: number;
  readonly bytesUploaded: number;
  /** Files and folders that could not be read, fatal and ignored errors alike. */
  readonly errors: number;
  /** The used space of the source's file system; absent while kopia does not print it. */
  readonly bytesUsed?: number;
}

const size = /[\d.]+ [KMGTPE]?i?B/.source;

const form = new RegExp(
  "^\\s*[|/\\\\*-] (?<words>" +
    `(?<figures>\\d+ hashing, (?<filesHashed>\\d+) hashed \\((?<hashed>${size})\\), ` +
    `(?<filesCached>\\d+) cached \\((?<cached>${size})\\), uploaded (?<uploaded>${size}))` +
    "(?: \\((?<fatal>\\d+) fatal errors\\))?(?: \\((?<ignored>\\d+) errors ignored\\))?" +
    `(?:, estimating\\.\\.\\.|, estimated (?<estimated>${size}) \\((?<share>[\\d.]+%)\\) \\S+ left)?)\\s*`,
);

/**
 * Kopia prints one decimal: in GB a figure changes every 100 MB, in TB every 100 GB. A healthy volume may need hours
 * to read that much of one file.
 */
const patienceOf: readonly (readonly [RegExp, number])[] = [[/ [TPE]i?B/, 12], [/ Gi?B/, 3]];

/** Reads a progress line of `snapshot create`; undefined for any other line. */
export function readProgress(line: string): Progress | undefined {
  const found = form.exec(line);
  if (found === null) return undefined;
  const { figures = "", words = "", share, hashed, cached, uploaded, fatal, ignored, estimated } =
    found.groups ?? {};
  const { filesHashed, filesCached } = found.groups ?? {};
  return {
    figures: share === undefined ? figures : `${figures}, ${share}`,
    patience: patienceOf.find(([unit]) => unit.test(figures))?.[1] ?? 1,
    counts: {
      filesHashed: countOf(filesHashed),
      bytesHashed: bytesOf(hashed),
      filesCached: countOf(filesCached),
      bytesCached: bytesOf(cached),
      bytesUploaded: bytesOf(uploaded),
      errors: countOf(fatal) + countOf(ignored),
      ...(estimated === undefined ? {} : { bytesUsed: bytesOf(estimated) }),
    },
    words,
    rest: line.slice(found[0].length),
  };
}

/** Removes the mark that kopia sets before a file's error while it prints progress. */
export function withoutMark(line: string): string {
  return line.replace(/^ ! (?=(?:Ignored e|E)rror when processing ")/, "");
}

/** A file name may look like a progress line with a huge number, so numbers are limited to safe integers. */
function countOf(text = "0"): number {
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER);
}

function bytesOf(text = "0 B"): number {
  const [number = "0", unit = "B"] = text.split(" ");
  const power = "BKMGTPE".indexOf(unit[0] ?? "B");
  const bytes = Math.round(Number(number) * (unit.includes("i") ? 1024 : 1000) ** Math.max(0, power));
  return Number.isFinite(bytes) ? Math.min(bytes, Number.MAX_SAFE_INTEGER) : 0;
}
