import assert from "node:assert/strict";
import { aFailedResult, aSavedResult, BackupStage } from "../../../tests/support/backup_stage.ts";
import { aBackup, aPodOf, endedPodStatus, Mortality, readerOver } from "../../../tests/support/mod.ts";
import { FINALIZER } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { SECRET } from "../../shared/mod.ts";
import { MAX_DISRUPTIONS } from "../../movers/mod.ts";

const POD = { group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true } as const;
const unscheduled = {
  phase: "Pending",
  conditions: [{
    type: "PodScheduled",
    status: "False",
    reason: "Unschedulable",
    message: "0/3 nodes match",
  }],
};

function running(stage: BackupStage): Record<string, unknown> {
  const startedAt = stage.clock.now().toISOString();
  return { phase: "Running", containerStatuses: [{ name: "mover", state: { running: { startedAt } } }] };
}

function dropPods(stage: BackupStage): void {
  for (const pod of stage.kube.list(POD)) stage.kube.delete(pod);
}

/** What a Job controller and a scheduler without a node do in a span of time, with a pass each half minute. */
async function pass(stage: BackupStage, seconds: number, names = ["run"], hasPods = true): Promise<void> {
  for (let left = seconds; left > 0; left -= 30) {
    for (const pod of stage.kube.list(POD)) {
      const isOwned = stage.jobs.some(({ metadata }) =>
        metadata.uid === pod.metadata.ownerReferences?.[0]?.uid
      );
      if (!isOwned) stage.kube.delete(pod);
    }
    for (const job of stage.jobs) if (hasPods) stage.pod(job, unscheduled, job.metadata.uid?.slice(-6));
    for (const name of names) await stage.settle(name);
    await stage.clock.advance(30_000);
  }
}

function entry(stage: BackupStage) {
  return stage.status.snapshots?.[0];
}

for (const hasPods of [true, false]) {
  const what = hasPods ? "has no node" : "gets no pod";
  Deno.test(`a mover that ${what} gives its slot back after the grace, asks again, and ends with the start deadline`, async () => {
    const stage = new BackupStage({ maxMovers: 1 });
    await stage.settle();
    const [name] = stage.made;
    stage.kube.put(aBackup({ name: "other", metadata: { uid: "uid-other", finalizers: [FINALIZER] } }));
    await pass(stage, 360, ["run"], hasPods);
    assert.deepEqual(stage.jobs, []);
    assert.equal(entry(stage)?.phase, "Pending");
    assert.match(
      stage.status.message ?? "",
      hasPods ? /0\/3 nodes match; its slot was given back/ : /no pod was made/,
    );
    await stage.settle("other");
    assert.equal(stage.made.length, 2, "the other one has the slot");
    stage.end(stage.job(), 0, aSavedResult("k-other"));
    await stage.settle("other");
    await pass(stage, 120, ["run"], hasPods);
    assert.equal(stage.made.filter((made) => made === name).length, 2, "the same Job again");
    assert.equal(entry(stage)?.job?.attempts, 1);
    await pass(stage, 1500, ["run"], hasPods);
    assert.equal(stage.phaseAndReason("run"), "Failed StartDeadlineExceeded");
    const failure = entry(stage)?.failure;
    assert.equal(failure?.resultKnown, true);
    assert.match(failure?.logTail ?? "", hasPods ? /0\/3 nodes match/ : /quota/);
    assert.ok(stage.clock.now().getTime() - Date.parse("2026-01-02T03:04:05Z") < 2_000_000);
  });
}

Deno.test("a source that gave its slot back stands in line for hours without missing its start", async () => {
  const stage = new BackupStage({ maxMovers: 1 });
  await stage.settle();
  stage.kube.put(aBackup({ name: "other", metadata: { uid: "uid-other", finalizers: [FINALIZER] } }));
  await pass(stage, 360);
  await stage.settle("other");
  stage.pod(stage.job(), running(stage), "works");
  await stage.settle("other");
  for (let minute = 0; minute < 180; minute++) {
    await stage.clock.advance(60_000);
    await stage.settle();
  }
  assert.match(stage.phaseAndReason("run"), /^Running NoSlot$/);
  stage.end(stage.job(), 0, aSavedResult("k-other"));
  await stage.settle("other");
  await stage.settle();
  assert.equal(stage.made.length, 3, "it has its turn");
  dropPods(stage);
  await pass(stage, 240);
  assert.equal(stage.phaseAndReason("run"), "Running Unschedulable", "the time it had left is still there");
  await pass(stage, 1800);
  assert.equal(stage.phaseAndReason("run"), "Failed StartDeadlineExceeded");
});

