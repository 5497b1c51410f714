/** What kopia's progress line says, and what stands behind it in the same line. */
export interface Progress {
  /** Its figures, and the share of the whole where it says one: as long as they stay the same, kopia gets nowhere. */
  readonly figures: string;
  /** How many times longer than others these figures may stay the same in a kopia that gets on. */
  readonly patience: number;
  /** Kopia ends the line with nothing, so that whatever it says next is in it. */
  readonly rest: string;
}

const form = new RegExp(
  /^\s*[|/\\*-] (\d+ hashing, \d+ hashed \([^()]*\), \d+ cached \([^()]*\), uploaded [\d.]+ [KMGTPE]?i?B)/
    .source +
    /(?: \(\d+ fatal errors\))?(?: \(\d+ errors ignored\))?/.source +
    /(?:, estimating\.\.\.|, estimated [\d.]+ [KMGTPE]?i?B \(([\d.]+%)\) \S+ left)?\s*/.source,
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
  const [whole, figures = "", share] = found;
  const patience = patienceOf.find(([unit]) => unit.test(figures))?.[1] ?? 1;
  return {
    figures: share === undefined ? figures : `${figures}, ${share}`,
    patience,
    rest: line.slice(whole.length),
  };
}

/** With its progress on, kopia sets what it says of a file apart by a mark. */
export function withoutMark(line: string): string {
  return line.replace(/^ ! (?=(?:Ignored e|E)rror when processing ")/, "");
}
