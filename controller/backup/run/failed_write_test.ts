import assert from "node:assert/strict";
import type { DesiredObject, Removal, Writer } from "../../../kube/types.ts";
import { aFailedResult, aSavedResult, BackupStage } from "../../../tests/support/backup_stage.ts";
import { type FakeKube, refusal } from "../../../tests/support/mod.ts";

/** A writer that refuses what `refuses` says, for as long as it says so. */
function aWriter(kube: FakeKube, refuses: (write: DesiredObject | Removal) => boolean): Writer {
  const ask = <T>(what: DesiredObject | Removal, write: () => Promise<T>): Promise<T> =>
    refuses(what) ? Promise.reject(refusal(403, "Cannot write: exceeded quota")) : write();
  return {
    create: (object, signal) => ask(object, () => kube.create(object, signal)),
    annotate: (annotating, signal) => kube.annotate(annotating, signal),
    remove: (removal, signal) => ask(removal, () => kube.remove(removal, signal)),
    replaceStatus: (object, status, signal) => kube.replaceStatus(object, status, signal),
    setFinalizer: (object, finalizer, wanted, signal) => kube.setFinalizer(object, finalizer, wanted, signal),
  };
}

function isJobOf(write: DesiredObject | Removal, source: string): boolean {
  return "kind" in write && write.kind === "Job" &&
    write.metadata.annotations?.["kopiur.home-operations.com/source"] === source;
}

Deno.test("Backup whose second Job is refused speaks of the first only, and makes the other when it may", async () => {
  let refused = true;
  const stage = new BackupStage({
    sources: ["data", "logs"],
    writer: (kube) => aWriter(kube, (write) => refused && isJobOf(write, "logs")),
  });
  await stage.pass();
  assert.deepEqual(stage.status.snapshots?.map(({ phase }) => phase), ["Running", "Pending"]);
  assert.equal(stage.status.snapshots?.[1]?.job, undefined);
  assert.ok(stage.conditions.some((condition) => condition.startsWith("Ready=False ")));
  refused = false;
  await stage.settle();
  assert.deepEqual(stage.status.snapshots?.map(({ job }) => job?.attempts), [1, 1]);
});

Deno.test("Backup whose first Job is refused pins nothing: a config that is mended counts", async () => {
  let refused = true;
  const stage = new BackupStage({
    writer: (kube) => aWriter(kube, (write) => refused && isJobOf(write, "data")),
  });
  await stage.pass();
  assert.deepEqual([stage.status.phase, stage.status.resolved], ["Pending", undefined]);
  refused = false;
  await stage.settle();
  assert.equal(stage.status.phase, "Running");
});

Deno.test("Backup writes down and tells once what ended while another source cannot get its second Job", async () => {
  let refused = false;
  const stage = new BackupStage({
    sources: ["data", "logs"],
    writer: (kube) => aWriter(kube, (write) => refused && isJobOf(write, "logs")),
  });
  await stage.settle();
  refused = true;
  stage.end(stage.job("data"), 0, aSavedResult("k1"));
  stage.end(stage.job("logs"), 0, "");
  for (let turn = 0; turn < 3; turn++) await stage.pass();
  assert.equal(stage.status.snapshots?.[0]?.kopiaSnapshotID, "k1");
  refused = false;
  await stage.settle();
  assert.equal(stage.status.snapshots?.[1]?.job?.attempts, 2);
  assert.deepEqual(await stage.series("kopiur_mover_operations_total"), [
    'kopiur_mover_operations_total{operation="Backup",result="succeeded"} 1',
  ]);
});

Deno.test("Backup takes the result of one source while the late Job of another cannot be removed", async () => {
  const stage = new BackupStage({
    sources: ["data", "logs", "mail"],
    backup: { spec: { failurePolicy: { startDeadlineSeconds: 60 } } },
    writer: (kube) => aWriter(kube, (write) => "propagation" in write),
  });
  await stage.settle();
  const running = { phase: "Running", containerStatuses: [{ name: "mover", state: { running: {} } }] };
  stage.pod(stage.job("data"), running);
  stage.pod(stage.job("mail"), running);
  await stage.clock.advance(61_000);
  for (let turn = 0; turn < 3; turn++) await stage.pass();
  assert.deepEqual(stage.status.snapshots?.map(({ job }) => job?.stoppedAt !== undefined), [
    false,
    true,
    false,
  ]);
  stage.end(stage.job("data"), 0, aSavedResult("k1"));
  for (let turn = 0; turn < 3; turn++) await stage.pass();
  assert.equal(stage.status.snapshots?.[0]?.kopiaSnapshotID, "k1");
  stage.end(stage.job("mail"), 0, aSavedResult("k3"));
  for (let turn = 0; turn < 3; turn++) await stage.pass();
  assert.equal(stage.status.phase, "Running", "the late Job may still begin");
  await stage.clock.advance(300_000);
  for (let turn = 0; turn < 3; turn++) await stage.pass();
  assert.equal(stage.status.snapshots?.[1]?.failure?.resultKnown, false, "nobody knows whether it did");
  assert.deepEqual([stage.status.phase, stage.status.stats?.files], ["Succeeded", 20]);
  assert.equal(stage.events.filter((event) => event === "Warning BackupPartial on Backup").length, 1);
  assert.deepEqual(
    await stage.series('kopiur_mover_operations_total{operation="Backup",result="succeeded"}'),
    [
      'kopiur_mover_operations_total{operation="Backup",result="succeeded"} 2',
    ],
  );
});

