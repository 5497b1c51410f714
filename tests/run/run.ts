/** `deno task test`: every check and suite, one after the other; closes with 'N passed, N failed'. */
import { parseCounts, type Suite, suiteOf, SUITES } from "./suite.ts";

interface Tally {
  passed: number;
  failed: number;
  ignored: number;
}

const root = new URL("../../", import.meta.url);

async function testFiles(folder: string): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(new URL(folder === "" ? "." : `${folder}/`, root))) {
    if (entry.name.startsWith(".") || entry.name === "build") continue;
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory) files.push(...await testFiles(path));
    else if (suiteOf(path) !== undefined) files.push(path);
  }
  return files.sort();
}

/** Runs a command of this Deno with its output shown; the output is returned for reading. */
async function runShown(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly output: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    env: { ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const parts: string[] = [];
  async function show(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      await Deno.stdout.write(chunk);
      parts.push(decoder.decode(chunk, { stream: true }));
    }
  }
  const [status] = await Promise.all([child.status, show(child.stdout), show(child.stderr)]);
  return { code: status.code, output: parts.join("") };
}

async function runTask(name: string, args: readonly string[], tally: Tally): Promise<boolean> {
  const started = performance.now();
  const { code } = await runShown(args, {});
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`== ${name}: ${code === 0 ? "ok" : "FAILED"} (${seconds}s)`);
  if (code === 0) tally.passed += 1;
  else tally.failed += 1;
  return code === 0;
}

async function runSuite(suite: Suite, files: readonly string[], tally: Tally): Promise<void> {
  console.log(`\n== ${suite.name}: ${suite.about}`);
  const started = performance.now();
  const args = ["test", "--quiet", ...suite.permissions, ...(suite.parallel ? ["--parallel"] : []), ...files];
  const { code, output } = await runShown(args, suite.parallel ? { DENO_JOBS: "2" } : {});
  const counts = parseCounts(output);
  // A suite that died before its last line has failed once, whatever it printed.
  const failed = counts === undefined ? 1 : Math.max(counts.failed, code === 0 ? 0 : 1);
  tally.passed += counts?.passed ?? 0;
  tally.failed += failed;
  tally.ignored += counts?.ignored ?? 0;
  console.log(
    `== ${suite.name}: ${counts?.passed ?? 0} passed, ${failed} failed (${
      ((performance.now() - started) / 1000).toFixed(0)
    }s)`,
  );
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    console.error(
      `Cannot run '${unknown.join(" ")}': no such suite, expected ${
        SUITES.map(({ name }) => name).join(", ")
      }`,
    );
    return 2;
  }
  const tally: Tally = { passed: 0, failed: 0, ignored: 0 };
  const wanted = names.length === 0 ? SUITES.map(({ name }) => name) : names;
  if (names.length === 0) {
    await runTask("format", ["fmt", "--check"], tally);
    await runTask("lint", ["lint"], tally);
    await runTask("types", ["check", "."], tally);
  }
  const files = await testFiles("");
  if (wanted.some((name) => name !== "unit") && !await runTask("parts", ["task", "parts"], tally)) {
    return report(tally);
  }
  if (wanted.includes("binary") || wanted.includes("cluster")) {
    const built = await runTask("compile", ["task", "compile"], tally) &&
      await runTask("image", ["task", "image"], tally);
    if (!built) return report(tally);
  }
  for (const suite of SUITES) {
    if (wanted.includes(suite.name)) {
      await runSuite(
        suite,
        files.filter((path) => suiteOf(path) === suite.name),
        tally,
      );
    }
  }
  return report(tally);
}

function report(tally: Tally): number {
  // A named skip is fine on a laptop; in CI a missing part is a failure.
  const skipsFail = Deno.env.get("CI") === "true" && tally.ignored > 0;
  if (skipsFail) console.log(`${tally.ignored} tests were skipped, expected none in CI`);
  const failed = tally.failed + (skipsFail ? tally.ignored : 0);
  console.log(`\n${tally.passed} passed, ${failed} failed`);
  return failed === 0 && tally.passed > 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
