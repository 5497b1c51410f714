import assert from "node:assert/strict";
import { API_VERSION, FINALIZER } from "../../../api/mod.ts";
import { aDeletedResult, BackupStage } from "../../../tests/support/backup_stage.ts";

function finalizersOf(stage: BackupStage, name: string): readonly string[] | undefined {
  return stage.kube.find(API_VERSION, "Backup", { namespace: "apps", name })?.metadata.finalizers;
}

/** Backups as a person leaves them who has dropped the finalizers after an uninstall. */
function leftStage(names: readonly string[]): BackupStage {
  const stage = new BackupStage();
  stage.addEnded(names, { metadata: { finalizers: [] } });
  return stage;
}

Deno.test("A controller that is installed again takes up the Backups there are, with one write each", async () => {
  const stage = leftStage(["old-1", "old-2"]);
  const before = stage.kube.writes.length;
  for (const name of ["old-1", "old-2", "old-1"]) await stage.settle(name);
  assert.deepEqual([finalizersOf(stage, "old-1"), finalizersOf(stage, "old-2")], [[FINALIZER], [FINALIZER]]);
  assert.deepEqual(
    stage.kube.writes.slice(before),
    ["old-1", "old-2"].map((name) => `finalizer present Backup apps/${name}`),
  );
  stage.deleteBackup("old-1");
  await stage.settle("old-1");
  await stage.clock.advance(60_000);
  await stage.settle("old-1");
  stage.end(stage.job(), 0, aDeletedResult(1));
  await stage.settle("old-1");
  assert.equal(stage.phaseAndReason("old-1"), "gone");
  assert.equal(stage.kube.events.filter(({ reason }) => reason === "SnapshotDeleted").length, 1);
});

Deno.test("A controller that is installed again takes up nothing that has no snapshot to delete", async () => {
  const stage = new BackupStage();
  stage.addEnded(["failed"], {
    metadata: { finalizers: [] },
    status: {
      phase: "Failed",
      snapshots: [{
        source: "data",
        sourcePath: "/pvc/data",
        phase: "Failed",
        failure: { class: "AccessDenied", message: "denied" },
        job: { name: "x", attempts: 1 },
      }],
    },
  });
  await stage.settle("failed");
  assert.deepEqual(finalizersOf(stage, "failed"), []);
});
