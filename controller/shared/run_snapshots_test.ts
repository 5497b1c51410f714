import assert from "node:assert/strict";
import fc from "fast-check";
import { ANNOTATION } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { aBackup } from "../../tests/support/mod.ts";
import { judgedRun, runSnapshots } from "./run_snapshots.ts";

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

/** Paths of what a run saved, by whether a note calls it missing. */
function paths(run: KubeObject, missing: boolean): readonly string[] {
  return runSnapshots(run).saved.filter(({ isMissing }) => isMissing === missing).map(({ path }) => path);
}

Deno.test("runSnapshots() tells what a run saved from what it found unchanged", () => {
  assert.deepEqual(paths(aRun(), false), ["/a", "/d"]);
  assert.deepEqual(runSnapshots(aRun()).unchanged, ["/b"]);
  assert.deepEqual(runSnapshots(aRun()).failed, ["/c"]);
});

Deno.test("runSnapshots() says of a snapshot that a note calls it missing, and of every other that none does", () => {
  const note = JSON.stringify({ at: "2026-01-01T00:00:00Z", ids: ["k1"] });
  assert.deepEqual([paths(aRun(note), true), paths(aRun(note), false)], [["/a"], ["/d"]]);
});

Deno.test("runSnapshots() believes no note that was spoilt", () => {
  for (const note of ["", "k1", '{"ids": ["k1"]}', '{"at": "2026-01-01T00:00:00Z", "ids": ["k1"']) {
    assert.deepEqual(paths(aRun(note), false), ["/a", "/d"], note);
  }
});

Deno.test("runSnapshots() reads only numbers that are counts, and takes an odd unreadable part for one of unknown size", () => {
  const read = (parts: Readonly<Record<string, unknown>>) => {
    const entry = { source: "a", sourcePath: "/a", phase: "Succeeded", kopiaSnapshotID: "k1", ...parts };
    const [saved] = runSnapshots(aBackup({ status: { phase: "Succeeded", snapshots: [entry] } })).saved;
    return [saved?.files, saved?.bytes, saved?.unreadable];
  };
  assert.deepEqual(read({}), [undefined, undefined, 0]);
  assert.deepEqual(read({ files: 0, sizeBytes: 7, unreadable: { count: 3, paths: [] } }), [0, 7, 3]);
  for (const odd of [-1, 0.5, 2 ** 53, 1e300, NaN, Infinity, "7", null]) {
    assert.deepEqual(read({ files: odd, sizeBytes: odd }), [undefined, undefined, 0], String(odd));
    assert.equal(read({ unreadable: { count: odd } })[2], undefined, String(odd));
  }
  for (const odd of [{}, { count: 0 }, "some", true]) {
    assert.equal(read({ unreadable: odd })[2], undefined);
    assert.equal(read({ names: { lost: odd } })[2], undefined);
  }
  const names = { renamed: { count: 9 }, lost: { count: 2 } };
  assert.equal(read({ names })[2], 2, "what lost its name is missing, what was renamed is not");
  assert.equal(read({ names, unreadable: { count: 3 } })[2], 5);
});

Deno.test("runSnapshots() survives a status of any form", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.array(fc.jsonValue()), (any, list) => {
    for (const status of [any, { snapshots: any }, { snapshots: list }]) {
      const { saved, unchanged, failed } = runSnapshots({ ...aBackup(), status });
      assert.deepEqual([saved, unchanged, failed], [[], [], []]);
    }
  }));
});

Deno.test("judgedRun() is as new as its end, or as the last snapshot of one that was deleted before it", () => {
  const creationTimestamp = "2026-01-02T03:00:00Z";
  const saved = [
    { ...snapshots[0], endTime: "2026-01-02T05:00:00Z" },
    { ...snapshots[3], endTime: "2026-01-02T04:00:00Z" },
    { ...snapshots[2], endTime: "no time" },
  ];
  const timeOf = (status: Readonly<Record<string, unknown>>) => {
    const run = judgedRun(aBackup({ metadata: { creationTimestamp }, status }));
    return new Date(run?.timeMs ?? NaN).toISOString();
  };
  assert.equal(timeOf({ phase: "Deleting", snapshots: saved }), "2026-01-02T05:00:00.000Z");
  assert.equal(timeOf({ phase: "Deleting", snapshots }), "2026-01-02T03:00:00.000Z");
  const timing = { endTime: "2026-01-02T06:00:00Z" };
  assert.equal(timeOf({ phase: "Succeeded", snapshots: saved, timing }), "2026-01-02T06:00:00.000Z");
});
