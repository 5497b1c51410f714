import assert from "node:assert/strict";
import fc from "fast-check";
import { ANNOTATION } from "../../api/mod.ts";
import { aBackup } from "../../tests/support/mod.ts";
import { runSnapshots } from "./run_snapshots.ts";

const snapshots = [
  { source: "a", sourcePath: "/a", phase: "Succeeded", kopiaSnapshotID: "k1" },
  { source: "b", sourcePath: "/b", phase: "Succeeded", unchanged: true, unchangedSince: "k0" },
  { source: "c", sourcePath: "/c", phase: "Failed" },
  { source: "d", sourcePath: "/d", phase: "Succeeded", kopiaSnapshotID: "k2" },
];

function aRun(note?: string) {
  const metadata = note === undefined ? {} : { annotations: { [ANNOTATION.snapshotMissing]: note } };
  return aBackup({ metadata, status: { phase: "Succeeded", snapshots } });
}

Deno.test("runSnapshots() tells what a run saved from what it found unchanged", () => {
  assert.deepEqual(runSnapshots(aRun()), { saved: ["/a", "/d"], unchanged: ["/b"] });
});

Deno.test("runSnapshots() does not count what is gone from the repository", () => {
  const note = JSON.stringify({ at: "2026-01-01T00:00:00Z", ids: ["k1"] });
  assert.deepEqual(runSnapshots(aRun(note)).saved, ["/d"]);
});

Deno.test("runSnapshots() counts every snapshot when the note of what is gone was spoilt", () => {
  for (const note of ["", "k1", '{"ids": ["k1"]}', '{"at": "2026-01-01T00:00:00Z", "ids": ["k1"']) {
    assert.deepEqual(runSnapshots(aRun(note)).saved, ["/a", "/d"], note);
  }
});

Deno.test("runSnapshots() survives a status of any form", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.array(fc.jsonValue()), (any, list) => {
    for (const status of [any, { snapshots: any }, { snapshots: list }]) {
      const { saved, unchanged } = runSnapshots({ ...aBackup(), status });
      assert.deepEqual([saved, unchanged], [[], []]);
    }
  }));
});
