import assert from "node:assert/strict";
import { aSavedResult, BackupStage } from "../../../tests/support/backup_stage.ts";

const unchanged = (id: string) => aSavedResult(id, { unchanged: true });

Deno.test("Backup of a source that did not change succeeds without a snapshot of its own, and says so", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.end(stage.job(), 0, unchanged("k0"));
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Succeeded Unchanged");
  const [entry] = stage.status.snapshots ?? [];
  assert.deepEqual([entry?.kopiaSnapshotID, entry?.unchanged, entry?.unchangedSince], [
    undefined,
    true,
    "k0",
  ]);
  assert.equal(stage.status.message, 'Nothing changed, so no snapshot was made: "data" since k0');
  assert.ok(stage.conditions.includes("SnapshotCreated=False Unchanged"), stage.conditions.join());
  assert.ok(stage.conditions.includes("Complete=True Complete"), stage.conditions.join());
  assert.ok(stage.events.includes("Normal BackupSucceeded on Backup"), stage.events.join());
  assert.equal(stage.kube.events.at(-2)?.note, 'Nothing changed in "data" since snapshot k0');
  assert.deepEqual(await stage.series("kopiur_backups_total"), [
    'kopiur_backups_total{namespace="apps",name="recipe",outcome="success"} 1',
  ]);
  stage.restart();
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Succeeded Unchanged");
});

Deno.test("Deleting a Backup without a snapshot of its own deletes none", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.end(stage.job(), 0, unchanged("k0"));
  await stage.settle();
  stage.deleteBackup();
  await stage.settle();
  assert.equal(stage.backup, undefined);
  assert.equal(stage.made.length, 1);
  assert.deepEqual(await stage.series("kopiur_orphaned"), [
    'kopiur_orphaned_snapshots_total{namespace="apps"} 0',
  ]);
});

Deno.test("Backup of two sources of which one changed is a success like any other", async () => {
  const stage = new BackupStage({ sources: ["data", "logs"] });
  await stage.settle();
  stage.end(stage.job("data"), 0, unchanged("k0"));
  stage.end(stage.job("logs"), 0, aSavedResult("k1"));
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Succeeded BackupSucceeded");
  assert.equal(
    stage.kube.events.find(({ reason }) => reason === "BackupSucceeded")?.note,
    'Nothing changed in "data" since snapshot k0; Snapshot k1 of "logs": 10 files, 1000 bytes',
  );
});

Deno.test("Backup says what the mover that ended last saw in the repository", async () => {
  const stage = new BackupStage({ sources: ["data", "logs"] });
  await stage.settle();
  assert.equal(stage.status.repository, undefined);
  stage.end(
    stage.job("data"),
    0,
    aSavedResult("k1", { repository: { snapshotCount: 4, totalSizeBytes: 9 } }),
  );
  await stage.settle();
  const observedAt = "2026-01-02T03:04:00Z";
  assert.deepEqual(stage.status.repository, { snapshotCount: 4, totalSizeBytes: 9, observedAt });
  stage.end(stage.job("logs"), 0, aSavedResult("k2"));
  await stage.settle();
  assert.deepEqual(stage.status.repository, { snapshotCount: 4, totalSizeBytes: 9, observedAt });
});
