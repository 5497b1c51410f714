import assert from "node:assert/strict";
import { ANNOTATION, API_VERSION } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import {
  aDeletedResult,
  aFailedResult,
  anEndedBackup,
  aRefusedResult,
  aSavedResult,
  BackupStage,
} from "../../../tests/support/backup_stage.ts";
import { endedPodStatus, workSpecOf } from "../../../tests/support/mod.ts";

const PODS = { group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true };
const orphaned = 'kopiur_orphaned_snapshots_total{namespace="apps"}';
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
  assert.equal(stage.phaseAndReason("run"), "Succeeded Unchanged");
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
  assert.equal(stage.phaseAndReason("run"), "Failed AuthFailure");
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
  assert.equal(stage.phaseAndReason("run"), "Deleting Deleting");
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
    assert.equal(stage.phaseAndReason("run"), "Deleting Deleting");
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
  assert.deepEqual(await stage.series(orphaned), [`${orphaned} 0`]);
  assert.ok(events(stage).at(-1)?.startsWith("The snapshots are deleted; what its movers had not finished"));
});

Deno.test("Deletion whose snapshots are gone is held by no breaker, nor counted again", async () => {
  const stage = await leavingStage();
  await leave(stage);
  const known = stage.kube.find(API_VERSION, "Repository", { namespace: "apps", name: "repo" });
  const memory = known?.metadata.annotations?.[ANNOTATION.deletionMemory] ?? assert.fail();
  const names = Array.from({ length: 11 }, (_, index) => `b${index}`);
  stage.addEnded(names);
  stage.deleteBackup(...names);
  await stage.settleAll();
  await stage.clock.advance(11_000);
  await stage.settleAll();
  assert.equal(stage.phaseAndReason("b0"), "Deleting MassDeletionHeld");
  await stage.clock.advance(3601_000);
  await stage.settleAll();
  assert.equal(stage.phaseAndReason("run"), "Deleting Deleting");
  assert.equal(deleteJobs(stage).length, 1);
  const after = stage.kube.find(API_VERSION, "Repository", { namespace: "apps", name: "repo" });
  assert.equal(after?.metadata.annotations?.[ANNOTATION.deletionMemory], memory);
  stage.end(deleteJobs(stage).at(-1) ?? assert.fail(), 0, aDeletedResult(0, 0, { checkpoints: 2 }));
  await stage.settle();
  assert.equal(stage.backup, undefined);
});

Deno.test("Deletion whose snapshots are gone waits for no Repository that is gone", async () => {
  const stage = await leavingStage();
  await leave(stage);
  stage.delete(API_VERSION, "Repository", "repo");
  await stage.settle();
  assert.equal(stage.backup, undefined);
  assert.match(
    events(stage).at(-1) ?? "",
    /^The snapshots are deleted; .* not finished stays in the repository/,
  );
});

Deno.test("Deletion whose snapshots are gone waits no longer than a while for what stands in the way", async () => {
  const stage = await leavingStage();
  await leave(stage);
  stage.delete("v1", "Secret", "repo-password");
  await stage.clock.advance(3601_000);
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Deleting MissingCredentialsSecret");
  assert.match(stage.messageOf("run"), /^The snapshots are deleted; .* cannot be looked at again: /);
  await stage.clock.advance(5399_000);
  await stage.settle();
  assert.equal(stage.backup, undefined);
  assert.match(events(stage).at(-1) ?? "", /not finished may stay in the repository .*, because /);
  assert.deepEqual(await stage.series(orphaned), [`${orphaned} 0`]);
});

Deno.test("Deletion whose snapshots are gone does not ask again what its recipe says of them", async () => {
  const stage = await leavingStage();
  await leave(stage);
  const config = stage.kube.find(API_VERSION, "BackupConfig", { namespace: "apps", name: "recipe" });
  stage.kube.put({ ...(config ?? assert.fail()), spec: { sources: 7 } });
  await stage.clock.advance(3601_000);
  await stage.settle();
  assert.equal(deleteJobs(stage).length, 1);
});

Deno.test("Deletion whose snapshots are gone looks again at what was left three times, and fails as often", async () => {
  const stage = await leavingStage();
  await leave(stage);
  let looks = 0;
  for (let turn = 0; turn < 20 && stage.backup !== undefined; turn++) {
    await stage.clock.advance(7200_000);
    await stage.settle();
    const job = deleteJobs(stage).at(-1) ?? assert.fail("no delete Job");
    looks++;
    stage.end(job, 1, aFailedResult("AuthFailure", "password changed", "SnapshotDelete"));
    await stage.settle();
    if (stage.backup === undefined) break;
    assert.equal(stage.phaseAndReason("run"), "Deleting SnapshotDeletionFailed");
    assert.match(stage.messageOf("run"), /^The snapshots are deleted; .* could not be looked at again: /);
  }
  assert.equal(looks, 3);
  assert.ok(events(stage).some((note) => /may stay in the repository .* failed: /.test(note)));
});

