import assert from "node:assert/strict";
import { aBackupConfig } from "../../../tests/support/mod.ts";
import { aSavedResult, BackupStage } from "../../../tests/support/backup_stage.ts";

Deno.test("Backup counts nothing for a BackupConfig that is gone, for those series would never end", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.kube.delete(aBackupConfig());
  stage.end(stage.job(), 0, aSavedResult("k1"));
  await stage.settle();
  assert.equal(stage.status.phase, "Succeeded");
  assert.deepEqual(await stage.series("kopiur_backups_total"), []);
  assert.deepEqual(await stage.series("kopiur_backup_saved_files_total"), []);
  assert.deepEqual(await stage.series("kopiur_backup_run_duration_seconds_count"), []);
});
