import assert from "node:assert/strict";
import fc from "fast-check";
import {
  IGNORED_BY_DEFAULT,
  KOPIA_COMPRESSORS,
  KOPIA_SPLITTERS,
  type KopiaPolicy,
} from "../../api/kopia_policy.ts";
import { lostCompressorText, policyChanges } from "./policy_changes.ts";
import type { WorkingPolicy } from "./policy_output.ts";

const keepsAll = { keepSum: 0, ignoreIdenticalSnapshots: false, keepsAreBuiltIn: false };
/** What kopia shows where nobody has said anything, in a repository that keeps everything. */
const plain: WorkingPolicy = {
  retention: keepsAll,
  compressor: "none",
  neverCompress: [],
  ignore: [],
  ignoreFileErrors: false,
  ignoreDirErrors: false,
  ignoreUnknownTypes: true,
};

function changes(
  policy: KopiaPolicy,
  source: Partial<WorkingPolicy> = {},
  above: Partial<WorkingPolicy> = {},
): readonly string[] {
  const own = { ...policy, ignore: { defaults: false, ...policy.ignore } };
  return policyChanges({ policy: own, ignoreIdenticalSnapshots: false }, {
    source: { ...plain, ...above, ...source },
    above: { ...plain, ...above },
  });
}

const ours = IGNORED_BY_DEFAULT.map((rule) => `--add-ignore=${rule}`);

const cases: Readonly<Record<string, { got: readonly string[]; want: readonly string[] }>> = {
  "changes nothing where nothing is wanted and nothing was said": { got: changes({}), want: [] },
  "changes nothing where what is wanted already works": {
    got: changes(
      { compression: { compressor: "zstd", neverCompress: ["gz"] }, ignore: { paths: ["*.log", "/tmp"] } },
      { compressor: "zstd", neverCompress: [".gz"], ignore: ["/tmp", "*.log"] },
    ),
    want: [],
  },
  "takes the retention off": {
    got: changes({}, { retention: { ...keepsAll, keepSum: 96 } }),
    want: ["latest", "hourly", "daily", "weekly", "monthly", "annual"].map((each) => `--keep-${each}=0`),
  },
  "saves identical snapshots again": {
    got: changes({}, { retention: { ...keepsAll, ignoreIdenticalSnapshots: true } }),
    want: ["--ignore-identical-snapshots=false"],
  },
  "drops identical snapshots where that is wanted": {
    got: policyChanges({ policy: { ignore: { defaults: false } }, ignoreIdenticalSnapshots: true }, {
      source: plain,
      above: plain,
    }),
    want: ["--ignore-identical-snapshots=true"],
  },
  "sets each knob": {
    got: changes({
      compression: { compressor: "s2-default", neverCompress: ["gz", ".zip"] },
      splitter: "FIXED-4M",
      ignore: { paths: ["*.log"], cacheDirs: true },
      errorHandling: { ignoreFileErrors: true, ignoreDirErrors: true, ignoreUnknownTypes: false },
      upload: { parallelFiles: 3, limitMbPerSec: 10 },
      extraArgs: ["--fail-fast"],
    }),
    want: [
      "--compression=s2-default",
      "--splitter=FIXED-4M",
      "--ignore-cache-dirs=true",
      "--ignore-file-errors=true",
      "--ignore-dir-errors=true",
      "--ignore-unknown-types=false",
      "--add-ignore=*.log",
      "--add-never-compress=.gz",
      "--add-never-compress=.zip",
    ],
  },
  "removes what is no longer wanted": {
    got: changes({ ignore: { paths: ["*.log"] } }, {
      compressor: "zstd",
      splitter: "FIXED-4M",
      ignoreFileErrors: true,
      ignore: ["*.log", "*.tmp"],
      neverCompress: [".gz"],
    }),
    want: [
      "--compression=inherit",
      "--splitter=inherit",
      "--ignore-file-errors=inherit",
      "--add-ignore=*.log",
      "--remove-ignore=*.tmp",
      "--remove-never-compress=.gz",
    ],
  },
  "goes back to the rules of the folder above": {
    got: changes({}, { ignore: ["*.log"] }, { ignore: ["*.bak"] }),
    want: ["--remove-ignore=*.log"],
  },
  "replaces the rules of the folder above": {
    got: changes({ ignore: { paths: ["*.log"] } }, {}, { ignore: ["*.bak"] }),
    want: ["--add-ignore=*.log", "--remove-ignore=*.bak"],
  },
  "leaves out what file systems make by themselves": {
    got: changes({ ignore: { defaults: true } }),
    want: ours,
  },
  "keeps the rules of the folder above beside those": {
    got: changes({ ignore: { defaults: true } }, {}, { ignore: ["*.bak"] }),
    want: [...ours, "--add-ignore=*.bak"],
  },
  "adds those to the rules of the recipe": {
    got: changes({ ignore: { defaults: true, paths: ["*.log"] } }, { ignore: ["*.log"] }),
    want: [...ours, "--add-ignore=*.log"],
  },
  "puts them back": {
    got: changes({}, { ignore: [...IGNORED_BY_DEFAULT, "*.bak"] }, { ignore: ["*.bak"] }),
    want: [...ours.map((flag) => flag.replace("add", "remove")), "--remove-ignore=*.bak"],
  },
  "leaves what is inherited": {
    got: changes({}, {}, {
      compressor: "zstd",
      neverCompress: [".mp4"],
      ignore: ["*.bak"],
      splitter: "FIXED",
    }),
    want: [],
  },
  "leaves extensions that others have set for the whole repository": {
    got: changes({ compression: { neverCompress: ["gz"] } }, { neverCompress: [".gz", ".mp4", ".zip"] }, {
      neverCompress: [".mp4"],
    }),
    want: ["--remove-never-compress=.zip"],
  },
};