Deno.test("Deletion whose snapshots are gone ends where no mover that looks again can run", async () => {
  const stage = await leavingStage();
  await leave(stage);
  let made = stage.made.length;
  let tries = 0;
  for (let turn = 0; turn < 200 && stage.backup !== undefined; turn++) {
    await stage.clock.advance(301_000);
    await stage.settle();
    const job = deleteJobs(stage).at(-1);
    if (stage.made.length > made && job !== undefined) {
      [made, tries] = [stage.made.length, tries + 1];
      stage.pod(job, {
        phase: "Pending",
        conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "no node" }],
      });
      await stage.settle();
    } else if (job === undefined) {
      for (const pod of stage.kube.list(PODS)) stage.kube.delete(pod);
      await stage.settle();
    }
  }
  assert.equal(stage.backup, undefined);
  assert.equal(tries, 3);
});

Deno.test("Deletion counts a mover that left something young once, also where it is taken back at once", async () => {
  const stage = await leavingStage();
  const quietAt = new Date(stage.clock.now().getTime() + 3600_000).toISOString();
  const job = deleteJobs(stage).at(-1) ?? assert.fail("no delete Job");
  stage.end(job, 0, aDeletedResult(1, 0, { left: { count: 2, quietAt } }));
  await stage.pass();
  stage.annotate({ [ANNOTATION.skipSnapshotCleanup]: "true" });
  await stage.settle();
  assert.equal(stage.backup, undefined);
  const counted = 'kopiur_mover_operations_total{operation="SnapshotDelete",result="succeeded"}';
  assert.deepEqual(await stage.series(counted), [`${counted} 1`]);
});

Deno.test("Deletion by the policy Orphan counts what a mover may have saved that was killed without a word", async () => {
  const stage = new BackupStage({ config: { spec: { defaultDeletionPolicy: "Orphan" } } });
  await stage.settle();
  stage.pod(stage.job(), {
    phase: "Running",
    containerStatuses: [{ name: "mover", state: { running: {} } }],
  });
  await stage.settle();
  await stage.clock.advance(600_000);
  stage.deleteBackup();
  await stage.settle();
  for (const pod of stage.kube.list(PODS)) stage.kube.delete(pod);
  await stage.settle();
  assert.equal(stage.backup, undefined);
  assert.deepEqual(await stage.series(orphaned), [`${orphaned} 1`]);
  assert.match(events(stage).at(-1) ?? "", /a mover of "data" had saved or not finished/);
});

Deno.test("Deletion looks for what a mover left until the run was over, however early the snapshot beside it was saved", async () => {
  const stage = new BackupStage({ sources: ["data", "logs"] });
  await stage.settle();
  const runs = { phase: "Running", containerStatuses: [{ name: "mover", state: { running: {} } }] };
  for (const source of ["data", "logs"]) stage.pod(stage.job(source), runs);
  await stage.settle();
  await stage.clock.advance(3 * 3600_000);
  const failedAt = stage.clock.now().getTime();
  stage.end(stage.job("logs"), 1, aFailedResult("StorageFull", "no space left"));
  await stage.settle();
  await stage.clock.advance(60_000);
  stage.end(
    stage.job("data"),
    0,
    aSavedResult("k1", {
      reused: true,
      startTime: "2026-01-02T03:01:00.000Z",
      endTime: "2026-01-02T03:02:00.000Z",
    }),
  );
  await stage.settle();
  assert.equal(stage.status.timing?.endTime, "2026-01-02T03:02:00.000Z", "as old as its snapshot");
  stage.deleteBackup();
  await stage.settleDeletion();
  const { to } = searched(stage) as { to: string };
  assert.ok(Date.parse(to) >= failedAt, to);
});

/** A Backup that failed under a release that did not say whether something had been saved, its Repository gone. */
async function failedBefore(resultKnown: boolean): Promise<BackupStage> {
  const stage = new BackupStage();
  stage.kube.put(anEndedBackup("run", {
    status: {
      phase: "Failed",
      snapshots: [{
        source: "data",
        sourcePath: "/pvc/data",
        phase: "Failed",
        job: { name: "run-data-1", attempts: 1, startedAt: "2025-01-02T03:05:00Z" },
        failure: { class: "AuthFailure", message: "x", resultKnown },
      }],
    },
  }));
  stage.delete(API_VERSION, "Repository", "repo");
  stage.deleteBackup();
  await stage.settleDeletion();
  return stage;
}

Deno.test("Deletion of a Backup that saved nothing whole waits for no Repository that is gone, and tells what may stay", async () => {
  const stage = await failedBefore(true);
  assert.equal(stage.backup, undefined);
  assert.match(
    events(stage).at(-1) ?? "",
    /^Left in Repository "repo", because that is gone, .*: what a mover of "data" had not finished$/,
  );
  assert.deepEqual(await stage.series(orphaned), [`${orphaned} 0`]);
});

Deno.test("Deletion of a Backup that may have saved something whole waits for its Repository", async () => {
  const stage = await failedBefore(false);
  assert.equal(stage.phaseAndReason("run"), "Deleting RepositoryNotFound");
});
