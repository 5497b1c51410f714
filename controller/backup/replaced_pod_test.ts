import assert from "node:assert/strict";
import { aSavedResult, BackupStage } from "../../tests/support/backup_stage.ts";
import { endedPodStatus } from "../../tests/support/mod.ts";

const startedAt = "2026-01-02T03:04:06Z";
const running = {
  phase: "Running",
  containerStatuses: [{ name: "mover", state: { running: { startedAt } } }],
};
const pending = { phase: "Pending" };

/** A Backup with a short start deadline whose mover has run for longer than that. */
async function runningStage(): Promise<BackupStage> {
  const stage = new BackupStage({ backup: { spec: { failurePolicy: { startDeadlineSeconds: 60 } } } });
  await stage.settle();
  stage.pod(stage.job(), running, "first");
  await stage.settle();
  await stage.clock.advance(3_600_000);
  return stage;
}

Deno.test("Backup gives the pod that follows a killed one the whole start deadline", async () => {
  const stage = await runningStage();
  stage.pod(stage.job(), endedPodStatus(137, ""), "first");
  await stage.settle();
  stage.pod(stage.job(), pending, "second");
  await stage.settle();
  assert.deepEqual([stage.status.phase, stage.status.snapshots?.[0]?.phase], ["Running", "Running"]);
  await stage.clock.advance(59_000);
  await stage.settle();
  assert.equal(stage.status.phase, "Running");
  stage.pod(stage.job(), endedPodStatus(0, aSavedResult("k1")), "second");
  await stage.settle();
  assert.equal(stage.status.phase, "Succeeded");
});

Deno.test("Backup fails when the pod that follows a killed one misses the start deadline", async () => {
  const stage = await runningStage();
  stage.pod(stage.job(), endedPodStatus(137, ""), "first");
  stage.pod(stage.job(), pending, "second");
  await stage.settle();
  await stage.clock.advance(60_000);
  await stage.settle();
  assert.equal(stage.status.snapshots?.[0]?.failure?.class, "StartDeadlineExceeded");
});

Deno.test("Backup waits, and says so, while a drained mover has no pod, and goes on with the next", async () => {
  const stage = await runningStage();
  const [pod] = stage.kube.list({ group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true });
  stage.kube.delete(pod ?? assert.fail("there is no pod"));
  await stage.settle();
  assert.deepEqual([stage.status.phase, stage.jobs.length], ["Running", 1]);
  assert.ok(stage.conditions.includes("Ready=Unknown PodNotStarted"), stage.conditions.join());
  assert.match(stage.status.message ?? "", /its pod is gone, and the next one was not made yet/);
  await stage.clock.advance(600_000);
  await stage.settle();
  assert.equal(stage.status.phase, "Running");
  stage.pod(stage.job(), pending, "second");
  await stage.settle();
  assert.ok(stage.conditions.includes("Ready=Unknown Running"), stage.conditions.join());
});

Deno.test("Backup writes down when its mover started, and writes that once", async () => {
  const stage = await runningStage();
  const name = stage.job().metadata.name;
  assert.deepEqual(stage.status.snapshots?.[0]?.job, { name, attempts: 1, startedAt });
  const writes = stage.kube.writes.length;
  const later = {
    ...running,
    containerStatuses: [{ name: "mover", state: { running: { startedAt: "2026-01-02T05:00:00Z" } } }],
  };
  stage.pod(stage.job(), later, "second");
  await stage.settle();
  assert.equal(stage.kube.writes.length, writes);
  stage.kube.delete(stage.job());
  for (
    const pod of stage.kube.list({ group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true })
  ) {
    stage.kube.delete(pod);
  }
  await stage.settle();
  assert.equal(stage.status.snapshots?.[0]?.job?.startedAt, undefined, "another Job, another start");
});
