import assert from "node:assert/strict";
import fc from "fast-check";
import { type KopiaPolicy, kopiaPolicy, refusedExtraArg, refusedExtraArgs } from "./kopia_policy.ts";

const allowed = [
  ..."--fail-fast --force-hash=0 --force-hash=12.5 --force-hash=100".split(" "),
  ..."--checkpoint-interval=1m --checkpoint-interval=45m".split(" "),
];

const refused = [
  ..."--fail-fast=true --force-hash=101 --force-hash=-1 --force-hash --checkpoint-interval=46m".split(" "),
  ..."--checkpoint-interval=1h --tags=a:b --no-json -p --password=x --config-file=/x --parallel=4".split(" "),
  ..."--override-source=a@b:/c --log-level=debug --safety=none --force-enable-actions --all -- @/etc/passwd"
    .split(
      " ",
    ),
  ...["", "x", "--fail-fast --all", "--fail-fast\n--all", " --fail-fast", "--Fail-fast", "--force-hash=1\0"],
];

Deno.test("refusedExtraArg() lets only whole known arguments through", () => {
  assert.deepEqual(allowed.filter((arg) => refusedExtraArg(arg) !== undefined), []);
  assert.deepEqual(refused.filter((arg) => refusedExtraArg(arg) === undefined), []);
});

Deno.test("refusedExtraArg() says what to do instead", () => {
  assert.equal(refusedExtraArg("--tags=a:b"), '"--tags" is not allowed: set tags on the Backup');
  assert.equal(refusedExtraArg("--parallel=4"), '"--parallel" is not allowed: set upload.parallelFiles');
  assert.match(
    refusedExtraArg("--novelty") ?? "",
    /^"--novelty" is not allowed, expected one of --fail-fast, /,
  );
  assert.ok((refusedExtraArg("x".repeat(100_000)) ?? "").length < 300);
  assert.match(refusedExtraArg("--constructor") ?? "", /expected one of/);
});

Deno.test("refusedExtraArgs() refuses what is given twice", () => {
  assert.equal(refusedExtraArgs(["--fail-fast", "--force-hash=1"]), undefined);
  assert.equal(
    refusedExtraArgs(["--force-hash=1", "--force-hash=2"]),
    '"--force-hash" is given twice, expected it once',
  );
});

Deno.test("kopiaPolicy and refusedExtraArg() agree on every argument", () => {
  fc.assert(fc.property(fc.oneof(fc.constantFrom(...allowed, ...refused), fc.string()), (arg) => {
    const bySchema = kopiaPolicy.safeParse({ extraArgs: [arg] }).success;
    assert.equal(bySchema, refusedExtraArg(arg) === undefined, arg);
  }));
});

const senseless: Readonly<Record<string, unknown>> = {
  "a compressor kopia does not know": { compression: { compressor: "rar" } },
  "a compressor kopia calls deprecated": { compression: { compressor: "lz4" } },
  "inherit as a compressor": { compression: { compressor: "inherit" } },
  "a splitter kopia does not know": { splitter: "DYNAMIC" },
  "a rule kopia would undo": { ignore: { paths: ["!keep"] } },
  "an empty rule": { ignore: { paths: [""] } },
  "a rule of two lines": { ignore: { paths: ["a\nb"] } },
  "an extension with a folder": { compression: { neverCompress: ["a/b"] } },
  "an extension that would never match": { compression: { neverCompress: ["tar.gz"] } },
  "no files at the same time": { upload: { parallelFiles: 0 } },
  "no upload at all": { upload: { limitMbPerSec: 0 } },
};

for (const [what, given] of Object.entries(senseless)) {
  Deno.test(`kopiaPolicy refuses ${what}`, () => assert.ok(!kopiaPolicy.safeParse(given).success));
}

Deno.test("kopiaPolicy takes every knob at once", () => {
  const whole: KopiaPolicy = {
    compression: { compressor: "zstd-fastest", neverCompress: [".gz", "jpg"] },
    splitter: "DYNAMIC-4M-BUZHASH",
    ignore: {
      paths: ["/cache", "*.tmp", "-x", "@y", "\\!z"],
      cacheDirs: false,
      ignoreIdenticalSnapshots: true,
    },
    upload: { parallelFiles: 8, limitMbPerSec: 50 },
    errorHandling: { ignoreFileErrors: true, ignoreDirErrors: true, ignoreUnknownTypes: false },
    extraArgs: ["--fail-fast"],
  };
  assert.deepEqual(kopiaPolicy.parse(whole), whole);
});
