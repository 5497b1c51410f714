/** The suites of the project: which test files each holds and what it may touch. */

/** One suite of tests. */
export interface Suite {
  readonly name: string;
  readonly about: string;
  readonly permissions: readonly string[];
  /** One run holds all files, several beside each other; else each file is a run of its own. */
  readonly parallel: boolean;
}

/** What tests need that start programs and talk to them. */
const USUAL = [
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-run",
  "--allow-sys",
  "--allow-net",
] as const;

/** Suites in the order they run: cheap first, so that a mistake is told early. */
export const SUITES = [
  {
    name: "unit",
    about: "decisions, parsers, views: needs nothing",
    permissions: USUAL,
    parallel: true,
  },
  {
    name: "kopia",
    about: "the mover against the real kopia, on folders and on a real S3 server",
    permissions: USUAL,
    parallel: false,
  },
  {
    name: "apiserver",
    about: "kube and the CRDs against a real kube-apiserver and etcd",
    permissions: USUAL,
    parallel: false,
  },
  {
    name: "binary",
    about: "the compiled binary in every role, and the chart",
    permissions: USUAL,
    parallel: false,
  },
  {
    name: "cluster",
    about: "everything in a real cluster: kubelet, mover pods, kopia, S3",
    // Network namespaces, mounts and /proc of other processes need all of these.
    permissions: ["--allow-all"],
    parallel: false,
  },
] as const satisfies readonly Suite[];

/** Name of a suite. */
export type SuiteName = typeof SUITES[number]["name"];

/** The suite a test file belongs to, by its ending; undefined for a file that is no test. */
export function suiteOf(path: string): SuiteName | undefined {
  if (!path.endsWith("_test.ts")) return undefined;
  const special = SUITES.find(({ name }) => name !== "unit" && path.endsWith(`_${name}_test.ts`));
  return special?.name ?? "unit";
}

/** Passed, failed and ignored tests of one `deno test` run, from its last line; undefined when it said none. */
export function parseCounts(
  output: string,
): { readonly passed: number; readonly failed: number; readonly ignored: number } | undefined {
  // deno-lint-ignore no-control-regex
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  const found = [
    ...plain.matchAll(
      /^(?:ok|FAILED) \| ([0-9]+) passed(?: \([^)]*\))? \| ([0-9]+) failed(?: \([^)]*\))?(?: \| ([0-9]+) ignored)?/gm,
    ),
  ].at(-1);
  if (found === undefined) return undefined;
  return { passed: Number(found[1]), failed: Number(found[2]), ignored: Number(found[3] ?? 0) };
}