Deno.test("a controller whose clock is ahead gives a mover as long to start as any other", async () => {
  const stage = new BackupStage();
  await stage.pass();
  const creationTimestamp = new Date(stage.clock.now().getTime() - 2_400_000).toISOString();
  const job = stage.kube.put({ ...stage.job(), metadata: { ...stage.job().metadata, creationTimestamp } });
  await stage.settle();
  await stage.clock.advance(60_000);
  await stage.settle();
  assert.deepEqual(stage.jobs.map(({ metadata }) => metadata.name), [job.metadata.name]);
  await stage.clock.advance(300_000);
  await stage.settle();
  assert.deepEqual(stage.jobs, []);
});

Deno.test("a mover that starts at a later try succeeds, and counts as the first", async () => {
  const stage = new BackupStage();
  await stage.settle();
  await pass(stage, 420);
  assert.equal(stage.made.length, 2);
  dropPods(stage);
  stage.pod(stage.job(), running(stage));
  await stage.settle();
  const { attempts, waitingSince, slotsGivenBack } = entry(stage)?.job ?? {};
  assert.deepEqual([attempts, waitingSince, slotsGivenBack], [1, undefined, undefined]);
  stage.end(stage.job(), 0, aSavedResult("k1"));
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Succeeded BackupSucceeded");
});

Deno.test("a mover that starts while its Job is removed is followed by another one only when it is gone", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const job = stage.job();
  stage.kube.put({ ...job, metadata: { ...job.metadata, finalizers: ["foregroundDeletion"] } });
  stage.pod(stage.job(), unscheduled);
  await stage.settle();
  await stage.clock.advance(300_000);
  await stage.settle();
  assert.ok(stage.job().metadata.deletionTimestamp !== undefined);
  stage.pod(stage.job(), running(stage));
  await stage.settle();
  await stage.clock.advance(120_000);
  await stage.settle();
  assert.equal(stage.made.length, 1, "its pod may work");
  dropPods(stage);
  stage.kube.delete(
    stage.kube.put({ ...stage.job(), metadata: { ...stage.job().metadata, finalizers: [] } }),
  );
  await stage.settle();
  assert.equal(new Set(stage.made).size, 2, "the next one is another attempt");
  assert.equal(entry(stage)?.job?.attempts, 2);
});

for (const settings of ["image", "nodes"]) {
  Deno.test(`a mover that never ran is made anew when its ${settings} were put right, and keeps them otherwise`, async () => {
    const stage = new BackupStage();
    await stage.settle();
    stage.pod(stage.job(), {
      phase: "Pending",
      containerStatuses: [{
        name: "mover",
        state: { waiting: { reason: "ImagePullBackOff", message: "gone" } },
      }],
    });
    await stage.settle();
    stage.restart();
    await stage.settle();
    assert.equal(stage.made.length, 1);
    if (settings === "nodes") {
      const mover = { nodeSelector: { zone: "b" } };
      stage.openRepository("0123abcd", { mover });
    } else {
      const { annotations } = stage.job().metadata;
      const old = { ...annotations, "kopiur.home-operations.com/mover-settings": "another" };
      stage.kube.put({ ...stage.job(), metadata: { ...stage.job().metadata, annotations: old } });
    }
    await stage.settle();
    dropPods(stage);
    await stage.settle();
    assert.equal(stage.made.length, 2);
    assert.equal(entry(stage)?.job?.attempts, 1);
    if (settings === "nodes") assert.match(JSON.stringify(stage.job().spec), /"zone":"b"/);
    stage.pod(stage.job(), running(stage));
    await stage.settle();
    assert.equal(entry(stage)?.phase, "Running");
  });
}

