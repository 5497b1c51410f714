/**
 * `deno task test`: every check and suite; closes with 'N passed, N failed'. Checks and unit tests come first, one after
 * the other. Then the files of all other suites, two beside each other: in a cluster tests mostly wait, and kopia works.
 */
import { DenoChildren } from "./deno_child.ts";
import { tellFailure } from "./failure.ts";
import { inTwoLanes } from "./lanes.ts";
import { parseTimes, renderSlowest, type TestTime } from "./slowest.ts";
import { parseCounts, type Suite, suiteOf, SUITES } from "./suite.ts";

interface Tally {
  passed: number;
  failed: number;
  ignored: number;
  readonly times: TestTime[];
  /** What the failed jobs said, told once more at the end. */
  readonly failures: string[];
}

/** Files of one suite that one `deno test` runs. */
interface Job {
  readonly name: string;
  readonly suite: Suite;
  readonly files: readonly string[];
}

const root = new URL("../../", import.meta.url);
const children = new DenoChildren();
/** No file comes near it, also on a machine that does much else. */
const LIMIT_SECONDS = 2400;

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

async function runTask(name: string, args: readonly string[], tally: Tally): Promise<boolean> {
  const elapsed = stopwatch();
  const { code, output } = await children.run({ args, cwd: root, limitSeconds: LIMIT_SECONDS, live: true });
  console.log(`== ${name}: ${code === 0 ? "ok" : "FAILED"} (${elapsed()})`);
  if (code === 0) tally.passed += 1;
  else {
    tally.failed += 1;
    tally.failures.push(tellFailure(name, output));
  }
  return code === 0;
}

/** Runs a job and counts it. What it says is shown at once when it is live, else in one piece at its end. */
async function runJob({ name, suite, files }: Job, tally: Tally, live: boolean): Promise<void> {
  console.log(live ? `\n== ${name}: ${suite.about}` : `-- ${name} begins`);
  const elapsed = stopwatch();
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  const parallel = suite.parallel ? ["--parallel"] : [];
  const args = ["test", "--quiet", `--junit-path=${report}`, ...suite.permissions, ...parallel, ...files];
  const env = { DENO_JOBS: "2" };
  const { code, output } = await children.run({ args, env, cwd: root, limitSeconds: LIMIT_SECONDS, live });
  const counts = parseCounts(output);
  // A job that died before its last line has failed once, whatever it printed.
  const failed = counts === undefined ? 1 : Math.max(counts.failed, code === 0 ? 0 : 1);
  tally.passed += counts?.passed ?? 0;
  tally.failed += failed;
  if (failed > 0) tally.failures.push(tellFailure(name, output));
  tally.ignored += counts?.ignored ?? 0;
  tally.times.push(...parseTimes(await Deno.readTextFile(report), files));
  await Deno.remove(report);
  const said = live ? "" : `\n${output.trim()}\n`;
  console.log(`${said}== ${name}: ${counts?.passed ?? 0} passed, ${failed} failed (${elapsed()})`);
}

function stopwatch(): () => string {
  const started = performance.now();
  return () => `${((performance.now() - started) / 1000).toFixed(0)}s`;
}

/**
 * The files of suites that run beside each other, a job each: those of a cluster in front, the scenarios first, and
 * kopia's at the back.
 */
function jobsBesideEachOther(files: readonly string[], wanted: readonly string[]): readonly Job[] {
  return SUITES.filter(({ name, parallel }) => !parallel && wanted.includes(name)).toReversed().flatMap(
    (suite) =>
      files.filter((path) => suiteOf(path) === suite.name).toReversed().map((path) => ({
        name: path,
        suite,
        files: [path],
      })),
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
  stopOnSignals();
  const tally: Tally = { passed: 0, failed: 0, ignored: 0, times: [], failures: [] };
  const wanted = names.length === 0 ? SUITES.map(({ name }) => name) : names;
  if (names.length === 0) {
    await runTask("format", ["fmt", "--check"], tally);
    await runTask("lint", ["lint"], tally);
    await runTask("types", ["check", "."], tally);
  }
  const files = await testFiles("");
  for (const suite of SUITES.filter(({ name, parallel }) => parallel && wanted.includes(name))) {
    const own = files.filter((path) => suiteOf(path) === suite.name);
    await runJob({ name: suite.name, suite, files: own }, tally, true);
  }
  const jobs = jobsBesideEachOther(files, wanted);
  if (jobs.length > 0 && !await runTask("parts", ["task", "parts"], tally)) return report(tally);
  if (jobs.some(({ suite: { name } }) => name === "binary" || name === "cluster")) {
    const built = await runTask("compile", ["task", "compile"], tally) &&
      await runTask("image", ["task", "image"], tally);
    if (!built) return report(tally);
  }
  await inTwoLanes(jobs, (job) => runJob(job, tally, false));
  return report(tally);
}

/** However the runner is told to stop, its children stop with it, and what they have said is not lost. */
function stopOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {
      for (const said of children.stop()) console.log(`\n== stopped by ${signal}; it had said:\n${said}`);
      Deno.exit(1);
    });
  }
}

function report(tally: Tally): number {
  console.log("\nSlowest:");
  for (const line of renderSlowest(tally.times, 10)) console.log(line);
  // A named skip is fine on a laptop; in CI a missing part is a failure.
  const skipsFail = Deno.env.get("CI") === "true" && tally.ignored > 0;
  if (skipsFail) console.log(`${tally.ignored} tests were skipped, expected none in CI`);
  for (const failure of tally.failures) console.log(`\n${failure}`);
  const failed = tally.failed + (skipsFail ? tally.ignored : 0);
  console.log(`\n${tally.passed} passed, ${failed} failed`);
  return failed === 0 && tally.passed > 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
