import assert from "node:assert/strict";
import fc from "fast-check";
import { ANNOTATION, LABEL } from "../../../api/mod.ts";
import { aBackup, type Parts } from "../../../tests/support/mod.ts";
import { putBack } from "./put_back.ts";

const SCHEDULED = { [LABEL.origin]: "scheduled", [LABEL.schedule]: "nightly" };
/** Made by the API server then. */
const creationTimestamp = "2026-01-02T03:00:05Z";

function aMade(name: string, metadata: Parts["metadata"] = {}, parts: Parts = {}) {
  return aBackup({ name, ...parts, metadata: { creationTimestamp, ...metadata } });
}

const cases: readonly [what: string, backup: ReturnType<typeof aBackup>, isPutBack: boolean][] = [
  ["a new one of a person's hand", aMade("before-upgrade"), false],
  ["one of a person's hand with a date in its name", aMade("before-upgrade-20250102030000"), false],
  [
    "one that says what it ran as",
    aMade("before-upgrade", { annotations: { [ANNOTATION.ranAs]: "old" } }),
    true,
  ],
  [
    "one that ended a moment ago, and whose status was not written yet",
    aMade("run", { uid: "own", annotations: { [ANNOTATION.ranAs]: "own" } }),
    false,
  ],
  ["one that says nothing with that word", aMade("x", { annotations: { [ANNOTATION.ranAs]: "" } }), false],
  ["one of its slot", aMade("nightly-20260102030000", { labels: SCHEDULED }), false],
  ["one of last year's slot", aMade("nightly-20250102030000", { labels: SCHEDULED }), true],
  ["one of yesterday's slot", aMade("nightly-20260101030000", { labels: SCHEDULED }), true],
  [
    "one that a schedule makes up for a week later",
    aMade("nightly-20251226030000", {
      labels: SCHEDULED,
      annotations: { [ANNOTATION.madeAt]: creationTimestamp },
    }),
    false,
  ],
  [
    "the same, put back",
    aMade("nightly-20251226030000", {
      labels: SCHEDULED,
      annotations: { [ANNOTATION.madeAt]: "2025-12-27T03:00:00Z" },
    }),
    true,
  ],
  [
    "one whose word nobody can read, of last year's slot",
    aMade("nightly-20250102030000", { labels: SCHEDULED, annotations: { [ANNOTATION.madeAt]: "soon" } }),
    true,
  ],
  ["one that Velero restored", aMade("x", { labels: { "velero.io/restore-name": "r" } }), true],
  [
    "one that a person wants to run again",
    aMade("nightly-20250102030000", { labels: SCHEDULED, annotations: { [ANNOTATION.runAgain]: "true" } }),
    false,
  ],
  [
    "one whose status was put back as well",
    aMade("nightly-20250102030000", { labels: SCHEDULED }, { status: { phase: "Succeeded" } }),
    false,
  ],
  [
    "one that waits since it was put back",
    aMade("nightly-20250102030000", { labels: SCHEDULED }, { status: { phase: "Pending" } }),
    true,
  ],
  [
    "one that was started",
    aMade("nightly-20250102030000", { labels: SCHEDULED }, { status: { phase: "Pending", resolved: {} } }),
    false,
  ],
];

for (const [what, backup, isPutBack] of cases) {
  Deno.test(`putBack() ${isPutBack ? "knows" : "leaves alone"} ${what}`, () => {
    assert.equal(putBack(backup) !== undefined, isPutBack);
  });
}

Deno.test("putBack() names what its snapshots are tagged with, and takes whatever an object holds", () => {
  const annotations = { [ANNOTATION.ranAs]: "old" };
  assert.deepEqual(putBack(aMade("x", { annotations })), {
    backup: "apps/x",
    config: "apps/recipe",
    ranAs: "old",
  });
  const anything = fc.anything({ maxDepth: 3, withNullPrototype: false });
  fc.assert(fc.property(anything, anything, fc.string(), (spec, status, name) => {
    putBack({ ...aMade(name, { annotations, labels: SCHEDULED }), spec, status });
  }));
});