function evict(stage: BackupStage, suffix: string, reason = "TerminationByKubelet"): KubeObject {
  return stage.pod(stage.job(), {
    ...endedPodStatus(137, ""),
    phase: "Failed",
    reason: "Evicted",
    message: "The node was low on resource: ephemeral-storage",
    conditions: [{ type: "DisruptionTarget", status: "True", reason }],
  }, suffix);
}

Deno.test("a mover that is evicted again and again is told each time, and ends the run with the reason", async () => {
  const stage = new BackupStage();
  await stage.settle();
  for (let turn = 1; turn <= 30 && stage.jobs.length > 0 && stage.status.phase === "Running"; turn++) {
    stage.pod(stage.job(), running(stage), `p${turn}`);
    await stage.settle();
    await stage.clock.advance(300_000);
    evict(stage, `p${turn}`);
    await stage.settle();
    await stage.clock.advance(60_000);
  }
  dropPods(stage);
  await stage.settle();
  assert.equal(
    stage.events.filter((event) => event === "Warning Interrupted on Backup").length,
    MAX_DISRUPTIONS,
  );
  assert.equal(stage.status.phase, "Failed");
  assert.equal(entry(stage)?.failure?.class, "Interrupted");
  assert.equal(entry(stage)?.failure?.resultKnown, false);
  assert.match(entry(stage)?.failure?.logTail ?? "", /10 times, the last one: Evicted: The node was low on/);
});

Deno.test("a few drains do not end a run, though their pods are gone at once", async () => {
  const stage = new BackupStage();
  await stage.settle();
  for (let turn = 1; turn <= 4; turn++) {
    stage.pod(stage.job(), running(stage), `p${turn}`);
    await stage.settle();
    evict(stage, `p${turn}`, "EvictionByEvictionAPI");
    await stage.settle();
    assert.doesNotMatch(stage.status.message ?? "", /quota|lost/);
    dropPods(stage);
    await stage.clock.advance(20_000);
  }
  assert.equal(entry(stage)?.job?.disruptions, 4);
  stage.end(stage.job(), 0, aSavedResult("k1"));
  await stage.settle();
  assert.equal(stage.status.phase, "Succeeded");
});

/** The Job of a running mover is gone, its pod is not. */
async function strayPod(parts: Record<string, unknown>, keepsOwner: boolean): Promise<BackupStage> {
  const stage = new BackupStage();
  await stage.settle();
  const job = stage.job();
  stage.pod(job, running(stage));
  stage.kube.put({ ...job, status: { active: 1 } });
  await stage.settle();
  const pod = aPodOf(job, { name: `${job.metadata.name}-x`, metadata: parts, status: running(stage) });
  const { ownerReferences, ...metadata } = pod.metadata;
  stage.kube.put({
    ...pod,
    metadata: {
      ...metadata,
      ...(keepsOwner && ownerReferences !== undefined ? { ownerReferences } : {}),
      labels: { ...metadata.labels, "batch.kubernetes.io/job-name": job.metadata.name },
    },
  });
  stage.delete("batch/v1", "Job", job.metadata.name);
  await stage.settle();
  await stage.clock.advance(60_000);
  await stage.settle();
  return stage;
}

Deno.test("a pod whose Job was deleted without it is waited for, said, and then followed by the next mover", async () => {
  const stage = await strayPod({}, false);
  assert.equal(stage.made.length, 1, "no second mover beside it");
  assert.equal(stage.phaseAndReason("run"), "Running PodNotStarted");
  assert.match(stage.status.message ?? "", /its Job is gone .* no other mover is made beside it/);
  await stage.clock.advance(3_600_000);
  await stage.settle();
  assert.equal(stage.status.phase, "Running", "it works");
  dropPods(stage);
  await stage.settle();
  assert.equal(stage.made.length, 2);
});

