/** What kopia's progress line says, and what stands behind it in the same line. */
export interface Progress {
  /** Its figures, and the share of the whole where it says one: as long as they stay the same, kopia gets nowhere. */
  readonly figures: string;
  /** How many times longer than others these figures may stay the same in a kopia that gets on. */
  readonly patience: number;
  /** The same as numbers. */
  readonly counts: ProgressCounts;
  /** The whole of it in kopia's words. */
  readonly words: string;
  /** Kopia ends the line with nothing, so that whatever it says next is in it. */
  readonly rest: string;
}

/** The figures of a progress line. Bytes are as exact as kopia prints them: to a tenth of the unit. */
export interface ProgressCounts {
  readonly filesHashed: number;
  readonly bytesHashed: number;
  /** Taken over from the snapshot before. */
  readonly filesCached: number;
  readonly bytesCached: number;
  readonly bytesUploaded: number;
  /** Files and folders it could not read, be that a failure or not. */
  readonly errors: number;
  /** What is used of the file system the source is in; absent while kopia does not say it. */
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
 * Kopia writes one decimal: in GB a figure moves every 100 MB, in TB every 100 GB, which a healthy volume may take hours
 * to read when all of it is one file.
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

/** With its progress on, kopia sets what it says of a file apart by a mark. */
export function withoutMark(line: string): string {
  return line.replace(/^ ! (?=(?:Ignored e|E)rror when processing ")/, "");
}

/** Names of files are in what kopia prints, too: a number no volume has is cut to one that can be kept. */
function countOf(text = "0"): number {
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER);
}

function bytesOf(text = "0 B"): number {
  const [number = "0", unit = "B"] = text.split(" ");
  const power = "BKMGTPE".indexOf(unit[0] ?? "B");
  const bytes = Math.round(Number(number) * (unit.includes("i") ? 1024 : 1000) ** Math.max(0, power));
  return Number.isFinite(bytes) ? Math.min(bytes, Number.MAX_SAFE_INTEGER) : 0;
}
