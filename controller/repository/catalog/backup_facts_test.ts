import assert from "node:assert/strict";
import { aBackup } from "../../../tests/support/mod.ts";
import { backupFacts } from "./backup_facts.ts";
import { aRun, idOf } from "./stage_test.ts";

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
