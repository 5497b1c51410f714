import assert from "node:assert/strict";
import { ANNOTATION } from "../../../api/mod.ts";
import { aSavedResult, BackupStage } from "../../../tests/support/backup_stage.ts";

/** A Backup that succeeded long ago with snapshot `k-old`, whose annotation says `text`. */
async function stageWith(text: string): Promise<BackupStage> {
  const stage = new BackupStage();
  stage.addEnded(["old"]);
  await stage.settle("old");
  stage.annotate({ [ANNOTATION.snapshotMissing]: text }, "old");
  await stage.settle("old");
  return stage;
}

function presence(stage: BackupStage): readonly string[] {
  const conditions = stage.backups.find(({ metadata }) => metadata.name === "old")?.status as {
    readonly conditions: readonly {
      readonly type: string;
      readonly status: string;
      readonly message: string;
    }[];
  };
  return conditions.conditions.filter(({ type }) => type === "SnapshotPresent")
    .map(({ status, message }) => `${status}: ${message}`);
}

const gone = (ids: readonly string[]) => JSON.stringify({ at: "2026-01-02T04:00:00Z", ids });

Deno.test("Backup whose snapshot is gone stays Succeeded, is not Ready, and tells it once", async () => {
  const stage = await stageWith(gone(["k-other", "k-old"]));
  assert.equal(stage.phaseAndReason("old"), "Succeeded SnapshotMissing");
  assert.deepEqual(presence(stage), [
    'False: Gone from the repository, as seen at 2026-01-02T04:00:00Z: k-old of "data"',
  ]);
  stage.restart();
  await stage.settle("old");
  assert.deepEqual(stage.events, ["Warning SnapshotMissing on Backup"]);
  assert.equal(stage.kube.writes.filter((write) => write.startsWith("status Backup apps/old")).length, 1);
});

Deno.test("Backup whose snapshot is seen again says so, and not that it was made again", async () => {
  const stage = await stageWith(gone(["k-old"]));
  stage.annotate({ [ANNOTATION.snapshotMissing]: null }, "old");
  await stage.settle("old");
  assert.equal(stage.phaseAndReason("old"), "Succeeded BackupSucceeded");
  assert.deepEqual(presence(stage), ["True: The repository holds the snapshots"]);
  assert.deepEqual(stage.events, [
    "Warning SnapshotMissing on Backup",
    "Normal SnapshotPresent on Backup",
  ]);
});

for (
  const [what, text] of Object.entries({
    "none of its snapshots": gone(["k-other"]),
    "no snapshot at all": gone([]),
  })
) {
  Deno.test(`Backup whose annotation names ${what} says nothing`, async () => {
    const stage = await stageWith(text);
    assert.equal(stage.phaseAndReason("old"), "Succeeded BackupSucceeded");
    assert.deepEqual([presence(stage), stage.events], [[], []]);
  });
}

for (const text of ["", "{", '{"at":"yesterday","ids":["k-old"]}']) {
  Deno.test(`Backup whose annotation is ${JSON.stringify(text)} says what it said before`, async () => {
    const stage = await stageWith(text);
    assert.equal(stage.phaseAndReason("old"), "Succeeded BackupSucceeded");
    assert.deepEqual([presence(stage), stage.events], [[], []]);
    stage.annotate({ [ANNOTATION.snapshotMissing]: gone(["k-old"]) }, "old");
    await stage.settle("old");
    const said = presence(stage);
    stage.annotate({ [ANNOTATION.snapshotMissing]: text }, "old");
    await stage.settle("old");
    assert.equal(stage.phaseAndReason("old"), "Succeeded SnapshotMissing");
    assert.deepEqual([presence(stage), stage.events], [said, ["Warning SnapshotMissing on Backup"]]);
  });
}

Deno.test("Backup that found nothing changed notices when the snapshot it stands on is gone", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.end(stage.job(), 0, aSavedResult("k0", { unchanged: true }));
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Succeeded Unchanged");
  stage.annotate({ [ANNOTATION.snapshotMissing]: gone(["k0"]) });
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Succeeded SnapshotMissing");
  assert.ok(stage.conditions.includes("SnapshotPresent=False SnapshotMissing"), stage.conditions.join());
  stage.annotate({ [ANNOTATION.snapshotMissing]: null });
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Succeeded Unchanged");
});
