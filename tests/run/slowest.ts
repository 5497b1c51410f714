/** How long one test took, or one step of a test. */
export interface TestTime {
  readonly file: string;
  readonly name: string;
  readonly seconds: number;
}

/**
 * Reads the times of a JUnit report of `deno test`. A test that has steps is not told, but they are, and as of its file:
 * the report names the file in which a step is begun.
 */
export function parseTimes(report: string): readonly TestTime[] {
  const all = [...report.matchAll(/<testcase name="([^"]*)" classname="([^"]*)" time="([0-9.]+)"/g)].map(
    ([, name = "", file = "", seconds]) => ({
      file: file.replace(/^\.\//, ""),
      name: unescapeXml(name),
      seconds: Number(seconds),
    }),
  );
  return all.filter(({ name }) => !all.some((other) => other.name.startsWith(`${name} > `))).map((time) => ({
    ...time,
    file: all.find(({ name }) => time.name.startsWith(`${name} > `))?.file ?? time.file,
  }));
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
