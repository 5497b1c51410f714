import assert from "node:assert/strict";
import { aBackup } from "../../tests/support/mod.ts";
import { BackupReader } from "./backup_reader.ts";
import { aRun, idOf } from "./catalog_stage_test.ts";

Deno.test("BackupReader reads an object once, and one that took its place anew", () => {
  const reader = new BackupReader();
  const run = aRun("run", [1], { metadata: { uid: "uid-1" } });
  const facts = reader.read(run);
  assert.deepEqual([facts.uid, facts.snapshotIds, facts.discovered], ["uid-1", [idOf(1)], undefined]);
  assert.deepEqual(facts.ended?.snapshotIds, [idOf(1)]);
  assert.equal(reader.read(run), facts);
  const changed = reader.read(aRun("run", [1, 2], { metadata: { uid: "uid-1" } }));
  assert.deepEqual(changed.ended?.snapshotIds, [idOf(1), idOf(2)]);
});

Deno.test("BackupReader tells when a run began whose snapshots its status does not name yet", () => {
  const timing = { startTime: "2026-01-01T00:00:00Z" };
  const facts = new BackupReader().read(aBackup({ status: { phase: "Running", timing } }));
  assert.deepEqual([facts.runningSinceMs, facts.ended], [Date.UTC(2026, 0, 1), undefined]);
});
