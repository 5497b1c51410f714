import assert from "node:assert/strict";
import { ANNOTATION, type DeletionPolicy } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { aDeletedResult, BackupStage } from "../../../tests/support/backup_stage.ts";
import { aBackupConfig, refusal } from "../../../tests/support/mod.ts";
import { SLOT_GRACE_SECONDS } from "../../movers/mod.ts";
import { POD } from "../../shared/mod.ts";
import { DELETE_LIMIT_SECONDS } from "./job.ts";

const API = "kopiur.home-operations.com/v1alpha1";
const orphaned = "kopiur_orphaned_snapshots_total";
const running = { phase: "Running", containerStatuses: [{ name: "mover", state: { running: {} } }] };
const unschedulable = {
  phase: "Pending",
  conditions: [{
    type: "PodScheduled",
    status: "False",
    reason: "Unschedulable",
    message: "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector",
  }],
};

/** A stage in which the mover of a deletion was made. */
async function deletingStage(
  parts: { readonly maxMovers?: number; readonly names?: readonly string[] } = {},
): Promise<BackupStage> {
  const { maxMovers = 0, names = ["old"] } = parts;
  const stage = new BackupStage({ maxMovers });
  stage.addEnded(names);
  stage.deleteBackup(...names);
  for (const name of names) await stage.settle(name);
  await stage.clock.advance(10_000);
  for (const name of names) await stage.settle(name);
  return stage;
}

function deleteJobs(stage: BackupStage): readonly KubeObject[] {
  return stage.jobs.filter(({ metadata }) => metadata.name.includes("-delete-"));
}

function aDeleteJob(stage: BackupStage): KubeObject {
  return deleteJobs(stage).at(-1) ?? assert.fail("no delete Job");
}

function setPolicy(stage: BackupStage, deletionPolicy: DeletionPolicy): void {
  const backup = stage.kube.find(API, "Backup", { namespace: "apps", name: "old" }) ?? assert.fail();
  stage.kube.put({ ...backup, spec: { configRef: { name: "recipe" }, deletionPolicy } });
}

const words: Readonly<Record<string, { say: (stage: BackupStage) => void; orphans: number }>> = {
  "the skip annotation": {
    say: (stage) => stage.annotate({ [ANNOTATION.skipSnapshotCleanup]: "true" }, "old"),
    orphans: 1,
  },
  "the policy Orphan": { say: (stage) => setPolicy(stage, "Orphan"), orphans: 1 },
  "the policy Retain": { say: (stage) => setPolicy(stage, "Retain"), orphans: 0 },
  "a recipe that retains": {
    say: (stage) => void stage.kube.put(aBackupConfig({ spec: { defaultDeletionPolicy: "Retain" } })),
    orphans: 0,
  },
};
for (const [what, { say, orphans }] of Object.entries(words)) {
  Deno.test(`Deletion that is taken back by ${what} stops its mover, waits for it and says what may be gone`, async () => {
    const stage = await deletingStage();
    const job = aDeleteJob(stage);
    const finalizers = ["foregroundDeletion"];
    stage.kube.put({ ...job, metadata: { ...job.metadata, finalizers }, status: { active: 1 } });
    const pod = stage.pod(aDeleteJob(stage), running);
    await stage.settle("old");
    say(stage);
    await stage.settle("old");
    assert.equal(stage.phaseAndReason("old"), "Deleting Deleting");
    assert.ok(aDeleteJob(stage).metadata.deletionTimestamp !== undefined, "it is being stopped");
    stage.kube.delete(pod);
    const stopped = aDeleteJob(stage);
    stage.kube.delete(stage.kube.put({ ...stopped, metadata: { ...stopped.metadata, finalizers: [] } }));
    await stage.settle("old");
    assert.equal(stage.phaseAndReason("old"), "gone");
    assert.match(stage.kube.events.at(-1)?.note ?? "", /so some of them may be gone$/);
    assert.deepEqual(await stage.series(orphaned), [`${orphaned}{namespace="apps"} ${orphans}`]);
  });

  Deno.test(`Deletion that is taken back by ${what} when its mover was done says what it did`, async () => {
    const stage = await deletingStage();
    say(stage);
    stage.end(aDeleteJob(stage), 0, aDeletedResult(1));
    await stage.settle("old");
    assert.equal(stage.phaseAndReason("old"), "gone");
    assert.equal(stage.events.at(-1), "Normal SnapshotDeleted on Backup");
    assert.deepEqual(await stage.series(orphaned), [`${orphaned}{namespace="apps"} 0`]);
  });
}

