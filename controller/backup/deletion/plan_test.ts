import assert from "node:assert/strict";
import { ANNOTATION, type DeletionPolicy, FINALIZER } from "../../../api/mod.ts";
import {
  aDeletedResult,
  aFailedResult,
  aRefusedResult,
  aSavedResult,
  BackupStage,
} from "../../../tests/support/backup_stage.ts";
import {
  aNamespace,
  aReadyRepository,
  aRepository,
  aSecret,
  endedPodStatus,
  refusal,
  workSpecOf,
} from "../../../tests/support/mod.ts";

const API = "kopiur.home-operations.com/v1alpha1";
const orphaned = "kopiur_orphaned_snapshots_total";
const failures = "kopiur_snapshot_deletion_failures_total";

interface Ended {
  readonly policy?: DeletionPolicy;
  readonly configPolicy?: DeletionPolicy;
  readonly result?: readonly [exitCode: number, message: string];
}

/** A stage whose Backup has ended, with one snapshot unless `result` says otherwise. */
async function endedStage({ policy, configPolicy, result = [0, aSavedResult("k1")] }: Ended = {}) {
  const stage = new BackupStage({
    config: configPolicy === undefined ? {} : { spec: { defaultDeletionPolicy: configPolicy } },
    backup: policy === undefined ? {} : { spec: { deletionPolicy: policy } },
  });
  await stage.settle();
  stage.end(stage.job(), ...result);
  await stage.settle();
  // Others of the recipe that are newer, so that none of its last snapshots goes.
  const timing = { startTime: "2026-01-03T03:05:00Z", endTime: "2026-01-03T03:06:30Z" };
  stage.addEnded(["newer-1", "newer-2"], { status: { timing } });
  return stage;
}

function deleteJob(stage: BackupStage) {
  return stage.jobs.findLast(({ metadata }) => metadata.name.includes("delete")) ??
    assert.fail("no delete Job");
}

function deleteJobsMade(stage: BackupStage): number {
  return stage.made.filter((name) => name.includes("-delete-")).length;
}

function deleteSpec(stage: BackupStage) {
  return (workSpecOf(deleteJob(stage)).operation as { snapshotDelete: Record<string, unknown> })
    .snapshotDelete;
}

Deno.test("Deletion with policy Delete runs a mover that deletes by id and run, then lets the Backup go", async () => {
  const stage = await endedStage();
  stage.deleteBackup();
  await stage.settleDeletion();
  assert.deepEqual([stage.status.phase, stage.isHeld, deleteJobsMade(stage)], ["Deleting", true, 1]);
  assert.deepEqual(deleteSpec(stage), {
    runId: "uid-backup-run",
    uniqueId: "0123abcd",
    snapshots: [{ id: "k1", sourcePath: "/pvc/data" }],
  });
  stage.end(deleteJob(stage), 0, aDeletedResult(1));
  await stage.pass();
  assert.equal(stage.backup, undefined);
  assert.equal(stage.events.at(-1), "Normal SnapshotDeleted on Backup");
  assert.deepEqual(await stage.series("kopiur_mover_operations_total"), [
    'kopiur_mover_operations_total{operation="Backup",result="succeeded"} 1',
    'kopiur_mover_operations_total{operation="SnapshotDelete",result="succeeded"} 1',
  ]);
  assert.deepEqual(await stage.series(orphaned), [`${orphaned}{namespace="apps"} 0`]);
});

Deno.test("Deletion counts a snapshot that was gone already as deleted", async () => {
  const stage = await endedStage();
  stage.deleteBackup();
  await stage.settleDeletion();
  stage.end(deleteJob(stage), 0, aDeletedResult(0, 1));
  await stage.pass();
  assert.equal(stage.backup, undefined);
  assert.match(stage.kube.events.at(-1)?.note ?? "", /^Deleted 0 snapshots, 1 were gone already/);
});