for (const [sentence, { got, want }] of Object.entries(cases)) {
  Deno.test(`policyChanges() ${sentence}`, () => assert.deepEqual(got, want));
}

Deno.test("lostCompressorText() knows the compressor kopia lost, where it will work", () => {
  const lz4 = { ...plain, compressor: "lz4" };
  const folders = { ...plain, metadataCompressor: "lz4" };
  const text = (policy: KopiaPolicy, source: WorkingPolicy, above: WorkingPolicy) =>
    lostCompressorText(policy, { source, above });
  assert.match(text({}, lz4, lz4) ?? "", /files with "lz4".*spec\.policy\.compression\.compressor/);
  assert.equal(text({ compression: { compressor: "zstd" } }, lz4, lz4), undefined);
  assert.equal(text({}, lz4, plain), undefined, "it is taken back at the source");
  assert.match(text({}, folders, folders) ?? "", /folders with "lz4".*--metadata-compression/);
  assert.equal(text({}, plain, plain), undefined);
});

/** What is said at one place of kopia's tree of policies. */
interface Said {
  readonly values: Readonly<Record<string, string>>;
  readonly lists: Readonly<Record<string, readonly string[]>>;
}

const silence: Said = { values: {}, lists: {} };

/** `policy set`, as kopia does it. */
function set(said: Said, flags: readonly string[]): Said {
  const values = { ...said.values };
  const lists = new Map(["ignore", "never-compress"].map((name) => [name, new Set(said.lists[name])]));
  // All that is added is added before anything is removed.
  for (const verb of ["add", "remove"]) {
    for (const flag of flags) {
      const [, found, name = "", value = ""] = /^--(add|remove)-([a-z-]+)=([^]*)$/.exec(flag) ?? [];
      if (found !== verb) continue;
      if (verb === "add") lists.get(name)?.add(value);
      else lists.get(name)?.delete(value);
    }
  }
  for (const flag of flags) {
    const [, name = "", value = ""] = /^--((?!add-|remove-)[a-z-]+)=([^]*)$/.exec(flag) ?? [];
    if (value === "inherit") delete values[name];
    else if (name !== "") values[name] = value;
  }
  return { values, lists: Object.fromEntries([...lists].map(([name, all]) => [name, [...all].sort()])) };
}

