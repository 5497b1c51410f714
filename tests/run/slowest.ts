/** How long one test took, or one step of a test. */
export interface TestTime {
  readonly file: string;
  readonly name: string;
  readonly seconds: number;
}

/**
 * Reads the times of a JUnit report of `deno test`; a test that has steps is not told, but they are. The report names
 * the file in which a test or step was begun, which may be a helper's: of a run of one file all are of that.
 */
export function parseTimes(report: string, files: readonly string[]): readonly TestTime[] {
  const all = [...report.matchAll(/<testcase name="([^"]*)" classname="([^"]*)" time="([0-9.]+)"/g)].map(
    ([, name = "", begun = "", seconds]) => ({
      file: files.length === 1 ? files[0] ?? begun : begun.replace(/^\.\//, ""),
      name: unescapeXml(name),
      seconds: Number(seconds),
    }),
  );
  return all.filter(({ name }) => !all.some((other) => other.name.startsWith(`${name} > `)));
}

/** The slowest, slowest first, one line each. */
export function renderSlowest(times: readonly TestTime[], count: number): readonly string[] {
  return times.toSorted((a, b) => b.seconds - a.seconds).slice(0, count).map(({ file, name, seconds }) =>
    `${seconds.toFixed(1).padStart(6)}s  ${file}: ${name.split(" > ").at(-1)}`
  );
}

function unescapeXml(text: string): string {
  const signs: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => signs[name] ?? "");
}