Deno.test("Deletion that is taken back waits no longer than the grace for a mover on a lost node, and says so", async () => {
  const stage = await deletingStage();
  const job = aDeleteJob(stage);
  stage.kube.put({ ...job, metadata: { ...job.metadata, finalizers: ["foregroundDeletion"] } });
  const pod = stage.pod(aDeleteJob(stage), running);
  stage.kube.put({ ...pod, metadata: { ...pod.metadata, finalizers: ["x"] } });
  await stage.settle("old");
  words["the skip annotation"]?.say(stage);
  await stage.settle("old");
  await stage.clock.advance(299_000);
  await stage.settle("old");
  assert.equal(stage.phaseAndReason("old"), "Deleting Deleting");
  await stage.clock.advance(1_000);
  await stage.settle("old");
  assert.equal(stage.phaseAndReason("old"), "gone");
  assert.match(stage.kube.events.at(-1)?.note ?? "", /it could not be seen to stop, so more of them may go$/);
});

Deno.test("Deletion of a Backup nobody can read any more stops its mover when it is taken back", async () => {
  const stage = await deletingStage();
  const job = aDeleteJob(stage);
  stage.kube.put({ ...job, metadata: { ...job.metadata, finalizers: ["foregroundDeletion"] } });
  stage.pod(aDeleteJob(stage), running);
  const backup = stage.kube.find(API, "Backup", { namespace: "apps", name: "old" }) ?? assert.fail();
  stage.kube.put({ ...backup, status: { phase: 7, snapshots: [{ kopiaSnapshotID: "k-old" }] } });
  words["the skip annotation"]?.say(stage);
  await stage.pass("old");
  assert.ok(aDeleteJob(stage).metadata.deletionTimestamp !== undefined);
  assert.notEqual(stage.kube.find(API, "Backup", { namespace: "apps", name: "old" }), undefined);
  await stage.clock.advance(300_000);
  await stage.pass("old");
  assert.equal(stage.kube.find(API, "Backup", { namespace: "apps", name: "old" }), undefined);
});

Deno.test("Deletion of a Backup nobody can read any more waits for a pod without a Job as long as that may work", async () => {
  const stage = await deletingStage();
  const { creationTimestamp = "" } = orphanPod(stage, aDeleteJob(stage)).metadata;
  const backup = () => stage.kube.find(API, "Backup", { namespace: "apps", name: "old" });
  stage.kube.put({
    ...backup() ?? assert.fail(),
    status: { phase: 7, snapshots: [{ kopiaSnapshotID: "k-old" }] },
  });
  words["the skip annotation"]?.say(stage);
  const untilMs = Date.parse(creationTimestamp) + (DELETE_LIMIT_SECONDS + SLOT_GRACE_SECONDS) * 1000;
  await stage.clock.advance(untilMs - stage.clock.epochMs() - 1000);
  await stage.pass("old");
  assert.notEqual(backup(), undefined);
  await stage.clock.advance(1000);
  await stage.pass("old");
  assert.equal(backup(), undefined);
  assert.match(stage.kube.events.at(-1)?.note ?? "", /it could not be seen to stop, so more of them may go$/);
});

Deno.test("Deletion that is taken back takes no pod of an earlier Backup of its name for its own mover", async () => {
  const stage = await deletingStage();
  const job = aDeleteJob(stage);
  const earlier = { ...job, metadata: { ...job.metadata, name: "old-delete-1-01234567" } };
  orphanPod(stage, earlier);
  stage.kube.delete(job);
  words["the skip annotation"]?.say(stage);
  await stage.settle("old");
  assert.equal(stage.phaseAndReason("old"), "gone");
  assert.doesNotMatch(stage.kube.events.at(-1)?.note ?? "", /could not be seen to stop/);
});

