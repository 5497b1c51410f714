import assert from "node:assert/strict";
import fc from "fast-check";
import { ANNOTATION } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { aBackup } from "../../../tests/support/mod.ts";
import { runFacts } from "./facts.ts";
import { newestFirst } from "../retention/whole_snapshots.ts";

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
  return runFacts(run).saved.filter(({ isMissing }) => isMissing === missing).map(({ path }) => path);
}

Deno.test("runFacts() has the end of a run as its time, before that its making", () => {
  const timing = { startTime: "2026-01-01T00:00:00Z", endTime: "2026-01-02T00:00:00.5Z" };
  const { timeMs, endedMs, startedMs, phase, config } = runFacts(
    aBackup({ status: { phase: "Succeeded", timing } }),
  );
  assert.deepEqual(
    { timeMs, endedMs, startedMs, phase, config },
    {
      timeMs: Date.parse("2026-01-02T00:00:00.5Z"),
      endedMs: Date.parse("2026-01-02T00:00:00.5Z"),
      startedMs: Date.parse("2026-01-01T00:00:00Z"),
      phase: "Succeeded",
      config: "recipe",
    },
  );
  assert.equal(runFacts(aBackup()).timeMs, Date.parse("2026-01-01T00:00:00Z"));
  const odd = runFacts(aBackup({ status: { timing: { endTime: "never" } } }));
  assert.deepEqual([odd.phase, odd.endedMs, odd.timeMs], ["Pending", undefined, odd.createdMs]);
});

Deno.test("runFacts() knows no config by a name that is none", () => {
  assert.equal(runFacts(aBackup({ spec: { configRef: { name: 7 } } })).config, undefined);
  assert.equal(runFacts(aBackup({ spec: { configRef: null } })).config, undefined);
});

Deno.test("runFacts() reads an object once", () => {
  const backup = aRun();
  assert.equal(runFacts(backup), runFacts(backup));
  assert.notEqual(runFacts(backup), runFacts({ ...backup }));
});

Deno.test("newestFirst() orders runs of one moment by name", () => {
  const at = (name: string, endTime: string) => runFacts(aBackup({ name, status: { timing: { endTime } } }));
  const runs = [
    at("a", "2026-01-01T00:00:00Z"),
    at("b", "2026-01-01T00:00:00Z"),
    at("c", "2026-01-02T00:00:00Z"),
  ];
  assert.deepEqual(runs.toSorted(newestFirst).map(({ name }) => name), ["c", "b", "a"]);
  assert.deepEqual(runs.toReversed().toSorted(newestFirst).map(({ name }) => name), ["c", "b", "a"]);
});

Deno.test("runFacts() believes the conditions of a run, and none of another form", () => {
  const of = (...conditions: readonly unknown[]) => {
    const facts = runFacts(aBackup({ status: { phase: "Succeeded", conditions } }));
    return [facts.readyReason, facts.isComplete, facts.wasStopped, facts.isHeld];
  };
  assert.deepEqual(of(), [undefined, true, false, false]);
  assert.deepEqual(
    of(
      { type: "Ready", status: "Unknown", reason: "NoSlot" },
      { type: "Complete", status: "False", reason: "SourcesFailed" },
      { type: "SnapshotCreated", status: "False", reason: "Replaced" },
      { type: "DeletionHeld", status: "True", reason: "MassDeletionHeld" },
    ),
    ["NoSlot", false, true, true],
  );
  assert.deepEqual(of(null, "Ready", { type: 7 }, { type: "DeletionHeld", status: true }), of());
});

Deno.test("runFacts() tells what a run saved from what it found unchanged", () => {
  assert.deepEqual(paths(aRun(), false), ["/a", "/d"]);
  assert.deepEqual(runFacts(aRun()).unchanged, ["/b"]);
  assert.deepEqual(runFacts(aRun()).failed, ["/c"]);
});

Deno.test("runFacts() says of a snapshot that a note calls it missing, and of every other that none does", () => {
  const note = JSON.stringify({ at: "2026-01-01T00:00:00Z", ids: ["k1"] });
  assert.deepEqual([paths(aRun(note), true), paths(aRun(note), false)], [["/a"], ["/d"]]);
});

Deno.test("runFacts() believes no note that was spoilt", () => {
  for (const note of ["", "k1", '{"ids": ["k1"]}', '{"at": "2026-01-01T00:00:00Z", "ids": ["k1"']) {
    assert.deepEqual(paths(aRun(note), false), ["/a", "/d"], note);
  }
});

Deno.test("runFacts() reads only numbers that are counts, and takes an odd unreadable part for one of unknown size", () => {
  const read = (parts: Readonly<Record<string, unknown>>) => {
    const entry = { source: "a", sourcePath: "/a", phase: "Succeeded", kopiaSnapshotID: "k1", ...parts };
    const [saved] = runFacts(aBackup({ status: { phase: "Succeeded", snapshots: [entry] } })).saved;
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

Deno.test("runFacts() survives a status of any form", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.array(fc.jsonValue()), (any, list) => {
    for (const status of [any, { snapshots: any }, { snapshots: list }]) {
      const { saved, unchanged, failed } = runFacts({ ...aBackup(), status });
      assert.deepEqual([saved, unchanged, failed], [[], [], []]);
    }
  }));
});

Deno.test("runFacts() says when a run was last heard of: its end, or the last snapshot of one that was deleted before", () => {
  const creationTimestamp = "2026-01-02T03:00:00Z";
  const saved = [
    { ...snapshots[0], endTime: "2026-01-02T05:00:00Z" },
    { ...snapshots[3], endTime: "2026-01-02T04:00:00Z" },
    { ...snapshots[2], endTime: "no time" },
  ];
  const timeOf = (status: Readonly<Record<string, unknown>>) => {
    return new Date(runFacts(aBackup({ metadata: { creationTimestamp }, status })).lastMs).toISOString();
  };
  assert.equal(timeOf({ phase: "Deleting", snapshots: saved }), "2026-01-02T05:00:00.000Z");
  assert.equal(timeOf({ phase: "Deleting", snapshots }), "2026-01-02T03:00:00.000Z");
  const timing = { endTime: "2026-01-02T06:00:00Z" };
  assert.equal(timeOf({ phase: "Succeeded", snapshots: saved, timing }), "2026-01-02T06:00:00.000Z");
});