Deno.test("Deletion needs no config: what it must know was pinned", async () => {
  const stage = await endedStage({ configPolicy: "Delete" });
  stage.delete(API, "BackupConfig", "recipe");
  stage.deleteBackup();
  await stage.settleDeletion();
  stage.end(deleteJob(stage), 0, aDeletedResult(1));
  await stage.pass();
  assert.equal(stage.backup, undefined);
});

Deno.test("Deletion with policy Retain says and counts nothing", async () => {
  const stage = await endedStage({ policy: "Retain" });
  const reported = stage.events.length;
  stage.deleteBackup();
  await stage.pass();
  assert.equal(stage.backup, undefined);
  assert.deepEqual([stage.events.length, deleteJobsMade(stage)], [reported, 0]);
  assert.deepEqual(await stage.series(orphaned), [`${orphaned}{namespace="apps"} 0`]);
});

Deno.test("Deletion with policy Orphan leaves the snapshot, tells it and counts it", async () => {
  const stage = await endedStage({ policy: "Orphan" });
  stage.deleteBackup();
  await stage.pass();
  assert.equal(stage.backup, undefined);
  assert.equal(deleteJobsMade(stage), 0);
  assert.equal(stage.events.at(-1), "Normal SnapshotOrphaned on Backup");
  assert.match(stage.kube.events.at(-1)?.note ?? "", /^Left in Repository "repo".*k1 of "data"$/);
  assert.deepEqual(await stage.series(orphaned), [`${orphaned}{namespace="apps"} 1`]);
});

const policies: readonly (readonly [
  own: DeletionPolicy | undefined,
  config: DeletionPolicy | undefined,
  deletes: boolean,
])[] = [
  [undefined, undefined, true],
  [undefined, "Retain", false],
  [undefined, "Delete", true],
  ["Delete", "Retain", true],
  ["Retain", "Delete", false],
];
for (const [own, config, deletes] of policies) {
  Deno.test(`Deletion with policy ${own ?? "unset"} under a config's ${config ?? "unset"} ${deletes ? "deletes" : "keeps"}`, async () => {
    const stage = await endedStage({
      ...(own === undefined ? {} : { policy: own }),
      ...(config === undefined ? {} : { configPolicy: config }),
    });
    stage.deleteBackup();
    await stage.settleDeletion();
    assert.equal(deleteJobsMade(stage), deletes ? 1 : 0);
  });
}

Deno.test("Deletion follows the policy pinned at the start where that is more careful than today's", async () => {
  const stage = await endedStage({ configPolicy: "Retain" });
  stage.kube.put({
    ...(stage.kube.find(API, "BackupConfig", { namespace: "apps", name: "recipe" }) ?? assert.fail()),
    spec: { repository: { kind: "Repository", name: "repo" }, sources: [{ pvc: { name: "data" } }] },
  });
  stage.deleteBackup();
  await stage.pass();
  assert.deepEqual([stage.backup, deleteJobsMade(stage)], [undefined, 0]);
});

Deno.test("Deletion follows a policy that was changed on the Backup before it", async () => {
  const stage = await endedStage();
  stage.edit((backup) => ({ ...backup, spec: { configRef: { name: "recipe" }, deletionPolicy: "Retain" } }));
  await stage.settle();
  stage.deleteBackup();
  await stage.pass();
  assert.deepEqual([stage.backup, deleteJobsMade(stage)], [undefined, 0]);
});

Deno.test("Deletion with the skip annotation lets go at once, also while it cannot delete", async () => {
  const stage = await endedStage();
  stage.delete(API, "Repository", "repo");
  stage.deleteBackup();
  await stage.settleDeletion();
  assert.ok(stage.isHeld);
  stage.edit((backup) => ({
    ...backup,
    metadata: { ...backup.metadata, annotations: { [ANNOTATION.skipSnapshotCleanup]: "true" } },
  }));
  await stage.pass();
  assert.equal(stage.backup, undefined);
  assert.equal(stage.events.at(-1), "Normal SnapshotOrphaned on Backup");
  assert.deepEqual(await stage.series(orphaned), [`${orphaned}{namespace="apps"} 1`]);
});

