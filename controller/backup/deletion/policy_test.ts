/** What becomes of snapshots when a recipe goes together with its Backups. */
import assert from "node:assert/strict";
import type { DeletionPolicy } from "../../../api/mod.ts";
import { aDeletedResult, BackupStage } from "../../../tests/support/backup_stage.ts";
import { policyOf } from "./policy.ts";

const API = "kopiur.home-operations.com/v1alpha1";
const orphaned = 'kopiur_orphaned_snapshots_total{namespace="apps"}';
const names = ["old-1", "old-2", "old-3"];

function config(stage: BackupStage) {
  return stage.kube.find(API, "BackupConfig", { namespace: "apps", name: "recipe" }) ?? assert.fail();
}

/** The recipe says something else from now on; its Backups that ended are passed over as its watch has them be. */
async function edit(stage: BackupStage, defaultDeletionPolicy: DeletionPolicy | undefined): Promise<number> {
  const { defaultDeletionPolicy: _, ...spec } = Object(config(stage).spec);
  const edited = stage.kube.put({
    ...config(stage),
    spec: { ...spec, ...(defaultDeletionPolicy === undefined ? {} : { defaultDeletionPolicy }) },
  });
  const before = stage.kube.writes.length;
  const woken = stage.wokenBy({
    ...config(stage),
    metadata: { ...config(stage).metadata, ...edited.metadata },
  });
  for (const name of woken) await stage.settle(name);
  return stage.kube.writes.slice(before).filter((write) => write.includes("old-")).length;
}

/** One `kubectl delete -f` of everything. */
async function deleteTogether(stage: BackupStage): Promise<void> {
  stage.delete(API, "BackupConfig", "recipe");
  stage.deleteBackup(...names);
  await stage.settleAll();
  await stage.clock.advance(10_000);
  await stage.settleAll();
  for (const job of stage.jobs.filter(({ metadata }) => metadata.name.includes("-delete-"))) {
    stage.end(job, 0, aDeletedResult(1));
  }
  await stage.settleAll();
  assert.deepEqual(names.map((name) => stage.phaseAndReason(name)), ["gone", "gone", "gone"]);
}

function deletions(stage: BackupStage): number {
  return stage.made.filter((name) => name.includes("-delete-")).length;
}

function aStage(): BackupStage {
  const stage = new BackupStage({ maxMovers: 0 });
  stage.addEnded(names);
  return stage;
}

for (const [word, count] of [["Retain", 0], ["Orphan", 3]] as const) {
  Deno.test(`Backups that go with a recipe that said ${word} last leave their snapshots`, async () => {
    const stage = aStage();
    assert.equal(await edit(stage, word), names.length, "one write each");
    stage.restart();
    await deleteTogether(stage);
    assert.equal(deletions(stage), 0);
    assert.deepEqual(await stage.series(orphaned), [`${orphaned} ${count}`]);
  });
}

for (const word of ["Delete", undefined] as const) {
  Deno.test(`Backups that go with a recipe that said ${word ?? "nothing"} again are deleted as when they were made`, async () => {
    const stage = aStage();
    await edit(stage, "Retain");
    assert.equal(await edit(stage, word), names.length);
    await deleteTogether(stage);
    assert.equal(deletions(stage), 3);
  });
}

Deno.test("an edit that leaves the word as it is, and a word that is known already, cost no write and wake no Backup", async () => {
  const stage = aStage();
  await stage.settleAll();
  for (const word of ["Delete", undefined] as const) assert.equal(await edit(stage, word), 0);
  await edit(stage, "Retain");
  assert.equal(await edit(stage, "Retain"), 0);
  assert.deepEqual(stage.wokenBy(config(stage)).filter((name) => name.startsWith("old-")), []);
});

Deno.test("a recipe that is made anew is asked again, and not what the former one said", async () => {
  const stage = aStage();
  await edit(stage, "Retain");
  const former = config(stage);
  stage.delete(API, "BackupConfig", "recipe");
  await stage.settleAll();
  const { defaultDeletionPolicy: _, ...spec } = Object(former.spec);
  stage.kube.put({ ...former, metadata: { ...former.metadata, uid: "another" }, spec });
  stage.deleteBackup("old-1");
  await stage.settleAll();
  await stage.clock.advance(10_000);
  await stage.settleAll();
  assert.equal(deletions(stage), 1);
});

Deno.test("policyOf() takes the last word of a recipe only when it is gone, and the more careful one of two", () => {
  const cases: readonly [Parameters<typeof policyOf>[0], DeletionPolicy][] = [
    [{ own: undefined, pinned: "Delete", today: undefined, last: "Retain" }, "Retain"],
    [{ own: undefined, pinned: "Delete", today: "Delete", last: "Retain" }, "Delete"],
    [{ own: undefined, pinned: "Retain", today: undefined, last: "Delete" }, "Retain"],
    [{ own: undefined, pinned: "Retain", today: undefined, last: "Orphan" }, "Orphan"],
    [{ own: "Delete", pinned: "Delete", today: undefined, last: "Retain" }, "Delete"],
    [{ own: undefined, pinned: undefined, today: undefined, last: undefined }, "Delete"],
  ];
  for (const [words, policy] of cases) assert.equal(policyOf(words), policy, JSON.stringify(words));
});

for (const [word, is] of [["Retain", 0], ["Orphan", 0], ["Delete", 3]] as const) {
  Deno.test(`the last word ${word} of a recipe counts though no pass saw it before the recipe was gone`, async () => {
    const stage = aStage();
    await stage.settleAll();
    stage.kube.put({
      ...config(stage),
      spec: { ...Object(config(stage).spec), defaultDeletionPolicy: word },
    });
    await deleteTogether(stage);
    assert.equal(deletions(stage), is);
  });
}