Deno.test("Backup that is deleted as a source ends counts that once while no delete Job can be made", async () => {
  let refused = true;
  const stage = new BackupStage({
    writer: (kube) =>
      aWriter(kube, (write) => refused && "kind" in write && write.metadata.name.includes("-delete-")),
  });
  await stage.settle();
  stage.end(stage.job(), 0, aSavedResult("k1"));
  stage.deleteBackup();
  await stage.clock.advance(10_000);
  for (let turn = 0; turn < 3; turn++) await stage.pass();
  refused = false;
  await stage.settle();
  assert.equal(stage.status.snapshots?.[0]?.kopiaSnapshotID, "k1");
  assert.deepEqual(await stage.series("kopiur_mover_operations_total"), [
    'kopiur_mover_operations_total{operation="Backup",result="succeeded"} 1',
  ]);
});

Deno.test("Backup whose finalizer cannot be dropped tells its end once, when it is", async () => {
  const stage = new BackupStage({ backup: { spec: { deletionPolicy: "Orphan" } } });
  await stage.settle();
  stage.end(stage.job(), 0, aSavedResult("k1"));
  await stage.settle();
  stage.deleteBackup();
  for (let turn = 0; turn < 3; turn++) {
    stage.kube.failNext("finalizer", refusal(403, "Cannot write: forbidden"));
    await stage.pass();
    assert.equal(stage.events.includes("Normal SnapshotOrphaned on Backup"), false);
  }
  await stage.pass();
  assert.equal(stage.backup, undefined);
  assert.equal(stage.events.filter((event) => event.includes("SnapshotOrphaned")).length, 1);
  assert.deepEqual(await stage.series("kopiur_orphaned_snapshots_total"), [
    'kopiur_orphaned_snapshots_total{namespace="apps"} 1',
  ]);
});

Deno.test("Backup warns of a wait once, also when its status moves on meanwhile", async () => {
  const stage = new BackupStage({ sources: ["data", "logs"] });
  await stage.settle();
  const unscheduled = { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "no node" };
  stage.pod(stage.job("logs"), { phase: "Pending", conditions: [unscheduled] });
  await stage.settle();
  stage.end(stage.job("data"), 0, aSavedResult("k1"));
  await stage.settle();
  assert.equal(stage.status.snapshots?.[0]?.phase, "Succeeded");
  assert.equal(stage.events.filter((event) => event.includes("Unschedulable")).length, 1);
});

for (
  const [what, exitCode, message, want] of [
    ["success", 0, aSavedResult("k1"), "Ready=True BackupSucceeded"],
    ["failure", 2, aFailedResult("AuthFailure", "invalid repository password"), "Ready=False AuthFailure"],
  ] as const
) {
  Deno.test(`Backup says its ${what} again once what it left behind can be removed`, async () => {
    const stage = new BackupStage();
    await stage.settle();
    const left = stage.job();
    stage.end(left, exitCode, message);
    await stage.settle();
    const reported = stage.status.conditions?.find(({ type }) => type === "Ready");
    stage.pod(stage.kube.put({ ...left, status: { active: 1 } }), { phase: "Running" });
    stage.kube.failNext("remove", refusal(403, "Cannot delete Job: forbidden"));
    await stage.pass();
    assert.ok(stage.conditions.includes("Ready=False Forbidden"), stage.conditions.join());
    await stage.settle();
    const found = stage.status.conditions?.find(({ type }) => type === "Ready");
    assert.ok(stage.conditions.includes(want), stage.conditions.join());
    assert.equal(found?.message, reported?.message);
    assert.deepEqual(stage.jobs, []);
  });
}