Deno.test("Deletion in a namespace that is being deleted orphans and makes no Job", async () => {
  const stage = await endedStage();
  stage.kube.put(
    aNamespace({ metadata: { deletionTimestamp: "2026-01-02T03:00:00Z", finalizers: ["kubernetes"] } }),
  );
  stage.deleteBackup();
  await stage.pass();
  assert.deepEqual([stage.backup, deleteJobsMade(stage)], [undefined, 0]);
  assert.equal(stage.events.at(-1), "Normal SnapshotOrphaned on Backup");
  assert.deepEqual(await stage.series(orphaned), [`${orphaned}{namespace="apps"} 1`]);
});

const obstacles: Readonly<
  Record<string, { take: (stage: BackupStage) => void; reason: string; says: RegExp }>
> = {
  "the repository is gone": {
    take: (stage) => stage.delete(API, "Repository", "repo"),
    reason: "RepositoryNotFound",
    says:
      /^Cannot delete the snapshots: Repository "repo" does not exist.*expected the one this run was started with\. To leave them where they are, annotate/,
  },
  "the repository is not ready": {
    take: (stage) => {
      stage.delete(API, "Repository", "repo");
      stage.kube.put(aRepository());
    },
    reason: "RepositoryNotReady",
    says: /^Cannot delete the snapshots: Repository "repo" was not opened yet/,
  },
  "the Secret is gone": {
    take: (stage) => stage.delete("v1", "Secret", "repo-password"),
    reason: "MissingCredentialsSecret",
    says: /^Cannot delete the snapshots: .*Secret "repo-password" in namespace "apps" does not exist/,
  },
};
for (const [what, { take, reason, says }] of Object.entries(obstacles)) {
  Deno.test(`Deletion waits while ${what}, says so and orphans nothing`, async () => {
    const stage = await endedStage();
    take(stage);
    stage.deleteBackup();
    await stage.settleDeletion();
    await stage.clock.advance(7 * 24 * 3_600_000);
    await stage.settle();
    assert.ok(stage.isHeld);
    assert.equal(deleteJobsMade(stage), 0);
    assert.match(stage.status.message ?? "", says);
    assert.ok(stage.conditions.includes(`Ready=Unknown ${reason}`), stage.conditions.join());
    assert.deepEqual(await stage.series(orphaned), [`${orphaned}{namespace="apps"} 0`]);
  });
}

Deno.test("Deletion stops when the repository is another one, and deletes nothing", async () => {
  const stage = await endedStage();
  stage.openRepository("ffff0000");
  stage.deleteBackup();
  assert.deepEqual(await stage.settleDeletion(), { kind: "forget" });
  assert.ok(stage.isHeld);
  assert.equal(deleteJobsMade(stage), 0);
  assert.ok(stage.conditions.includes("Stalled=True RepositoryReplaced"));
  assert.equal(stage.events.at(-1), "Warning RepositoryReplaced on Backup");
  stage.openRepository();
  await stage.settle();
  assert.equal(deleteJobsMade(stage), 1);
});

Deno.test("Deletion that fails is counted and told once per Job, and tried again later and later", async () => {
  const stage = await endedStage();
  stage.deleteBackup();
  await stage.settleDeletion();
  for (const [round, delaySeconds] of [60, 120, 240, 480, 960, 1920, 3600, 3600].entries()) {
    await stage.settle();
    assert.equal(deleteJobsMade(stage), round + 1);
    stage.end(
      deleteJob(stage),
      1,
      aFailedResult("RepositoryUnavailable", "dial tcp: refused", "SnapshotDelete"),
    );
    await stage.settle();
    await stage.settle();
    assert.deepEqual(stage.status.deletion?.failures, round + 1);
    assert.deepEqual(await stage.series(failures), [`${failures}{namespace="apps"} ${round + 1}`]);
    const reported = stage.kube.events.filter(({ reason }) => reason === "SnapshotDeletionFailed");
    assert.equal(reported.length, round + 1);
    assert.match(reported.at(-1)?.note ?? "", /The storage cannot be reached: dial tcp: refused/);
    assert.equal(stage.jobs.some(({ metadata }) => metadata.name.includes("-delete-")), false);
    await stage.clock.advance((delaySeconds - 1) * 1000);
    await stage.settle();
    assert.equal(deleteJobsMade(stage), round + 1, `no try before ${delaySeconds} s`);
    await stage.clock.advance(1000);
  }
  await stage.settle();
  stage.end(deleteJob(stage), 0, aDeletedResult(1));
  await stage.pass();
  assert.equal(stage.backup, undefined);
});

