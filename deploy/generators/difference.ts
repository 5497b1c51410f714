/** Where two texts first differ, for people; `found` is undefined when the file is missing. */
export function firstDifference(found: string | undefined, expected: string): string {
  if (found === undefined) return "the file is missing";
  const foundLines = found.split("\n");
  const expectedLines = expected.split("\n");
  const line = expectedLines.findIndex((text, index) => text !== foundLines[index]);
  const at = line === -1 ? expectedLines.length : line;
  return `line ${at + 1} is '${foundLines[at] ?? "(end of file)"}', expected '${
    expectedLines[at] ?? "(end of file)"
  }'`;
}
