import assert from "node:assert/strict";
import fc from "fast-check";
import { ANNOTATION } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { aBackup } from "../../../tests/support/mod.ts";
import {
  backupFacts,
  byRepositoryText,
  discoveredBackup,
  endedRun,
  listedStock,
  runningSinceMs,
  snapshotIds,
  spanTexts,
} from "./backups_seen.ts";
import { aRun, idOf } from "./stage_test.ts";

Deno.test("byRepositoryText() finds a run by its repository and by when it saw that", () => {
  const repository = { snapshotCount: 1, totalSizeBytes: 1, observedAt: "2026-01-02T03:09:59Z" };
  const run = aRun("run", [1], { status: { repository } });
  const [name, span = ""] = byRepositoryText(run);
  assert.equal(name, "apps/repo");
  const around = (from: string, to: string) =>
    spanTexts("apps/repo", { fromMs: Date.parse(from), toMs: Date.parse(to), most: 10 }).includes(span);
  assert.ok(around("2026-01-02T03:09:00Z", "2026-01-02T03:09:59Z"));
  assert.ok(around("2026-01-02T02:55:00Z", "2026-01-02T03:30:00Z"));
  assert.equal(around("2026-01-02T03:10:00Z", "2026-01-02T04:30:00Z"), false);
  assert.deepEqual(byRepositoryText(aBackup()), [""]);
});

Deno.test("spanTexts() holds the latest when there are too many, and none backwards", () => {
  const hour = 3_600_000;
  assert.equal(spanTexts("x", { fromMs: 0, toMs: hour, most: 100 }).length, 7);
  assert.deepEqual(spanTexts("x", { fromMs: 0, toMs: hour, most: 2 }), ["x@6", "x@5"]);
  assert.deepEqual(spanTexts("x", { fromMs: hour, toMs: 0, most: 100 }), []);
});

Deno.test("endedRun() takes a run that ended, made snapshots of its own and stays", () => {
  assert.deepEqual(endedRun(aRun("run", [1, 2]))?.snapshotIds, [idOf(1), idOf(2)]);
  assert.deepEqual(endedRun(aRun("run", [1], { status: { phase: "Failed" } }))?.snapshotIds, [idOf(1)]);
  assert.equal(endedRun(aRun("run", [])), undefined);
  assert.equal(endedRun(aRun("run", [1], { status: { phase: "Running" } })), undefined);
  const metadata = { deletionTimestamp: "2026-01-02T00:00:00Z" };
  assert.equal(endedRun(aRun("run", [1], { metadata })), undefined);
});

Deno.test("every reader of Backups takes whatever an object holds without throwing", () => {
  const anything = fc.anything({ maxDepth: 4, withNullPrototype: false });
  const hostile = fc.record({
    spec: fc.oneof(anything, fc.record({ discovered: anything })),
    status: fc.oneof(
      anything,
      fc.record({
        phase: fc.constantFrom("Succeeded", "Running", "Failed", 7),
        snapshots: anything,
        repository: anything,
        resolved: anything,
        timing: anything,
      }),
    ),
    note: fc.oneof(fc.string(), fc.json()),
  });
  fc.assert(
    fc.property(hostile, ({ spec, status, note }) => {
      const { metadata, ...rest } = aBackup();
      const annotations = { [ANNOTATION.snapshotMissing]: note };
      const backup: KubeObject = { ...rest, metadata: { ...metadata, annotations }, spec, status };
      assert.ok(byRepositoryText(backup).length >= 1);
      assert.ok(Array.isArray(snapshotIds(backup)));
      for (const read of [discoveredBackup, runningSinceMs, listedStock, endedRun]) read(backup);
    }),
  );
});

Deno.test("backupFacts() names the snapshots of a run that ended", () => {
  const facts = backupFacts(aRun("run", [1, 2], { metadata: { uid: "uid-1" } }));
  assert.deepEqual([facts.uid, facts.discovered], ["uid-1", undefined]);
  assert.deepEqual(facts.snapshotIds, [idOf(1), idOf(2)]);
  assert.deepEqual(facts.ended?.snapshotIds, [idOf(1), idOf(2)]);
});

Deno.test("backupFacts() tells when a run began whose snapshots its status does not name yet", () => {
  const timing = { startTime: "2026-01-01T00:00:00Z" };
  const facts = backupFacts(aBackup({ status: { phase: "Running", timing } }));
  assert.deepEqual([facts.runningSinceMs, facts.ended], [Date.UTC(2026, 0, 1), undefined]);
});