Deno.test("Deletion whose mover left no result counts as failed and is tried again", async () => {
  const stage = await endedStage();
  stage.deleteBackup();
  await stage.settleDeletion();
  stage.end(deleteJob(stage), 0, aDeletedResult(1).slice(0, 40));
  await stage.settle();
  assert.ok(stage.isHeld);
  assert.equal(stage.status.deletion?.failures, 1);
});

Deno.test("Deletion of a running Backup stops its movers first, then deletes what they may have saved", async () => {
  const stage = new BackupStage({ sources: ["data", "logs"] });
  await stage.settle();
  stage.end(stage.job("data"), 0, aSavedResult("k1"));
  const finalizers = ["foregroundDeletion"];
  const running = stage.job("logs");
  stage.kube.put({ ...running, metadata: { ...running.metadata, finalizers } });
  stage.deleteBackup();
  await stage.settleDeletion();
  assert.equal(stage.status.phase, "Deleting");
  assert.equal(deleteJobsMade(stage), 0, "the mover of logs is not gone yet");
  assert.equal(stage.made.length, 2);
  stage.kube.delete(
    stage.kube.put({ ...stage.job("logs"), metadata: { ...running.metadata, finalizers: [] } }),
  );
  await stage.settleDeletion();
  assert.equal(deleteJobsMade(stage), 1);
  assert.deepEqual(deleteSpec(stage).snapshots, [{ id: "k1", sourcePath: "/pvc/data" }]);
  assert.equal(stage.made.filter((name) => !name.includes("-delete-")).length, 2);
});

Deno.test("Deletion waits for the pod of a vanished Job", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const job = stage.job();
  const pod = stage.pod(job, {
    phase: "Running",
    containerStatuses: [{ name: "mover", state: { running: {} } }],
  });
  stage.kube.delete(job);
  stage.deleteBackup();
  await stage.settleDeletion();
  assert.equal(deleteJobsMade(stage), 0);
  stage.kube.delete(pod);
  await stage.settleDeletion();
  assert.equal(deleteJobsMade(stage), 1);
});

const traces: Readonly<Record<string, { result: readonly [number, string]; holds: boolean }>> = {
  "a wrong password": {
    result: [2, aRefusedResult("AuthFailure", "invalid repository password")],
    holds: false,
  },
  "a storage that was full from the start": {
    result: [1, aRefusedResult("StorageFull", "no space left on device")],
    holds: false,
  },
  "keys that ran out on the way": {
    result: [2, aFailedResult("AuthFailure", "ExpiredToken")],
    holds: true,
  },
  "a storage that was full in the end": {
    result: [1, aFailedResult("StorageFull", "no space left on device")],
    holds: true,
  },
  "a repository that was gone on the way": {
    result: [2, aFailedResult("NotInitialized", "repository not initialized")],
    holds: true,
  },
  "a killed mover": { result: [137, ""], holds: true },
  "an interrupted mover": { result: [1, aFailedResult("Interrupted", "signal: terminated")], holds: true },
  "output nobody understands": { result: [1, aFailedResult("UnexpectedOutput", "not JSON")], holds: true },
};
for (const [what, { result, holds }] of Object.entries(traces)) {
  Deno.test(`Deletion of a Backup that failed by ${what} ${holds ? "looks for" : "expects no"} snapshots`, async () => {
    const stage = await endedStage({ result });
    assert.equal(stage.status.phase, "Failed");
    stage.deleteBackup();
    await stage.settleDeletion();
    assert.equal(deleteJobsMade(stage), holds ? 1 : 0);
    assert.equal(stage.backup === undefined, !holds);
  });
}

