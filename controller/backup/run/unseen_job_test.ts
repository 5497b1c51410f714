import assert from "node:assert/strict";
import { readerOver } from "../../../tests/support/mod.ts";
import { aDeletedResult, aSavedResult, BackupStage } from "../../../tests/support/backup_stage.ts";

/** A stage of whose Jobs and pods the caches show nothing while `cache.isBehind`. */
function aStage(): { readonly stage: BackupStage; readonly cache: { isBehind: boolean } } {
  const cache = { isBehind: false };
  const isHidden = (kind: string) => cache.isBehind && (kind === "Job" || kind === "Pod");
  const stage = new BackupStage({
    reader: (kube) =>
      readerOver(kube, {
        get: (resource, key) => isHidden(resource.kind) ? undefined : kube.get(resource, key),
        list: (resource, query) => isHidden(resource.kind) ? [] : kube.list(resource, query),
      }),
  });
  return { stage, cache };
}

async function passes(stage: BackupStage): Promise<void> {
  for (let pass = 0; pass < 4; pass++) {
    await stage.pass();
    await stage.clock.advance(20_000);
  }
}

Deno.test("A run gets no second mover because no cache shows how the first one ended", async () => {
  const { stage, cache } = aStage();
  await stage.settle();
  stage.end(stage.job(), 0, aSavedResult("k1"));
  await stage.clock.advance(300_000);
  cache.isBehind = true;
  await passes(stage);
  cache.isBehind = false;
  await stage.settle();
  assert.deepEqual([stage.made.length, stage.status.phase], [1, "Succeeded"]);
});

Deno.test("Deletion is not said to have failed because no cache shows how its mover ended", async () => {
  const { stage, cache } = aStage();
  await stage.settle();
  stage.end(stage.job(), 0, aSavedResult("k1"));
  await stage.settle();
  stage.deleteBackup();
  await stage.settleDeletion();
  const job = stage.jobs.find(({ metadata }) => metadata.name.includes("-delete-")) ?? assert.fail();
  stage.end(job, 0, aDeletedResult(1));
  await stage.clock.advance(300_000);
  cache.isBehind = true;
  await passes(stage);
  assert.equal(stage.status.deletion?.failures, 0);
  cache.isBehind = false;
  await stage.pass();
  assert.equal(stage.backup, undefined);
});
