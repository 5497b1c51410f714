import assert from "node:assert/strict";
import { aSavedResult, BackupStage } from "../../../tests/support/backup_stage.ts";
import { endedPodStatus } from "../../../tests/support/mod.ts";

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
  const second = stage.pod(stage.job(), pending, "second");
  await stage.settle();
  await stage.clock.advance(60_000);
  await stage.settle();
  stage.kube.delete(second);
  await stage.settle();
  assert.equal(stage.status.snapshots?.[0]?.failure?.class, "StartDeadlineExceeded");
});

Deno.test("Backup waits, and says so, while a drained mover has no pod, and goes on with the next", async () => {
  const stage = await runningStage();
  const [pod] = stage.kube.list({ group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true });
  stage.kube.delete(pod ?? assert.fail("there is no pod"));
  await stage.settle();
  await stage.clock.advance(29_000);
  await stage.settle();
  assert.ok(stage.conditions.includes("Ready=Unknown Running"), "the next pod is due within seconds");
  await stage.clock.advance(1_000);
  await stage.settle();
  assert.deepEqual([stage.status.phase, stage.jobs.length], ["Running", 1]);
  assert.ok(stage.conditions.includes("Ready=Unknown PodNotStarted"), stage.conditions.join());
  assert.match(
    stage.status.message ?? "",
    /its pod is gone \(2026-01-02T04:04:05Z\), and the next one was not made yet: .*quota/,
  );
  await stage.clock.advance(240_000);
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

/** A Backup with a short start deadline whose mover pod stands as `status` says, for as long as that. */
async function silentStage(change: (stage: BackupStage) => void): Promise<BackupStage> {
  const stage = await runningStage();
  change(stage);
  await stage.settle();
  assert.ok(stage.conditions.includes("Ready=Unknown Running"), stage.conditions.join());
  await stage.clock.advance(59_000);
  await stage.settle();
  assert.ok(stage.conditions.includes("Ready=Unknown Running"), stage.conditions.join());
  await stage.clock.advance(1_000);
  await stage.settle();
  return stage;
}

const silences: Readonly<Record<string, { change: (stage: BackupStage) => void; says: RegExp }>> = {
  "its pod was told to go and its node is silent": {
    change: (stage) => {
      const pod = stage.pod(stage.job(), running, "first");
      const metadata = { ...pod.metadata, deletionTimestamp: "2026-01-02T04:04:05Z", finalizers: ["x"] };
      stage.kube.put({ ...pod, metadata });
    },
    says: /its pod is to go, but its node does not say that it went \(2026-01-02T04:04:05Z\), /,
  },
  "its pod failed and a quota forbids the next": {
    change: (stage) => {
      const terminated = { exitCode: 137, finishedAt: "2026-01-02T04:04:05Z" };
      const ended = { phase: "Failed", containerStatuses: [{ name: "mover", state: { terminated } }] };
      stage.pod(stage.job(), ended, "first");
      stage.kube.put({ ...stage.job(), status: { failed: 1 } });
    },
    says: /its pod ended \(2026-01-02T04:04:05Z\), .*quota/,
  },
  "its pod was removed and a quota forbids the next": {
    change: (stage) => {
      const [pod] = stage.kube.list({
        group: "",
        version: "v1",
        kind: "Pod",
        plural: "pods",
        namespaced: true,
      });
      stage.kube.delete(pod ?? assert.fail("there is no pod"));
      stage.kube.put({ ...stage.job(), status: { failed: 1 } });
    },
    says: /its pod is gone \(2026-01-02T04:04:05Z\), .*quota/,
  },
};
for (const [what, { change, says }] of Object.entries(silences)) {
  Deno.test(`Backup says after its start deadline that ${what}, counts as stuck, and goes on with the next`, async () => {
    const stage = await silentStage(change);
    assert.equal(stage.phaseAndReason("run"), "Running PodNotStarted");
    assert.match(stage.status.message ?? "", says);
    assert.equal(stage.events.at(-1), "Warning PodNotStarted on Backup");
    assert.deepEqual(stage.gauges("kopiur_backups_waiting"), ["kopiur_backups_waiting 1 apps/PodNotStarted"]);
    assert.deepEqual(stage.gauges("kopiur_backup_stuck"), [
      "kopiur_backup_stuck_seconds 3660 apps/recipe/Running",
    ]);
    stage.restart();
    await stage.clock.advance(120_000);
    await stage.settle();
    assert.equal(stage.phaseAndReason("run"), "Running PodNotStarted");
    assert.equal(stage.made.length, 1);
    stage.pod(stage.job(), running, "second");
    await stage.settle();
    assert.equal(stage.phaseAndReason("run"), "Running Running");
    assert.equal(stage.status.snapshots?.[0]?.job?.podGoneSince, undefined);
  });
}
