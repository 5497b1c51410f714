import assert from "node:assert/strict";
import { readerOver } from "../../../tests/support/mod.ts";
import { ANNOTATION } from "../../../api/mod.ts";
import {
  aDeletedResult,
  aFailedResult,
  aSavedResult,
  BackupStage,
} from "../../../tests/support/backup_stage.ts";

const API = "kopiur.home-operations.com/v1alpha1";
const cancel = { [ANNOTATION.cancelRun]: "please" };
const runningPod = {
  phase: "Running",
  containerStatuses: [{ name: "mover", state: { running: { startedAt: "2026-01-02T03:04:06Z" } } }],
};

/** A run of two sources whose movers both run in pods, the Jobs of which go only when they are let go. */
async function runningStage(): Promise<BackupStage> {
  const stage = new BackupStage({ sources: ["data", "logs"] });
  await stage.settle();
  for (const source of ["data", "logs"]) {
    const job = stage.job(source);
    stage.kube.put({ ...job, metadata: { ...job.metadata, finalizers: ["foregroundDeletion"] } });
    stage.pod(stage.job(source), runningPod);
  }
  await stage.settle();
  return stage;
}

/** What the garbage collector does in the end. */
function letGo(stage: BackupStage, source: string): void {
  const job = stage.job(source);
  const pod = stage.kube.find("v1", "Pod", { namespace: "apps", name: `${job.metadata.name}-x` });
  if (pod !== undefined) stage.kube.delete(pod);
  stage.kube.delete(stage.kube.put({ ...job, metadata: { ...job.metadata, finalizers: [] } }));
}

Deno.test("Cancelling a Backup that waits ends it at once, and it never starts", async () => {
  const stage = new BackupStage();
  stage.delete(API, "Repository", "repo");
  await stage.settle();
  stage.annotate(cancel);
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Failed Cancelled");
  assert.equal(stage.status.message, "The run was stopped on request before it began");
  assert.ok(stage.conditions.includes("SnapshotCreated=False Cancelled"), stage.conditions.join());
  assert.deepEqual(stage.events.slice(-2), [
    "Warning BackupFailed on Backup",
    "Warning BackupFailed on BackupConfig",
  ]);
  assert.deepEqual(await stage.series("kopiur_backups_total"), [
    'kopiur_backups_total{namespace="apps",name="recipe",outcome="failure"} 1',
  ]);
  assert.deepEqual(await stage.series("kopiur_backup_run_duration_seconds_count"), []);
  stage.openRepository();
  await stage.settle();
  assert.deepEqual(stage.made, []);
  stage.deleteBackup();
  assert.equal(stage.backup, undefined);
});

Deno.test("Cancelling a Backup stops its movers, waits until they are gone, and ends it for that reason", async () => {
  const stage = await runningStage();
  stage.annotate({ [ANNOTATION.cancelRun]: "Replaced" });
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Running Replaced");
  assert.ok(stage.jobs.every(({ metadata }) => metadata.deletionTimestamp !== undefined));
  letGo(stage, "data");
  await stage.settle();
  assert.equal(stage.status.phase, "Running", "the mover of logs is not gone yet");
  letGo(stage, "logs");
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Failed Replaced");
  assert.deepEqual(
    stage.status.snapshots?.map(({ phase, failure }) => [phase, failure?.class, failure?.resultKnown]),
    [["Failed", "Replaced", false], ["Failed", "Replaced", false]],
  );
  assert.equal(stage.made.length, 2);
  stage.deleteBackup();
  await stage.settleDeletion();
  assert.match(stage.job().metadata.name, /-delete-/, "a stopped mover may have saved something");
});