const wrongPassword = [2, aRefusedResult("AuthFailure", "invalid repository password")] as const;

Deno.test("Deletion looks for what an earlier Job of a failed Backup may have saved", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.end(stage.job(), 0, "");
  await stage.settle();
  stage.end(stage.job(), ...wrongPassword);
  await stage.settle();
  assert.deepEqual([stage.status.phase, stage.made.length], ["Failed", 2]);
  stage.deleteBackup();
  await stage.settleDeletion();
  assert.equal(deleteJobsMade(stage), 1);
});

Deno.test("Deletion looks for what an earlier pod of a failed Backup may have saved", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.pod(stage.job(), endedPodStatus(137, ""), "first");
  await stage.clock.advance(10_000);
  const status = { failed: 2, conditions: [{ type: "Failed", status: "True", reason: "PodFailurePolicy" }] };
  stage.pod(stage.job(), endedPodStatus(...wrongPassword), "second");
  stage.kube.put({ ...stage.job(), status });
  await stage.settle();
  assert.equal(stage.status.snapshots?.[0]?.failure?.class, "AuthFailure");
  stage.deleteBackup();
  await stage.settleDeletion();
  assert.equal(deleteJobsMade(stage), 1);
});

Deno.test("Deletion looks for what was saved before the second Job of a Backup missed its start deadline", async () => {
  const stage = new BackupStage({ backup: { spec: { failurePolicy: { startDeadlineSeconds: 60 } } } });
  await stage.settle();
  stage.end(stage.job(), 0, "");
  await stage.settle();
  await stage.clock.advance(61_000);
  await stage.settle();
  assert.equal(stage.status.snapshots?.[0]?.failure?.class, "StartDeadlineExceeded");
  stage.deleteBackup();
  await stage.settleDeletion();
  assert.equal(deleteJobsMade(stage), 1);
});

Deno.test("Deletion of a Backup whose only mover never started expects no snapshots", async () => {
  const stage = new BackupStage({ backup: { spec: { failurePolicy: { startDeadlineSeconds: 60 } } } });
  await stage.settle();
  await stage.clock.advance(61_000);
  await stage.settle();
  assert.equal(stage.status.phase, "Failed");
  stage.deleteBackup();
  await stage.settleDeletion();
  assert.deepEqual([stage.backup, deleteJobsMade(stage)], [undefined, 0]);
});

Deno.test("Deletion does not look every second at a failed Job that stays", async () => {
  const stage = await endedStage();
  stage.deleteBackup();
  await stage.settleDeletion();
  const job = deleteJob(stage);
  stage.end(
    { ...job, metadata: { ...job.metadata, finalizers: ["someone/else"] } },
    1,
    aFailedResult("RepositoryUnavailable", "dial tcp: refused", "SnapshotDelete"),
  );
  await stage.settle();
  await stage.clock.advance(120_000);
  const action = await stage.settle();
  assert.ok(action.kind === "after" && action.seconds >= 15, JSON.stringify(action));
});

Deno.test("Deletion that waits for a node says so in the scheduler's words", async () => {
  const stage = await endedStage();
  stage.deleteBackup();
  await stage.settleDeletion();
  stage.pod(deleteJob(stage), {
    phase: "Pending",
    conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "no node" }],
  });
  await stage.settle();
  assert.ok(stage.conditions.includes("Ready=Unknown Unschedulable"));
  assert.match(stage.status.message ?? "", /does not start: no node$/);
});

Deno.test("Deletion whose mover is on a node nobody hears of is given up after the grace, and says so", async () => {
  const stage = await endedStage();
  stage.deleteBackup();
  await stage.settleDeletion();
  const running = { phase: "Running", containerStatuses: [{ name: "mover", state: { running: {} } }] };
  const pod = stage.pod(deleteJob(stage), running);
  const deletionTimestamp = "2026-01-02T03:04:15Z";
  stage.kube.put({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, finalizers: ["x"] } });
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Deleting Deleting");
  await stage.clock.advance(300_000);
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Deleting PodNotStarted");
  assert.match(
    stage.status.message ?? "",
    /its node does not say that it went .*; it is given up and tried again at/,
  );
  assert.deepEqual(stage.gauges("kopiur_backup_stuck"), [
    "kopiur_backup_stuck_seconds 310 apps/recipe/Deleting",
  ]);
});

