/** Movers that are told to stop and are not seen to, as on a node that is lost. */
import assert from "node:assert/strict";
import { ANNOTATION } from "../../../api/mod.ts";
import { aDeletedResult, BackupStage } from "../../../tests/support/backup_stage.ts";
import { aNamespace } from "../../../tests/support/mod.ts";

const orphaned = 'kopiur_orphaned_snapshots_total{namespace="apps"}';
const cancel = { [ANNOTATION.cancelRun]: "please" };
const runningPod = {
  phase: "Running",
  containerStatuses: [{ name: "mover", state: { running: { startedAt: "2026-01-02T03:04:06Z" } } }],
};

/** A run whose mover works in a pod; its Job goes only when somebody takes the finalizer off. */
async function runningStage(): Promise<BackupStage> {
  const stage = new BackupStage();
  await stage.settle();
  const job = stage.job();
  stage.kube.put({ ...job, metadata: { ...job.metadata, finalizers: ["foregroundDeletion"] } });
  stage.pod(stage.job(), runningPod);
  await stage.settle();
  return stage;
}

/** Somebody deletes the Job and leaves its pod, which nothing owns any more. */
function orphanPod(stage: BackupStage): void {
  const job = stage.job();
  const pod = stage.kube.find("v1", "Pod", { namespace: "apps", name: `${job.metadata.name}-x` }) ??
    assert.fail();
  const { ownerReferences: _, ...metadata } = pod.metadata;
  const labels = { ...metadata.labels, "batch.kubernetes.io/job-name": job.metadata.name };
  stage.kube.put({ ...pod, metadata: { ...metadata, labels } });
  stage.kube.delete(stage.kube.put({ ...job, metadata: { ...job.metadata, finalizers: [] } }));
}

function deletions(stage: BackupStage): number {
  return stage.made.filter((name) => name.includes("-delete-")).length;
}

for (const [what, lose] of [["Job", () => {}], ["pod without a Job", orphanPod]] as const) {
  Deno.test(`Cancelling a Backup whose ${what} does not go ends it after five minutes, over a restart, and says so`, async () => {
    const stage = await runningStage();
    lose(stage);
    stage.annotate(cancel);
    await stage.settle();
    await stage.clock.advance(295_000);
    stage.restart();
    await stage.settle();
    assert.equal(stage.phaseAndReason("run"), "Running Cancelled");
    await stage.clock.advance(10_000);
    await stage.settle();
    assert.equal(stage.phaseAndReason("run"), "Failed Cancelled");
    assert.match(stage.status.message ?? "", /; a mover of it could not be seen to stop$/);
    assert.equal(stage.status.snapshots?.[0]?.failure?.resultKnown, false);
  });
}

Deno.test("A cancelled run that is let go on waits as long for the next word to stop", async () => {
  const stage = await runningStage();
  stage.annotate(cancel);
  await stage.pass();
  await stage.clock.advance(200_000);
  stage.annotate({ [ANNOTATION.cancelRun]: null });
  await stage.settle();
  await stage.clock.advance(200_000);
  stage.annotate(cancel);
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Running Cancelled");
});

Deno.test("A clock that is set back lets a cancelled run wait no longer than once more", async () => {
  const stage = await runningStage();
  stage.annotate(cancel);
  await stage.settle();
  await stage.clock.advance(-86_400_000);
  await stage.settle();
  await stage.clock.advance(305_000);
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Failed Cancelled");
});

Deno.test("Deletion of a Backup whose mover does not stop goes on after half an hour, and says what may come yet", async () => {
  const stage = await runningStage();
  stage.addEnded(["other-1", "other-2"]);
  stage.deleteBackup();
  await stage.settle();
  await stage.clock.advance(1_790_000);
  await stage.settle();
  assert.equal(deletions(stage), 0);
  await stage.clock.advance(20_000);
  await stage.settle();
  await stage.clock.advance(10_000);
  await stage.settle();
  assert.equal(deletions(stage), 1);
  stage.end(stage.job(), 0, aDeletedResult(0));
  await stage.settle();
  assert.equal(stage.backup, undefined);
  assert.match(stage.kube.events.at(-1)?.note ?? "", /a mover of the run could not be seen to stop/);
});

for (
  const [where, end] of [
    ["in a namespace that is being deleted", (stage: BackupStage) => {
      const metadata = { deletionTimestamp: "2026-01-02T03:00:00Z", finalizers: ["kubernetes"] };
      stage.kube.put(aNamespace({ metadata }));
    }],
    [
      "that a person lets go",
      (stage: BackupStage) => stage.annotate({ [ANNOTATION.skipSnapshotCleanup]: "true" }),
    ],
  ] as const
) {
  Deno.test(`A Backup that runs ${where} counts the snapshot its mover may have saved, and tells of it`, async () => {
    const stage = await runningStage();
    end(stage);
    stage.deleteBackup();
    await stage.settle();
    assert.equal(stage.backup, undefined);
    assert.deepEqual(await stage.series(orphaned), [`${orphaned} 1`]);
    assert.match(
      stage.kube.events.at(-1)?.note ?? "",
      /^Left in Repository "repo", because .*: the snapshot a mover of "data" had saved or not finished$/,
    );
  });
}