Deno.test("Cancelling a Backup keeps the snapshots that are done", async () => {
  const stage = await runningStage();
  stage.end(stage.job("data"), 0, aSavedResult("k1"));
  await stage.settle();
  stage.annotate(cancel);
  await stage.settle();
  letGo(stage, "logs");
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Failed Cancelled");
  assert.equal(stage.status.message, "The run was stopped on request; 1 of 2 sources was done by then");
  assert.deepEqual(stage.status.snapshots?.map(({ kopiaSnapshotID }) => kopiaSnapshotID), ["k1", undefined]);
  assert.equal(stage.status.stats?.files, 10);
  assert.ok(stage.conditions.includes("SnapshotCreated=True Cancelled"), stage.conditions.join());
  const note = stage.kube.events.findLast(({ regarding }) => regarding.kind === "Backup")?.note ?? "";
  assert.match(note, /^"logs": The run was stopped on request\. Snapshot k1 of "data": 10 files/);
});

Deno.test("Cancelling a Backup takes what its mover saved while it was being stopped", async () => {
  const stage = await runningStage();
  stage.end(stage.job("logs"), 2, aFailedResult("AuthFailure", "invalid repository password"));
  stage.annotate(cancel);
  await stage.settle();
  stage.end(stage.job("data"), 0, aSavedResult("k1"));
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Succeeded BackupPartial", "every source ended by itself");
  assert.equal(stage.status.snapshots?.[0]?.kopiaSnapshotID, "k1");
});

Deno.test("Cancelling a Backup counts no mover that was stopped, and the run once, also over a restart", async () => {
  const stage = await runningStage();
  stage.annotate(cancel);
  await stage.pass();
  stage.restart();
  await stage.settle();
  letGo(stage, "data");
  letGo(stage, "logs");
  await stage.settle();
  stage.restart();
  await stage.settle();
  assert.equal(stage.events.filter((event) => event === "Warning BackupFailed on Backup").length, 1);
  assert.deepEqual(await stage.series("kopiur_mover_operations_total"), []);
});

for (
  const [what, exit, message, want] of [
    ["succeeded", 0, aSavedResult("k1"), "Succeeded BackupSucceeded"],
    ["failed", 2, aFailedResult("AuthFailure", "invalid repository password"), "Failed AuthFailure"],
  ] as const
) {
  Deno.test(`Cancelling a Backup that ${what} changes nothing`, async () => {
    const stage = new BackupStage();
    await stage.settle();
    stage.end(stage.job(), exit, message);
    await stage.settle();
    const writes = stage.kube.writes.length;
    stage.annotate(cancel);
    await stage.settle();
    assert.equal(stage.phaseAndReason("run"), want);
    assert.equal(stage.kube.writes.length, writes);
  });
}

Deno.test("Cancelling a Backup that is being deleted leaves its deletion as it is", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.end(stage.job(), 0, aSavedResult("k1"));
  await stage.settle();
  stage.deleteBackup();
  stage.annotate(cancel);
  await stage.settleDeletion();
  stage.end(stage.job(), 0, aDeletedResult(1));
  await stage.settle();
  assert.equal(stage.backup, undefined);
});

Deno.test("Cancelling a Backup finds the Job of a controller that died before it wrote that down", async () => {
  let isAlive = true;
  const stage = new BackupStage({
    writer: (kube) => ({
      create: (object, signal) => kube.create(object, signal),
      annotate: (annotating, signal) => kube.annotate(annotating, signal),
      remove: (removal, signal) => kube.remove(removal, signal),
      replaceStatus: (object, status, signal) =>
        isAlive ? kube.replaceStatus(object, status, signal) : Promise.reject(new Error("dead")),
      setFinalizer: (object, finalizer, wanted, signal) =>
        kube.setFinalizer(object, finalizer, wanted, signal),
    }),
    reader: (kube) =>
      readerOver(kube, {
        list: (resource, query) => resource.kind === "Job" ? [] : kube.list(resource, query),
      }),
  });
  isAlive = false;
  await stage.pass();
  assert.deepEqual([stage.made.length, stage.status.phase], [1, undefined]);
  isAlive = true;
  stage.restart();
  stage.annotate(cancel);
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Failed Cancelled");
  assert.deepEqual(stage.jobs, []);
  assert.equal(stage.status.snapshots?.[0]?.failure?.resultKnown, false);
});
