import assert from "node:assert/strict";
import { ANNOTATION } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import {
  aDeletedResult,
  aFailedResult,
  aRefusedResult,
  aSavedResult,
  BackupStage,
} from "../../tests/support/backup_stage.ts";
import { endedPodStatus, workSpecOf } from "../../tests/support/mod.ts";

const unchanged = aSavedResult("k0", { unchanged: true });

function deleteJobs(stage: BackupStage): readonly KubeObject[] {
  return stage.jobs.filter(({ metadata }) => metadata.name.includes("-delete-"));
}

/** Where and when the newest mover that deletes looks for what killed ones left. */
function searched(stage: BackupStage): unknown {
  const job = deleteJobs(stage).at(-1) ?? assert.fail("no delete Job");
  const { operation } = workSpecOf(job) as { operation: { snapshotDelete: Record<string, unknown> } };
  return operation.snapshotDelete.checkpoints;
}

function events(stage: BackupStage): readonly string[] {
  return stage.kube.events.map(({ note }) => note ?? "");
}

Deno.test("Deletion of a Backup on its way looks for what its mover had by then", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const job = stage.job();
  stage.pod(job, { phase: "Running", containerStatuses: [{ name: "mover", state: { running: {} } }] });
  await stage.settle();
  await stage.clock.advance(7200_000);
  stage.deleteBackup();
  await stage.settle();
  stage.kube.list({ group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true })
    .forEach((pod) => stage.kube.delete(pod));
  await stage.settleDeletion();
  assert.deepEqual(searched(stage), {
    sourcePaths: ["/pvc/data"],
    from: "2026-01-02T02:59:05.000Z",
    to: "2026-01-02T05:04:15.000Z",
  });
});

Deno.test("Deletion looks for what a killed mover left before another one found nothing changed", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.pod(stage.job(), endedPodStatus(137, ""), "first");
  await stage.clock.advance(10_000);
  const job = stage.job();
  stage.end(job, 0, unchanged);
  await stage.settle();
  assert.equal(stage.standing("run"), "Succeeded Unchanged");
  assert.equal(stage.status.snapshots?.[0]?.leftUnfinished, true);
  stage.deleteBackup();
  await stage.settleDeletion();
  assert.deepEqual((searched(stage) as { sourcePaths: unknown }).sourcePaths, ["/pvc/data"]);
});

Deno.test("Deletion looks for what a mover left whose pod the cluster had ended and that is gone", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const drained = stage.pod(stage.job(), {
    phase: "Failed",
    conditions: [{ type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI" }],
    containerStatuses: [{ name: "mover", state: { terminated: { exitCode: 137 } } }],
  }, "drained");
  await stage.settle();
  stage.kube.delete(drained);
  stage.end(stage.job(), 2, aRefusedResult("AuthFailure", "invalid repository password"));
  await stage.settle();
  assert.equal(stage.standing("run"), "Failed AuthFailure");
  stage.deleteBackup();
  await stage.settleDeletion();
  assert.equal(deleteJobs(stage).length, 1);
});

/** A stage whose Backup failed after its mover had begun to save, and is being deleted. */
async function leavingStage(): Promise<BackupStage> {
  const stage = new BackupStage();
  await stage.settle();
  stage.end(stage.job(), 1, aFailedResult("StorageFull", "no space left on device"));
  await stage.settle();
  stage.deleteBackup();
  await stage.settleDeletion();
  return stage;
}

/** Lets the mover that deletes leave what is too young, told to be old enough in an hour. */
async function leave(stage: BackupStage): Promise<string> {
  const now = stage.clock.now().getTime();
  const quietAt = new Date(now + 3600_000).toISOString();
  const job = deleteJobs(stage).at(-1) ?? assert.fail("no delete Job");
  stage.end(job, 0, aDeletedResult(1, 0, { left: { count: 2, quietAt } }));
  await stage.settle();
  return `${quietAt.slice(0, 19)}Z`;
}

Deno.test("Deletion waits until it can be told that nobody works on what was left, and looks again", async () => {
  const stage = await leavingStage();
  const first = searched(stage);
  const quietAt = await leave(stage);
  assert.equal(stage.standing("run"), "Deleting Deleting");
  assert.match(stage.status.message ?? "", new RegExp(`2 unfinished .* looked at again at ${quietAt}`));
  assert.deepEqual(deleteJobs(stage), [], "nothing is at work, and no slot is held");
  stage.restart();
  const action = await stage.settle();
  assert.ok(action.kind === "after" && action.seconds > 3500, JSON.stringify(action));
  await stage.clock.advance(3601_000);
  await stage.settle();
  assert.deepEqual(searched(stage), first, "runs that began meanwhile are others");
  stage.end(deleteJobs(stage).at(-1) ?? assert.fail(), 0, aDeletedResult(0, 0, { checkpoints: 2 }));
  await stage.settle();
  assert.equal(stage.backup, undefined);
  assert.ok(events(stage).some((note) => note.includes("and 2 that killed movers had left unfinished")));
});

Deno.test("Deletion does not wait for ever for what somebody goes on to write", async () => {
  const stage = await leavingStage();
  for (let wait = 0; wait < 3; wait++) {
    await leave(stage);
    assert.equal(stage.standing("run"), "Deleting Deleting");
    await stage.clock.advance(3601_000);
    await stage.settle();
  }
  await leave(stage);
  assert.equal(stage.backup, undefined);
  assert.ok(events(stage).some((note) => note.includes("2 unfinished stay, for another client may work")));
});

Deno.test("Deletion waits no longer where a person says that what is there stays", async () => {
  const stage = await leavingStage();
  await leave(stage);
  stage.annotate({ [ANNOTATION.skipSnapshotCleanup]: "true" });
  await stage.settle();
  assert.equal(stage.backup, undefined);
  assert.equal(deleteJobs(stage).length, 0);
});

Deno.test("Deletion that is taken back while it waits counts no snapshot as left that is gone", async () => {
  const stage = new BackupStage({ sources: ["data", "logs"] });
  await stage.settle();
  stage.end(stage.job("data"), 0, aSavedResult("k1"));
  stage.end(stage.job("logs"), 1, aFailedResult("StorageFull", "no space left on device"));
  await stage.settle();
  const timing = { startTime: "2026-01-03T03:05:00Z", endTime: "2026-01-03T03:06:30Z" };
  stage.addEnded(["newer-1", "newer-2"], { status: { timing } });
  stage.deleteBackup();
  await stage.settleDeletion();
  await leave(stage);
  stage.annotate({ [ANNOTATION.skipSnapshotCleanup]: "true" });
  await stage.settle();
  assert.equal(stage.backup, undefined);
  const orphaned = 'kopiur_orphaned_snapshots_total{namespace="apps"}';
  assert.deepEqual(await stage.series(orphaned), [`${orphaned} 0`]);
  assert.ok(events(stage).at(-1)?.startsWith("The snapshots are deleted; what its movers had not finished"));
});