/** As after `kubectl delete job --cascade=orphan`, before the pod has a node. */
function orphanPod(stage: BackupStage, job: KubeObject): KubeObject {
  const { ownerReferences: _gone, ...metadata } = stage.pod(job, unschedulable).metadata;
  const labels = { ...metadata.labels, "batch.kubernetes.io/job-name": job.metadata.name };
  const pod = stage.kube.list(POD, { namespace: "apps" }).find(({ metadata: { name } }) =>
    name === metadata.name
  );
  const orphan = stage.kube.put({ ...(pod ?? assert.fail()), metadata: { ...metadata, labels } });
  if (stage.jobs.some(({ metadata: { name } }) => name === job.metadata.name)) stage.kube.delete(job);
  return orphan;
}

Deno.test("Deletion makes no mover when its Repository changed since it was read", async () => {
  const stage = new BackupStage();
  stage.addEnded(["old"]);
  stage.deleteBackup("old");
  await stage.settle("old");
  await stage.clock.advance(10_000);
  stage.kube.failNext("annotate", refusal(409, "the object has been modified"));
  await stage.pass("old");
  assert.equal(deleteJobs(stage).length, 0);
  await stage.settle("old");
  assert.equal(deleteJobs(stage).length, 1);
});

Deno.test("Deletion that is taken back before its mover was made says nothing of a mover", async () => {
  const stage = new BackupStage();
  stage.addEnded(["old"]);
  stage.deleteBackup("old");
  await stage.settle("old");
  words["the skip annotation"]?.say(stage);
  await stage.settle("old");
  assert.match(stage.kube.events.at(-1)?.note ?? "", /: k-old of "data"$/);
});

for (
  const [what, stand] of [
    [
      "has no node",
      (stage: BackupStage) => deleteJobs(stage).forEach((job) => stage.pod(job, unschedulable)),
    ],
    ["gets no pod", () => {}],
  ] as const
) {
  Deno.test(`Deletion whose mover ${what} gives its slot back after the grace and stands in line again`, async () => {
    const stage = await deletingStage({ maxMovers: 3, names: ["old-1", "old-2"] });
    stand(stage);
    await stage.settle("run");
    assert.equal(stage.phaseAndReason("run"), "Pending NoSlot");
    for (let second = 0; second <= 330; second += 15) {
      await stage.clock.advance(15_000);
      for (const name of ["old-1", "old-2", "run"]) await stage.settle(name);
    }
    assert.equal(stage.phaseAndReason("run"), "Running PodNotStarted");
    assert.match(
      stage.messageOf("old-1"),
      /^The mover that deletes the snapshots does not start: .*it is given up and tried again at /,
    );
    for (let hour = 0; hour < 10 * 24; hour++) {
      await stage.clock.advance(3_600_000);
      for (const name of ["old-1", "old-2"]) await stage.settle(name);
      assert.ok(deleteJobs(stage).length <= 2);
    }
    const made = stage.made.filter((name) => name.includes("old-1-delete-")).length;
    assert.ok(made > 50, String(made));
    assert.deepEqual(await stage.series("kopiur_snapshot_deletion_failures_total"), [
      'kopiur_snapshot_deletion_failures_total{namespace="apps"} 0',
    ]);
  });
}

Deno.test("Deletion that is given up waits for its mover to be gone before it makes the next one", async () => {
  const stage = await deletingStage();
  const job = aDeleteJob(stage);
  stage.kube.put({ ...job, metadata: { ...job.metadata, finalizers: ["foregroundDeletion"] } });
  stage.pod(aDeleteJob(stage), unschedulable);
  await stage.settle("old");
  await stage.clock.advance(300_000);
  await stage.settle("old");
  await stage.clock.advance(600_000);
  await stage.settle("old");
  assert.equal(deleteJobs(stage).length, 1);
  await stage.clock.advance(1_800_000);
  await stage.settle("old");
  assert.equal(deleteJobs(stage).length, 2, "but not for ever");
});