Deno.test("a pod whose Job was deleted without it ends the run when the time of a mover is over", async () => {
  const stage = await strayPod({}, false);
  await stage.clock.advance(86_400_000);
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Failed ResultMissing");
  assert.deepEqual([entry(stage)?.failure?.class, entry(stage)?.failure?.resultKnown], [
    "ResultMissing",
    false,
  ]);
  assert.equal(stage.made.length, 1);
});

Deno.test("a Job that was deleted while its pod hangs on a lost node is told and ends with the start deadline", async () => {
  const gone = { deletionTimestamp: "2026-01-02T03:05:00Z", finalizers: ["x"] };
  const stage = await strayPod(gone, true);
  assert.match(stage.status.message ?? "", /its node does not say that it went/);
  await stage.clock.advance(1_800_000);
  await stage.settle();
  assert.equal(stage.status.phase, "Failed");
  assert.match(entry(stage)?.failure?.logTail ?? "", /its node does not say/);
  assert.equal(stage.made.length, 1);
});

Deno.test("a mover on a lost node gives its slot back, is told, and ends the run while it may still work", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const job = stage.job();
  stage.kube.put({
    ...job,
    status: { active: 1 },
    metadata: { ...job.metadata, finalizers: ["foregroundDeletion"] },
  });
  const metadata = {
    deletionTimestamp: "2026-01-02T03:05:00Z",
    finalizers: ["x"],
    creationTimestamp: "2026-01-02T03:04:06Z",
  };
  stage.kube.put(aPodOf(job, { name: `${job.metadata.name}-x`, metadata, status: running(stage) }));
  await stage.settle();
  await stage.clock.advance(360_000);
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Running PodNotStarted");
  assert.match(stage.status.message ?? "", /its node may be lost/);
  assert.ok(stage.job().metadata.deletionTimestamp !== undefined, "the Job is to go, so its slot is free");
  await stage.clock.advance(1_800_000);
  await stage.settle();
  assert.equal(stage.status.phase, "Failed");
  assert.deepEqual([entry(stage)?.failure?.class, entry(stage)?.failure?.resultKnown], [
    "Interrupted",
    false,
  ]);
  assert.equal(stage.made.length, 1, "no second mover beside one that may work");
});

const agent = { name: "agent", state: { running: { startedAt: "2026-01-02T03:04:06Z" } } };

Deno.test("a mover that failed for good beside an injected container ends its source, and its Job goes", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const { containerStatuses } = endedPodStatus(2, aFailedResult("AccessDenied", "denied"));
  stage.pod(stage.job(), { phase: "Running", containerStatuses: [...[containerStatuses].flat(), agent] });
  await stage.settle();
  assert.equal(stage.status.phase, "Failed");
  assert.equal(entry(stage)?.failure?.class, "AccessDenied");
  await stage.clock.advance(1000);
  await stage.settle();
  assert.deepEqual(stage.jobs, []);
});

Deno.test("a mover that succeeded beside an injected container ends its source, and its Job goes", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const { containerStatuses } = endedPodStatus(0, aSavedResult("k1"));
  stage.pod(stage.job(), { phase: "Running", containerStatuses: [...[containerStatuses].flat(), agent] });
  await stage.settle();
  assert.equal(stage.status.phase, "Succeeded");
  await stage.clock.advance(1000);
  await stage.settle();
  assert.deepEqual(stage.jobs, []);
});

Deno.test("a mover that may be tried again beside an injected container is, in another Job", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const first = stage.job();
  const { containerStatuses } = endedPodStatus(1, aFailedResult("RepositoryUnavailable", "502"));
  stage.pod(first, { phase: "Running", containerStatuses: [...[containerStatuses].flat(), agent] });
  await stage.settle();
  assert.equal(stage.made.length, 2);
  assert.deepEqual(stage.jobs.map(({ metadata }) => `apps/${metadata.name}`), [stage.made[1]]);
});

