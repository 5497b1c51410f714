import assert from "node:assert/strict";
import type { KubeObject } from "../../../kube/types.ts";
import { aSavedResult, BackupStage } from "../../../tests/support/backup_stage.ts";

const running = {
  phase: "Running",
  containerStatuses: [{ name: "mover", state: { running: { startedAt: "2026-01-02T03:05:05Z" } } }],
};
const unscheduled = {
  phase: "Pending",
  conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "no node" }],
};

/** A Backup whose mover pod waits for a node, at its start deadline; its Job goes only when it is let go. */
async function lateStage(): Promise<BackupStage> {
  const stage = new BackupStage({ backup: { spec: { failurePolicy: { startDeadlineSeconds: 60 } } } });
  await stage.settle();
  const job = stage.job();
  stage.kube.put({ ...job, metadata: { ...job.metadata, finalizers: ["foregroundDeletion"] } });
  stage.pod(stage.job(), unscheduled);
  await stage.settle();
  await stage.clock.advance(60_000);
  return stage;
}

function podOf(stage: BackupStage): KubeObject {
  const [pod] = stage.kube.list({ group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true });
  return pod ?? assert.fail("there is no pod");
}

/** What the garbage collector does in the end. */
function letGo(stage: BackupStage): void {
  const job = stage.job();
  stage.kube.delete(podOf(stage));
  stage.kube.delete(stage.kube.put({ ...job, metadata: { ...job.metadata, finalizers: [] } }));
}

function failure(stage: BackupStage) {
  return stage.status.snapshots?.[0]?.failure;
}

Deno.test("Backup whose mover starts at its start deadline, before it is stopped, goes on and succeeds", async () => {
  const stage = await lateStage();
  await stage.pass();
  assert.equal(stage.status.snapshots?.[0]?.job?.stoppedAt, "2026-01-02T03:05:05Z");
  stage.pod(stage.job(), running);
  await stage.settle();
  assert.equal(stage.job().metadata.deletionTimestamp, undefined);
  assert.equal(stage.status.snapshots?.[0]?.job?.stoppedAt, undefined);
  stage.end(stage.job(), 0, aSavedResult("k1"));
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Succeeded BackupSucceeded");
});

Deno.test("Backup whose mover starts while it is being stopped knows that it may have saved something", async () => {
  const stage = await lateStage();
  await stage.settle();
  assert.ok(stage.job().metadata.deletionTimestamp !== undefined);
  stage.pod(stage.job(), running);
  await stage.settle();
  letGo(stage);
  await stage.settle();
  assert.deepEqual([failure(stage)?.class, failure(stage)?.resultKnown], ["StartDeadlineExceeded", false]);
  assert.equal(stage.made.length, 1, "no second mover");
  stage.deleteBackup();
  await stage.settleDeletion();
  assert.match(stage.job().metadata.name, /-delete-/);
});

for (
  const [what, terminated] of Object.entries({
    "ended without a word": { exitCode: 137, startedAt: "2026-01-02T03:05:06Z" },
    "ended without a word nor a time": { exitCode: 137 },
  })
) {
  Deno.test(`Backup whose mover started and ${what} while it was being stopped knows the same`, async () => {
    const stage = await lateStage();
    await stage.settle();
    stage.pod(stage.job(), {
      phase: "Failed",
      containerStatuses: [{ name: "mover", state: { terminated } }],
    });
    await stage.settle();
    letGo(stage);
    await stage.settle();
    assert.deepEqual([failure(stage)?.class, failure(stage)?.resultKnown], ["StartDeadlineExceeded", false]);
  });
}

Deno.test("Backup whose second pod never started knows that the first one may have saved something", async () => {
  const stage = new BackupStage({ backup: { spec: { failurePolicy: { startDeadlineSeconds: 60 } } } });
  await stage.settle();
  const pod = stage.pod(stage.job(), unscheduled);
  stage.kube.put({ ...stage.job(), status: { active: 1, failed: 1 } });
  await stage.settle();
  await stage.clock.advance(60_000);
  await stage.settle();
  stage.kube.delete(pod);
  await stage.settle();
  assert.deepEqual([failure(stage)?.class, failure(stage)?.resultKnown], ["StartDeadlineExceeded", false]);
});

Deno.test("Backup whose mover saved its snapshot while it was being stopped lists it", async () => {
  const stage = await lateStage();
  await stage.settle();
  stage.end(stage.job(), 0, aSavedResult("k1"));
  await stage.settle();
  assert.equal(stage.status.snapshots?.[0]?.kopiaSnapshotID, "k1");
  assert.equal(stage.status.phase, "Succeeded");
});

Deno.test("Backup whose mover never started knows that there is no snapshot, and why", async () => {
  const stage = await lateStage();
  await stage.settle();
  stage.restart();
  letGo(stage);
  await stage.settle();
  assert.deepEqual([failure(stage)?.class, failure(stage)?.logTail, failure(stage)?.resultKnown], [
    "StartDeadlineExceeded",
    "no node",
    true,
  ]);
  stage.deleteBackup();
  await stage.settle();
  assert.equal(stage.backup, undefined);
});

Deno.test("Backup whose late mover cannot be stopped ends after five minutes, and says that it does not know", async () => {
  const stage = await lateStage();
  await stage.settle();
  await stage.clock.advance(299_000);
  await stage.settle();
  assert.equal(stage.status.phase, "Running");
  await stage.clock.advance(1_000);
  await stage.settle();
  assert.deepEqual([stage.status.phase, failure(stage)?.resultKnown], ["Failed", false]);
  assert.equal(stage.made.length, 1);
});