Deno.test("Deletion that is given up is done when its mover ran all the same", async () => {
  const stage = await deletingStage();
  const job = aDeleteJob(stage);
  stage.kube.put({ ...job, metadata: { ...job.metadata, finalizers: ["foregroundDeletion"] } });
  stage.pod(aDeleteJob(stage), unschedulable);
  await stage.settle("old");
  await stage.clock.advance(300_000);
  await stage.settle("old");
  stage.end(aDeleteJob(stage), 0, aDeletedResult(1));
  await stage.settle("old");
  assert.equal(stage.phaseAndReason("old"), "gone");
});

Deno.test("Deletion goes where the Repository says today, as the user that wrote", async () => {
  const stage = new BackupStage();
  const mover = {
    nodeSelector: { pool: "storage-2025" },
    tolerations: [{ key: "old", operator: "Exists" }],
    resources: { requests: { memory: "9Gi" } },
    runAsUser: 1001,
    runAsGroup: 1002,
    fsGroup: 1003,
  };
  const resolved = {
    repository: { kind: "Repository", name: "repo", uniqueId: "0123abcd" },
    config: "recipe",
    identity: { username: "recipe", hostname: "apps" },
    deletionPolicy: "Delete",
    mover,
  };
  stage.addEnded(["old"], { status: { resolved } });
  stage.openRepository("0123abcd", { mover: { nodeSelector: { pool: "storage-2026" }, runAsUser: 7 } });
  stage.deleteBackup("old");
  await stage.settle("old");
  await stage.clock.advance(10_000);
  await stage.settle("old");
  const { template, activeDeadlineSeconds } = aDeleteJob(stage)["spec"] as {
    readonly activeDeadlineSeconds: number;
    readonly template: { readonly spec: Readonly<Record<string, unknown>> };
  };
  assert.ok(activeDeadlineSeconds > 0);
  assert.deepEqual(template.spec["nodeSelector"], { pool: "storage-2026" });
  assert.equal(template.spec["tolerations"], undefined);
  const { runAsUser, runAsGroup, fsGroup } = template.spec["securityContext"] as Readonly<
    Record<string, number>
  >;
  assert.deepEqual([runAsUser, runAsGroup, fsGroup], [1001, 1002, 1003]);
});

const policies: readonly (readonly [
  pinned: DeletionPolicy,
  today: DeletionPolicy | "gone" | undefined,
  own: DeletionPolicy | undefined,
  deletes: boolean,
])[] = [
  ["Delete", "Retain", undefined, false],
  ["Delete", "Orphan", undefined, false],
  ["Delete", "Delete", undefined, true],
  ["Delete", undefined, undefined, true],
  ["Delete", "gone", undefined, true],
  ["Retain", "Delete", undefined, false],
  ["Orphan", "gone", undefined, false],
  ["Retain", "Retain", "Delete", true],
  ["Delete", "Delete", "Retain", false],
];
for (const [pinned, today, own, deletes] of policies) {
  Deno.test(`Deletion with ${pinned} pinned, ${today ?? "nothing"} in the recipe today and ${own ?? "nothing"} of its own ${deletes ? "deletes" : "keeps"}`, async () => {
    const stage = new BackupStage();
    const resolved = {
      repository: { kind: "Repository", name: "repo", uniqueId: "0123abcd" },
      config: "recipe",
      identity: { username: "recipe", hostname: "apps" },
      deletionPolicy: pinned,
    };
    stage.addEnded(["old"], {
      status: { resolved },
      ...(own === undefined ? {} : { spec: { deletionPolicy: own } }),
    });
    if (today === "gone") stage.delete(API, "BackupConfig", "recipe");
    else if (today !== undefined) stage.kube.put(aBackupConfig({ spec: { defaultDeletionPolicy: today } }));
    stage.deleteBackup("old");
    await stage.settle("old");
    await stage.clock.advance(10_000);
    await stage.settle("old");
    assert.equal(deleteJobs(stage).length, deletes ? 1 : 0);
  });
}