/** What works at the source: its own word, else that of the folder above, else the default. */
function working(source: Said, above: Said): WorkingPolicy {
  const defaults: Said["values"] = {
    compression: "none",
    "ignore-unknown-types": "true",
    "keep-latest": "10",
  };
  const one = (name: string) => source.values[name] ?? above.values[name] ?? defaults[name];
  const flag = (name: string) => one(name) === undefined ? undefined : one(name) === "true";
  const list = (said: Said, name: string) => said.lists[name] ?? [];
  const own = list(source, "ignore");
  const found = {
    compressor: one("compression"),
    splitter: one("splitter"),
    ignoreCacheDirs: flag("ignore-cache-dirs"),
    ignoreFileErrors: flag("ignore-file-errors"),
    ignoreDirErrors: flag("ignore-dir-errors"),
    ignoreUnknownTypes: flag("ignore-unknown-types"),
  };
  const present = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
  return {
    retention: {
      keepSum: Number(one("keep-latest")),
      ignoreIdenticalSnapshots: flag("ignore-identical-snapshots") ?? false,
      keepsAreBuiltIn: false,
    },
    neverCompress: [...new Set([...list(source, "never-compress"), ...list(above, "never-compress")])].sort(),
    ignore: own.length > 0 ? own : list(above, "ignore"),
    ...present,
  };
}

const anyChoice = fc.option(fc.boolean(), { nil: undefined });
const anyRules = fc.array(fc.constantFrom("*.a", "*.b", "/c", "=d", "-e"), { maxLength: 4 });
const anyEndings = fc.array(fc.constantFrom("gz", ".gz", ".mp4", "zip"), { maxLength: 4 });

/** A recipe's policy; what is undefined is not set. */
const anyPolicy: fc.Arbitrary<KopiaPolicy> = fc.record({
  compressor: fc.option(fc.constantFrom(...KOPIA_COMPRESSORS), { nil: undefined }),
  endings: fc.option(anyEndings, { nil: undefined }),
  splitter: fc.option(fc.constantFrom(...KOPIA_SPLITTERS), { nil: undefined }),
  rules: fc.option(anyRules, { nil: undefined }),
  cacheDirs: anyChoice,
  defaults: anyChoice,
  ignoreFileErrors: anyChoice,
  ignoreUnknownTypes: anyChoice,
}).map((
  { compressor, endings, splitter, rules, cacheDirs, defaults, ignoreFileErrors, ignoreUnknownTypes },
) =>
  // Through JSON, as in a work spec: what is undefined is not there.
  JSON.parse(JSON.stringify({
    compression: { compressor, neverCompress: endings },
    splitter,
    ignore: { paths: rules, cacheDirs, defaults },
    errorHandling: { ignoreFileErrors, ignoreUnknownTypes },
  }))
);

Deno.test("policyChanges() leads from any policy to the one wanted in one step, and then changes nothing", () => {
  fc.assert(fc.property(
    fc.array(fc.record({ policy: anyPolicy, identical: fc.boolean() }), { minLength: 1, maxLength: 4 }),
    anyPolicy,
    (recipes, others) => {
      const nothing: WorkingPolicy = working(silence, silence);
      const above = set(
        silence,
        policyChanges({ policy: others, ignoreIdenticalSnapshots: false }, {
          source: nothing,
          above: nothing,
        })
          .filter((flag) => !flag.startsWith("--keep")),
      );
      let source = silence;
      for (const { policy, identical } of recipes) {
        const wanted = { policy, ignoreIdenticalSnapshots: identical };
        const found = () => ({ source: working(source, above), above: working(silence, above) });
        source = set(source, policyChanges(wanted, found()));
        assert.deepEqual(policyChanges(wanted, found()), [], "a second run changes nothing");
        const fresh = set(
          silence,
          policyChanges(wanted, { source: working(silence, above), above: working(silence, above) }),
        );
        assert.deepEqual(working(source, above), working(fresh, above), "as if nothing had been before");
      }
    },
  ));
});