Deno.test("a source that gives its slot back has one Job at a time and one attempt, whenever the controller dies", async () => {
  for (let deathAt = 1; deathAt < 24; deathAt++) {
    const mortality = new Mortality();
    mortality.writesLeft = deathAt;
    const stage = new BackupStage({ writer: (kube) => mortality.writer(kube) });
    const startAt = stage.clock.now().getTime();
    while (stage.clock.now().getTime() - startAt < 600_000) {
      if (mortality.writesLeft === 0) {
        stage.restart();
        mortality.writesLeft = Number.POSITIVE_INFINITY;
      }
      for (const pod of stage.kube.list(POD)) {
        const owner = pod.metadata.ownerReferences?.[0]?.uid;
        if (!stage.jobs.some(({ metadata }) => metadata.uid === owner)) stage.kube.delete(pod);
      }
      for (const job of stage.jobs) stage.pod(job, unscheduled, job.metadata.uid?.slice(-6));
      await stage.pass();
      assert.ok(stage.jobs.length <= 1);
      await stage.clock.advance(10_000);
    }
    mortality.writesLeft = Number.POSITIVE_INFINITY;
    assert.equal(new Set(stage.made).size, 1, `died after write ${deathAt}`);
    dropPods(stage);
    for (let turn = 0; stage.jobs.length === 0 && turn < 40; turn++) {
      await stage.settle();
      await stage.clock.advance(10_000);
    }
    stage.end(stage.job(), 0, aSavedResult("k1"));
    await stage.settle();
    assert.equal(stage.phaseAndReason("run"), "Succeeded BackupSucceeded", `died after write ${deathAt}`);
  }
});

for (
  const failureClass of [
    "AccessDenied",
    "StorageFull",
    "PermissionDenied",
    "Locked",
    "NotFound",
    "SourceError",
  ]
) {
  Deno.test(`a run that failed as ${failureClass}, which may come after the snapshot, is not deleted without a look`, async () => {
    const stage = new BackupStage();
    await stage.settle();
    stage.end(stage.job(), 2, aFailedResult(failureClass, "refused"));
    await stage.settle();
    assert.equal(stage.status.phase, "Failed");
    stage.deleteBackup();
    await stage.settleDeletion();
    assert.match(stage.job().metadata.name, /-delete-/);
  });
}

Deno.test("a snapshot of which nothing could be read is known, with what the mover said of it", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const unreadable = { count: 3, paths: ["a"] };
  stage.end(stage.job(), 0, aSavedResult("k1", { files: 0, unreadable }));
  await stage.settle();
  assert.deepEqual([entry(stage)?.failure?.class, entry(stage)?.failure?.resultKnown], [
    "PermissionDenied",
    true,
  ]);
  assert.equal(entry(stage)?.kopiaSnapshotID, "k1");
});

Deno.test("a run that ended while the cache shows that a source of it runs starts no second mover", async () => {
  const seen: { stale?: KubeObject } = {};
  const stage = new BackupStage({
    sources: ["data", "logs"],
    reader: (kube) =>
      readerOver(kube, {
        get: (resource, key) =>
          resource.kind === "Backup" && seen.stale !== undefined ? seen.stale : kube.get(resource, key),
      }),
  });
  await stage.settle();
  stage.end(stage.job("data"), 0, aSavedResult("k1"));
  await stage.settle();
  const stale = stage.backup;
  stage.end(stage.job("logs"), 0, aSavedResult("k2"));
  await stage.settle();
  assert.equal(stage.status.phase, "Succeeded");
  for (const job of stage.jobs) stage.kube.delete(job);
  dropPods(stage);
  if (stale !== undefined) seen.stale = stale;
  await stage.pass();
  assert.equal(stage.made.length, 2);
  assert.equal(stage.status.phase, "Succeeded");
});

Deno.test("a source whose Job is gone looks for the credentials before its next one, whatever Jobs others have", async () => {
  const stage = new BackupStage({ sources: ["data", "mail", "logs"] });
  await stage.settle();
  stage.kube.delete(stage.job("logs"));
  for (const secret of stage.kube.list(SECRET)) stage.kube.delete(secret);
  await stage.settle();
  assert.equal(stage.made.length, 3);
  assert.ok(
    stage.conditions.includes("CredentialsAvailable=False MissingCredentialsSecret"),
    stage.conditions.join(),
  );
});
