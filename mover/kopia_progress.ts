/** What kopia's progress line says, and what stands behind it in the same line. */
export interface Progress {
  /** Its figures: as long as they stay the same, kopia gets nowhere. */
  readonly figures: string;
  /** Kopia ends the line with nothing, so that whatever it says next is in it. */
  readonly rest: string;
}

const form = new RegExp(
  /^\s*[|/\\*-] (\d+ hashing, \d+ hashed \([^()]*\), \d+ cached \([^()]*\), uploaded [\d.]+ [KMGTPE]?i?B)/
    .source +
    /(?: \(\d+ fatal errors\))?(?: \(\d+ errors ignored\))?/.source +
    /(?:, estimating\.\.\.|, estimated [\d.]+ [KMGTPE]?i?B \([\d.]+%\) \S+ left)?\s*/.source,
);

/** Reads a progress line of `snapshot create`; undefined for any other line. */
export function readProgress(line: string): Progress | undefined {
  const found = form.exec(line);
  if (found === null) return undefined;
  return { figures: found[1] ?? "", rest: line.slice(found[0].length) };
}

/** With its progress on, kopia sets what it says of a file apart by a mark. */
export function withoutMark(line: string): string {
  return line.replace(/^ ! (?=(?:Ignored e|E)rror when processing ")/, "");
}