Deno.test("Deletion goes on from what releases before this one remembered of its movers", async () => {
  const stage = new BackupStage();
  const deletion = {
    failures: 1,
    unstarted: 2,
    startedAt: "2026-01-02T02:00:00Z",
    settlingSince: "2026-01-02T01:59:00Z",
    waitingSince: "2026-01-02T02:50:00Z",
    retryAt: new Date(stage.clock.epochMs() + 60_000).toISOString(),
  };
  stage.addEnded(["old"], { status: { deletion } });
  stage.deleteBackup("old");
  await stage.clock.advance(10_000);
  await stage.settle("old");
  assert.equal(deleteJobs(stage).length, 0, "it is not time yet");
  await stage.clock.advance(50_000);
  await stage.settle("old");
  assert.match(aDeleteJob(stage).metadata.name, /^old-delete-4-/);
  const reported = stage.kube.find(API, "Backup", { namespace: "apps", name: "old" })?.status as {
    readonly deletion: Readonly<Record<string, unknown>>;
  };
  const { failures, unstarted, retryAt, job } = reported.deletion;
  assert.deepEqual([failures, unstarted, retryAt], [1, undefined, undefined]);
  assert.equal((job as { readonly attempts: number }).attempts, 4);
});

Deno.test("Deletion whose mover starts after it was given up goes on with that one", async () => {
  const stage = await deletingStage();
  const job = aDeleteJob(stage);
  stage.kube.put({ ...job, metadata: { ...job.metadata, finalizers: ["x"] } });
  stage.pod(aDeleteJob(stage), unschedulable);
  await stage.settle("old");
  await stage.clock.advance(299_000);
  await stage.settle("old");
  await stage.clock.advance(1_000);
  await stage.pass("old");
  assert.match(stage.messageOf("old"), /given up/);
  stage.pod(aDeleteJob(stage), running);
  await stage.settle("old");
  assert.equal(stage.phaseAndReason("old"), "Deleting Deleting");
  assert.equal(aDeleteJob(stage).metadata.deletionTimestamp, undefined);
});

Deno.test("Deletion whose mover waits for a node is made anew when its Repository says another one", async () => {
  const stage = await deletingStage();
  const [first] = deleteJobs(stage);
  const pod = stage.pod(aDeleteJob(stage), unschedulable);
  await stage.settle("old");
  assert.equal(stage.phaseAndReason("old"), "Deleting Unschedulable");
  stage.openRepository("0123abcd", { mover: { nodeSelector: { pool: "storage-2026" } } });
  await stage.settle("old");
  stage.kube.delete(pod);
  await stage.settle("old");
  const { template } = aDeleteJob(stage)["spec"] as {
    readonly template: { readonly spec: Readonly<Record<string, unknown>> };
  };
  assert.deepEqual(template.spec["nodeSelector"], { pool: "storage-2026" });
  assert.equal(aDeleteJob(stage).metadata.name, first?.metadata.name);
  assert.notEqual(aDeleteJob(stage).metadata.uid, first?.metadata.uid);
});

Deno.test("Deletion hands what its mover listed afterwards to the Repository, before the Backup is gone", async () => {
  const stage = await deletingStage();
  const listed = {
    ...{ snapshotCount: 7, totalSizeBytes: 70, observedAt: "2026-01-02T03:10:00.000Z" },
    recent: { since: "2026-01-02T03:00:00.000Z", ids: [] },
  };
  stage.end(aDeleteJob(stage), 0, aDeletedResult(1, 0, { repository: listed }));
  await stage.settle("old");
  assert.equal(stage.phaseAndReason("old"), "gone");
  const repository = { namespace: "apps", name: "repo" };
  assert.deepEqual(stage.deletions.of(repository, "0123abcd"), listed);
  assert.equal(stage.deletions.of(repository, "another"), undefined);
  stage.deletions.keep(repository, "0123abcd", { ...listed, observedAt: "2026-01-02T03:09:00.000Z" });
  assert.deepEqual(stage.deletions.of(repository, "0123abcd"), listed, "an older one changes nothing");
});
