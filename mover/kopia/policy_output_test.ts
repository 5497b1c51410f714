import assert from "node:assert/strict";
import fc from "fast-check";
import { MoverError } from "../mover_error.ts";
import { parseRetentionPolicy, parseTwoPolicies } from "./policy_output.ts";

function isUnexpected(error: unknown): boolean {
  return error instanceof MoverError && error.failureClass === "UnexpectedOutput";
}

const policies: Readonly<Record<string, { given: unknown; want: ReturnType<typeof parseRetentionPolicy> }>> =
  {
    "knows kopia's own keeps": {
      given: { keepLatest: 10, keepHourly: 48, keepDaily: 7, keepWeekly: 4, keepMonthly: 24, keepAnnual: 3 },
      want: { keepSum: 96, ignoreIdenticalSnapshots: false, keepsAreBuiltIn: true },
    },
    "knows that six zeros keep everything": {
      given: { keepLatest: 0, keepHourly: 0, keepDaily: 0, keepWeekly: 0, keepMonthly: 0, keepAnnual: 0 },
      want: { keepSum: 0, ignoreIdenticalSnapshots: false, keepsAreBuiltIn: false },
    },
    "takes no keeps for zeros": {
      given: {},
      want: { keepSum: 0, ignoreIdenticalSnapshots: false, keepsAreBuiltIn: false },
    },
    "sees one keep that is set": {
      given: { keepAnnual: 1 },
      want: { keepSum: 1, ignoreIdenticalSnapshots: false, keepsAreBuiltIn: false },
    },
    "bears the largest number there is": {
      given: { keepLatest: 9223372036854775807n },
      want: { keepSum: 9223372036854775807, ignoreIdenticalSnapshots: false, keepsAreBuiltIn: false },
    },
    "sees that identical snapshots are dropped": {
      given: { ignoreIdenticalSnapshots: true },
      want: { keepSum: 0, ignoreIdenticalSnapshots: true, keepsAreBuiltIn: false },
    },
  };

for (const [sentence, { given, want }] of Object.entries(policies)) {
  Deno.test(`parseRetentionPolicy() ${sentence}`, () => {
    const retention = JSON.stringify(given, (_, value) => typeof value === "bigint" ? `big${value}` : value)
      .replace(/"big(\d+)"/, "$1");
    assert.deepEqual(parseRetentionPolicy(`{"retention":${retention},"files":{}}`), want);
  });
}

/** As kopia 0.23.1 prints it. */
const shown = JSON.stringify({
  retention: { keepLatest: 10, keepAnnual: 3, ignoreIdenticalSnapshots: true },
  files: { ignore: ["*.log"], ignoreDotFiles: [".kopiaignore"], ignoreCacheDirs: false },
  errorHandling: { ignoreFileErrors: true, ignoreDirectoryErrors: false, ignoreUnknownTypes: true },
  scheduling: { runMissed: true },
  compression: { compressorName: "zstd", neverCompress: [".gz"] },
  metadataCompression: { compressorName: "zstd-fastest" },
  splitter: { algorithm: "FIXED-4M" },
  upload: { maxParallelSnapshots: 1 },
});

Deno.test("parseTwoPolicies() reads what a mover sets, in the order of the targets", () => {
  const [one, other] = parseTwoPolicies(`a note\n${shown}\n{}\n`);
  assert.deepEqual(one, {
    retention: { keepSum: 13, ignoreIdenticalSnapshots: true, keepsAreBuiltIn: false },
    compressor: "zstd",
    metadataCompressor: "zstd-fastest",
    neverCompress: [".gz"],
    splitter: "FIXED-4M",
    ignore: ["*.log"],
    ignoreCacheDirs: false,
    ignoreFileErrors: true,
    ignoreDirErrors: false,
    ignoreUnknownTypes: true,
  });
  assert.deepEqual(other, {
    retention: { keepSum: 0, ignoreIdenticalSnapshots: false, keepsAreBuiltIn: false },
    neverCompress: [],
    ignore: [],
  });
});

Deno.test("parseTwoPolicies() takes exactly two", () => {
  for (const text of ["", shown, `${shown}\n${shown}\n${shown}`, `[${shown}]`]) {
    assert.throws(() => parseTwoPolicies(text), isUnexpected);
  }
});

Deno.test("the parsers of policies throw nothing but UnexpectedOutput at any prefix and any text", () => {
  const whole = `${shown}\n${shown}\n`;
  fc.assert(fc.property(
    fc.oneof(fc.string(), fc.json(), fc.nat(whole.length).map((end) => whole.slice(0, end))),
    (text) => {
      for (const parse of [parseRetentionPolicy, parseTwoPolicies]) {
        try {
          parse(text);
        } catch (error) {
          assert.ok(isUnexpected(error), String(error));
        }
      }
    },
  ));
});
