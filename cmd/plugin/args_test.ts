import { deepEqual, equal, match } from "node:assert/strict";
import { parseArgs } from "../args.ts";

const here = { scope: { kind: "context" }, kubeconfig: undefined, context: undefined };
const now = {
  ...here,
  config: "photos",
  tags: {},
  description: undefined,
  deletionPolicy: undefined,
  wait: undefined,
};

Deno.test("parseArgs() reads the commands of the plugin", () => {
  const cases: readonly [string, unknown][] = [
    ["deletions list", { kind: "deletions-list", request: { ...here, format: "table" } }],
    ["deletions list -A -o json", {
      kind: "deletions-list",
      request: { ...here, scope: { kind: "all" }, format: "json" },
    }],
    ["deletions release a b a -n media", {
      kind: "deletions-release",
      request: {
        ...here,
        scope: { kind: "one", namespace: "media" },
        which: { kind: "named", names: ["a", "b"] },
        yes: false,
      },
    }],
    ["deletions release --all -A --yes", {
      kind: "deletions-release",
      request: { ...here, scope: { kind: "all" }, which: { kind: "all" }, yes: true },
    }],
    ["backup now photos", { kind: "backup-now", request: now }],
    ["backup now photos --wait", { kind: "backup-now", request: { ...now, wait: { timeoutMs: 600_000 } } }],
    ["backup now --wait --timeout 1h30m photos", {
      kind: "backup-now",
      request: { ...now, wait: { timeoutMs: 5_400_000 } },
    }],
    ["backup now photos --tag a=1 --tag b=x=y --tag c= --description d --deletion-policy Retain", {
      kind: "backup-now",
      request: { ...now, tags: { a: "1", b: "x=y", c: "" }, description: "d", deletionPolicy: "Retain" },
    }],
    ["backup accept a b a", { kind: "backup-accept", request: { ...here, names: ["a", "b"], accept: true } }],
    ["backup accept a --undo", { kind: "backup-accept", request: { ...here, names: ["a"], accept: false } }],
    ["schedule suspend nightly -n media --context c", {
      kind: "schedule",
      request: {
        scope: { kind: "one", namespace: "media" },
        kubeconfig: undefined,
        context: "c",
        schedule: "nightly",
        suspend: true,
      },
    }],
    ["schedule resume nightly", {
      kind: "schedule",
      request: { ...here, schedule: "nightly", suspend: false },
    }],
    ["repository inherit home -n media", {
      kind: "repository-inherit",
      request: {
        ...here,
        scope: { kind: "one", namespace: "media" },
        repository: "home",
        inherit: true,
        yes: false,
      },
    }],
    ["repository inherit home --undo --yes", {
      kind: "repository-inherit",
      request: { ...here, repository: "home", inherit: false, yes: true },
    }],
    ["finalizers drop -A --yes", {
      kind: "finalizers-drop",
      request: { ...here, scope: { kind: "all" }, dryRun: false, yes: true },
    }],
    ["finalizers drop --dry-run", {
      kind: "finalizers-drop",
      request: { ...here, dryRun: true, yes: false },
    }],
  ];
  for (const [words, want] of cases) {
    deepEqual(parseArgs("kubectl-kopiur", words.split(" ")), want, words);
    deepEqual(parseArgs("kopiur", words.split(" ")), want, words);
  }
});

Deno.test("parseArgs() refuses what the commands of the plugin cannot do, and says what they can", () => {
  const cases: readonly [readonly string[], RegExp][] = [
    [["deletions"], /^Usage: kubectl kopiur deletions/],
    [["deletions", "lst"], /unknown command 'lst'\n\(Did you mean list\?\)/],
    [["deletions", "release"], /error: expected names of Backups, or --all/],
    [["deletions", "release", "a", "--all"], /--all and names of Backups exclude each other/],
    [["deletions", "release", "a", "-A"], /names of Backups need one namespace: expected -n, not -A/],
    [["deletions", "release", "A"], /'A' is invalid.*expected lower-case letters/],
    [["deletions", "list", "-o", "wide"], /Allowed choices are table, json, yaml/],
    [["backup", "now"], /missing required argument 'config'/],
    [["backup", "now", "a", "b"], /too many arguments/],
    [["backup", "now", "a", "-A"], /unknown option '-A'/],
    [["backup", "now", "a", "--timeout", "soon"], /expected a duration like 90s, 10m or 1h30m, 168h at most/],
    [["backup", "now", "a", "--timeout", "0"], /expected a duration/],
    [["backup", "now", "a", "--timeout", "169h"], /168h at most/],
    [["backup", "now", "a", "--tag", "a"], /expected key=value/],
    [["backup", "now", "a", "--tag", "=a"], /expected key=value/],
    [["backup", "now", "a", "--tag", "kopiur-run=1"], /does not begin with kopiur-/],
    [["backup", "now", "a", "--tag", "a:b=1"], /without a colon/],
    [
      ["backup", "now", "a", "--tag", "a=1", "--tag", "a=2"],
      /expected each key once, but "a" is given again/,
    ],
    [["backup", "now", "a", "--tag", `a=${"x".repeat(257)}`], /256 at most/],
    [
      ["backup", "now", "a", ...Array.from({ length: 17 }, (_, each) => ["--tag", `k${each}=v`]).flat()],
      /expected 16 tags at most/,
    ],
    [["backup", "now", "a", "--description", "a\nb"], /expected one line of 512 characters at most/],
    [["backup", "now", "a", "--deletion-policy", "Keep"], /Allowed choices are Delete, Retain, Orphan/],
    [["schedule", "suspend"], /missing required argument 'name'/],
    [["schedule", "pause", "a"], /unknown command 'pause'/],
    [["repository"], /^Usage: kubectl kopiur repository/],
    [["repository", "inherit"], /missing required argument 'name'/],
    [["repository", "inherit", "a", "-A"], /unknown option '-A'/],
    [["finalizers"], /^Usage: kubectl kopiur finalizers/],
    [["finalizers", "drop", "a"], /too many arguments/],
  ];
  for (const [words, want] of cases) {
    const found = parseArgs("kubectl-kopiur", words);
    equal(found.kind, "misuse", words.join(" "));
    match(found.kind === "misuse" ? found.text : "", want);
  }
});

Deno.test("parseArgs() gives help for the commands of the plugin, in lines that fit a terminal", () => {
  const cases: readonly [string, RegExp][] = [
    ["deletions --help", /list \[options\]/],
    ["deletions list --help", /skip-snapshot-cleanup/],
    ["deletions release --help", /Exit codes: 0 released, 1 failed or not confirmed/],
    ["backup --help", /now \[options\] <config>/],
    ["backup now --help", /--timeout <duration> +how long --wait follows it \(default: 10m\)/],
    ["repository --help", /inherit \[options\] <name>/],
    ["repository inherit --help", /never for a copy of one that works/],
    ["finalizers --help", /drop \[options\]/],
    ["finalizers drop --help", /Uninstall the controller first/],
    ["schedule --help", /suspend \[options\] <name>/],
    ["schedule suspend --help", /^Usage: kubectl kopiur schedule suspend/],
  ];
  for (const [words, want] of cases) {
    const found = parseArgs("kubectl-kopiur", words.split(" "));
    equal(found.kind, "help", words);
    const text = found.kind === "help" ? found.text : "";
    match(text, want);
    deepEqual(text.split("\n").filter((line) => line.length > 100), [], words);
  }
});
