import assert from "node:assert/strict";
import { aDeletedResult, anyOptions, BackupStage } from "../tests/support/backup_stage.ts";
import { startTelemetryProbe } from "../tests/support/mod.ts";
import { repositoryReconciler } from "./repository/mod.ts";
import { reconcile } from "./runtime/pass/reconcile.ts";

const API = "kopiur.home-operations.com/v1alpha1";

/** Two Backups in a Repository that nobody looked at before. */
function newStage(): BackupStage {
  const stage = new BackupStage({ repository: {} });
  const repository = stage.kube.find(API, "Repository", { namespace: "apps", name: "repo" }) ?? assert.fail();
  stage.kube.put({ ...repository, metadata: { ...repository.metadata, annotations: {} } });
  stage.addEnded(["first", "second"]);
  return stage;
}

/** One pass over the Repository. */
async function look({ kube, clock, slots }: BackupStage): Promise<void> {
  const kind = repositoryReconciler(anyOptions, slots);
  kube.declare(kind);
  const deps = {
    reader: kube,
    writer: kube,
    events: kube,
    telemetry: startTelemetryProbe(clock).telemetry,
    clock,
    random: () => 0.5,
    newId: () => "pass",
  };
  const key = { namespace: "apps", name: "repo" };
  await reconcile({ kind, key }, "owned", deps, new AbortController().signal);
}

/** Deletes the first Backup, and answers with the seconds until it is gone. */
async function secondsToDelete(stage: BackupStage): Promise<number> {
  stage.deleteBackup("first");
  for (let seconds = 0; seconds < 1200; seconds += 10) {
    await stage.settle("first");
    for (const job of stage.jobs) stage.end(job, 0, aDeletedResult(1));
    await stage.settle("first");
    if (stage.phaseAndReason("first") === "gone") return seconds;
    await stage.clock.advance(10_000);
  }
  return assert.fail(stage.messageOf("first"));
}

Deno.test("the first deletion ever takes ten seconds where the Repository is older than a window", async () => {
  const stage = newStage();
  await look(stage);
  await stage.clock.advance(600_000);
  assert.equal(await secondsToDelete(stage), 10);
});

Deno.test("a memory that is taken away costs a whole window, whoever looks first", async () => {
  for (const isLookedAt of [true, false]) {
    const stage = newStage();
    if (isLookedAt) await look(stage);
    assert.ok(await secondsToDelete(stage) >= 600);
  }
});