Deno.test("Deletion never takes a finalizer back that is gone, nor starts anything", async () => {
  const stage = await endedStage();
  stage.edit((backup) => ({ ...backup, metadata: { ...backup.metadata, finalizers: ["someone/else"] } }));
  stage.deleteBackup();
  await stage.settleDeletion();
  assert.deepEqual(stage.backup?.metadata.finalizers, ["someone/else"]);
  assert.equal(deleteJobsMade(stage), 0);
});

Deno.test("Deletion with config, repository and Secret gone waits, says why, and goes on when they are back", async () => {
  const stage = await endedStage();
  stage.delete(API, "BackupConfig", "recipe");
  stage.delete("v1", "Secret", "repo-password");
  stage.delete(API, "Repository", "repo");
  stage.deleteBackup();
  await stage.settleDeletion();
  assert.equal(stage.phaseAndReason("run"), "Deleting RepositoryNotFound");
  stage.openRepository();
  const { spec } = stage.kube.find(API, "Repository", { namespace: "apps", name: "repo" }) ?? assert.fail();
  stage.kube.put(aReadyRepository({ spec: spec as Readonly<Record<string, unknown>> }));
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Deleting SettlingDeletion");
  assert.match(stage.status.message ?? "", /^It is not known what was deleted from Repository "repo" before/);
  await stage.clock.advance(600_000);
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Deleting MissingCredentialsSecret");
  stage.kube.put(aSecret());
  stage.openRepository();
  await stage.settle();
  stage.end(deleteJob(stage), 0, aDeletedResult(1));
  await stage.pass();
  assert.equal(stage.backup, undefined);
});

const unreadable: Readonly<Record<string, { status: Readonly<Record<string, unknown>>; count: number }>> = {
  "a status of another version": {
    status: { phase: "Resting", snapshots: [{ kopiaSnapshotID: "k1" }, { kopiaSnapshotID: "k2" }, {}] },
    count: 2,
  },
  "a status that names no snapshot": { status: { phase: 7 }, count: 1 },
};
for (const [what, { status, count }] of Object.entries(unreadable)) {
  Deno.test(`Deletion of a Backup with ${what} is refused until a person says to leave its snapshots`, async () => {
    const stage = new BackupStage({ backup: { status, metadata: { finalizers: [FINALIZER] } } });
    stage.deleteBackup();
    await stage.settleDeletion();
    assert.ok(stage.isHeld);
    const reported = stage.backup?.status as Readonly<Record<string, unknown>>;
    assert.equal(reported["phase"], status["phase"]);
    stage.annotate({ [ANNOTATION.skipSnapshotCleanup]: "true" });
    stage.kube.failNext("finalizer", refusal(403, "Cannot write: forbidden"));
    await stage.pass();
    const kept = stage.backup?.status as Readonly<Record<string, unknown>>;
    assert.deepEqual([kept["phase"], kept["snapshots"]], [status["phase"], status["snapshots"]]);
    await stage.pass();
    assert.equal(stage.backup, undefined);
    assert.equal(stage.events.filter((event) => event === "Normal SnapshotOrphaned on Backup").length, 1);
    assert.deepEqual(await stage.series(orphaned), [`${orphaned}{namespace="apps"} ${count}`]);
  });
}

Deno.test("Deletion of a Backup with a spec nobody understands is let go by the skip annotation", async () => {
  const stage = new BackupStage({ backup: { metadata: { finalizers: [FINALIZER] } } });
  stage.edit((backup) => ({ ...backup, spec: { something: "else" } }));
  stage.annotate({ [ANNOTATION.skipSnapshotCleanup]: "true" });
  await stage.settle();
  assert.ok(stage.isHeld, "not before it is deleted");
  stage.deleteBackup();
  await stage.pass();
  assert.equal(stage.backup, undefined);
});
