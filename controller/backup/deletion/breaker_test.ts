import assert from "node:assert/strict";
import fc from "fast-check";
import { ANNOTATION } from "../../../api/mod.ts";
import { aDeletedResult, aSavedResult, BackupStage } from "../../../tests/support/backup_stage.ts";
import { aNamespace, aReadyRepository } from "../../../tests/support/mod.ts";
import { deletionMemoryText } from "../../shared/mod.ts";

const API = "kopiur.home-operations.com/v1alpha1";
const orphaned = "kopiur_orphaned_snapshots_total";
const confirm = { [ANNOTATION.confirmDeletion]: "true" };

function names(count: number, prefix = "old"): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(3, "0")}`);
}

const LATER = { startTime: "2026-01-01T03:05:00Z", endTime: "2026-01-01T03:06:30Z" };

/** A stage with Backups that ended long ago, all of them deleted a moment ago. */
async function deletedStage(count: number): Promise<BackupStage> {
  const stage = new BackupStage({ maxMovers: 0 });
  stage.addEnded(names(count));
  stage.deleteBackup(...names(count));
  await stage.settleAll();
  return stage;
}

async function settleTime(stage: BackupStage): Promise<void> {
  await stage.clock.advance(10_000);
  await stage.settleAll();
}

function deleteJobs(stage: BackupStage): readonly string[] {
  return stage.made.filter((name) => name.includes("-delete-"));
}

function reported(stage: BackupStage, reason: string): number {
  return stage.kube.events.filter((event) => event.reason === reason).length;
}

function phasesAndReasons(stage: BackupStage, of: readonly string[]): readonly string[] {
  return [...new Set(of.map((name) => stage.phaseAndReason(name)))];
}

for (const [count, isHeld] of [[1, false], [10, false], [11, true], [100, true]] as const) {
  Deno.test(`Deletion of ${count} Backups at once ${isHeld ? "holds every snapshot" : "deletes the snapshots"}`, async () => {
    const stage = await deletedStage(count);
    assert.deepEqual(phasesAndReasons(stage, names(count)), ["Deleting SettlingDeletion"]);
    assert.deepEqual(deleteJobs(stage), []);
    await settleTime(stage);
    assert.deepEqual(phasesAndReasons(stage, names(count)), [
      `Deleting ${isHeld ? "MassDeletionHeld" : "Deleting"}`,
    ]);
    assert.equal(deleteJobs(stage).length, isHeld ? 0 : count);
    assert.equal(reported(stage, "MassDeletionHeld"), isHeld ? count : 0);
    assert.deepEqual(stage.gauges("kopiur_deletions"), isHeld ? [`kopiur_deletions_held ${count} apps`] : []);
    assert.deepEqual(await stage.series(orphaned), [`${orphaned}{namespace="apps"} 0`]);
  });
}

Deno.test("Deletion that is held says how many there are, why, and how to go on", async () => {
  const stage = await deletedStage(12);
  await settleTime(stage);
  const event = stage.kube.events.find(({ reason }) => reason === "MassDeletionHeld");
  assert.deepEqual([event?.type, event?.action, event?.regarding.kind], [
    "Warning",
    "ConfirmDeletion",
    "Backup",
  ]);
  assert.match(
    event?.note ?? "",
    /^One of 12\. More than 10 Backups of what Repository "repo" opens were deleted within 10m, by all namespaces together, .*confirm-deletion: "true"; .*skip-snapshot-cleanup/,
  );
});

Deno.test("Deletion waits for the settling time and not a look longer", async () => {
  const stage = await deletedStage(1);
  assert.deepEqual(await stage.settle("old-000"), { kind: "after", seconds: 10 });
  await stage.clock.advance(9_000);
  assert.deepEqual(await stage.settle("old-000"), { kind: "after", seconds: 1 });
  assert.deepEqual(deleteJobs(stage), []);
  await stage.clock.advance(1_000);
  await stage.settleAll();
  assert.equal(deleteJobs(stage).length, 1);
});

Deno.test("Deletion whose server's clock is ahead of ours looks again every ten seconds", async () => {
  const stage = await deletedStage(1);
  await stage.clock.advance(-3_600_000);
  assert.deepEqual(await stage.settle("old-000"), { kind: "after", seconds: 10 });
});

for (const by of ["retention", "history"]) {
  Deno.test(`Deletion by ${by} is never held, begins at once and counts for nobody`, async () => {
    const stage = new BackupStage({ maxMovers: 0, config: { spec: { retention: { keepLatest: 1 } } } });
    const killed = {
      source: "data",
      sourcePath: "/pvc/data",
      phase: "Failed",
      job: { name: "x", attempts: 1 },
    };
    stage.addEnded(names(50), {
      metadata: { annotations: { [ANNOTATION.deletedBy]: by } },
      ...(by === "history" ? { status: { snapshots: [killed] } } : {}),
    });
    stage.addEnded(names(10, "mine"));
    stage.addEnded(["newest"], { status: { timing: LATER } });
    stage.deleteBackup(...names(50), ...names(10, "mine"));
    await stage.settleAll();
    assert.equal(deleteJobs(stage).length, 50);
    await settleTime(stage);
    assert.equal(deleteJobs(stage).length, 60);
  });
}

Deno.test("Deletion by a word nobody knows counts as that of a person", async () => {
  const stage = new BackupStage({ maxMovers: 0 });
  stage.addEnded(names(11), { metadata: { annotations: { [ANNOTATION.deletedBy]: "me" } } });
  stage.deleteBackup(...names(11));
  await stage.settleAll();
  await settleTime(stage);
  assert.deepEqual(deleteJobs(stage), []);
});

Deno.test("Deletion that is held stays so over a restart and whatever becomes of the others, and is told once", async () => {
  const stage = await deletedStage(11);
  await settleTime(stage);
  stage.restart();
  stage.annotate({ [ANNOTATION.skipSnapshotCleanup]: "true" }, ...names(10));
  await stage.settleAll();
  await stage.clock.advance(24 * 3_600_000);
  await stage.settleAll();
  assert.deepEqual(stage.backups.map(({ metadata }) => metadata.name).toSorted(), ["old-010", "run"]);
  assert.equal(stage.phaseAndReason("old-010"), "Deleting MassDeletionHeld");
  assert.deepEqual(stage.gauges("kopiur_deletions"), [
    "kopiur_deletions_held 1 apps",
  ]);
  assert.deepEqual([deleteJobs(stage).length, reported(stage, "MassDeletionHeld")], [0, 11]);
  assert.deepEqual(await stage.series(orphaned), [`${orphaned}{namespace="apps"} 10`]);
});

Deno.test("Deletion that is held is not freed by a breaker that is switched off", async () => {
  const stage = await deletedStage(11);
  await settleTime(stage);
  stage.openRepository("0123abcd", { deletionBreaker: { threshold: 0, window: "10m", keepLast: false } });
  await stage.settleAll();
  assert.deepEqual(phasesAndReasons(stage, names(11)), ["Deleting MassDeletionHeld"]);
});

Deno.test("Deletion that a person confirms goes on, and no other does", async () => {
  const stage = await deletedStage(12);
  await settleTime(stage);
  stage.annotate(confirm, "old-003");
  await stage.settleAll();
  assert.equal(stage.phaseAndReason("old-003"), "Deleting Deleting");
  assert.equal(deleteJobs(stage).length, 1);
  assert.equal(reported(stage, "MassDeletionReleased"), 1);
  assert.deepEqual(stage.gauges("kopiur_deletions"), [
    "kopiur_deletions_held 11 apps",
  ]);
  stage.end(stage.job(), 0, aDeletedResult(1));
  await stage.settleAll();
  assert.equal(stage.phaseAndReason("old-003"), "gone");
  assert.equal(reported(stage, "SnapshotDeleted"), 1);
});

Deno.test("Deletion of all goes on once all are confirmed, each once", async () => {
  const stage = await deletedStage(30);
  await settleTime(stage);
  stage.annotate(confirm, ...names(30));
  stage.restart();
  await stage.settleAll();
  assert.equal(new Set(deleteJobs(stage)).size, 30);
  for (const job of stage.jobs) stage.end(job, 0, aDeletedResult(1));
  await stage.settleAll();
  assert.deepEqual(stage.backups.map(({ metadata }) => metadata.name), ["run"]);
  assert.deepEqual([reported(stage, "MassDeletionReleased"), reported(stage, "SnapshotDeleted")], [30, 30]);
  assert.deepEqual(stage.gauges("kopiur_deletions"), []);
});

Deno.test("Deletion that was confirmed before it was asked for neither waits nor is held", async () => {
  const stage = new BackupStage({ maxMovers: 0 });
  stage.addEnded(names(20));
  stage.annotate(confirm, ...names(20));
  stage.deleteBackup(...names(20));
  await stage.settleAll();
  assert.equal(deleteJobs(stage).length, 20);
  assert.equal(reported(stage, "MassDeletionHeld"), 0);
});

Deno.test("Deletion that is held can be given up by the skip annotation, or by another policy", async () => {
  const stage = await deletedStage(11);
  await settleTime(stage);
  stage.annotate({ [ANNOTATION.skipSnapshotCleanup]: "true" }, "old-000");
  const kept = stage.kube.find(API, "Backup", { namespace: "apps", name: "old-001" }) ?? assert.fail();
  stage.kube.put({ ...kept, spec: { configRef: { name: "recipe" }, deletionPolicy: "Retain" } });
  await stage.settleAll();
  assert.deepEqual([stage.phaseAndReason("old-000"), stage.phaseAndReason("old-001")], ["gone", "gone"]);
  assert.deepEqual(await stage.series(orphaned), [`${orphaned}{namespace="apps"} 1`]);
  assert.deepEqual(deleteJobs(stage), []);
});

Deno.test("Deletion counts those before it only as long as the window", async () => {
  const stage = new BackupStage({ maxMovers: 0 });
  stage.addEnded(names(20));
  stage.deleteBackup(...names(10));
  await stage.settleAll();
  await settleTime(stage);
  await stage.clock.advance(621_000);
  stage.deleteBackup(...names(20).slice(10));
  await stage.settleAll();
  await settleTime(stage);
  assert.equal(deleteJobs(stage).length, 20);
});

Deno.test("Deletions of different hours that would go in the same minute are counted together", async () => {
  const stage = new BackupStage({ maxMovers: 0 });
  stage.addEnded(names(16));
  const secret = stage.kube.find("v1", "Secret", { namespace: "apps", name: "repo-password" });
  stage.delete("v1", "Secret", "repo-password");
  stage.deleteBackup(...names(8));
  await stage.settleAll();
  await stage.clock.advance(3_600_000);
  stage.deleteBackup(...names(16).slice(8));
  await stage.settleAll();
  await settleTime(stage);
  stage.kube.put(secret ?? assert.fail());
  await stage.settleAll();
  assert.deepEqual([deleteJobs(stage).length, reported(stage, "MassDeletionHeld")], [8, 8]);
});

/** Lets the movers that delete end well, and the Backups go. */
async function endMovers(stage: BackupStage): Promise<void> {
  for (const job of stage.jobs) stage.end(job, 0, aDeletedResult(1));
  await stage.settleAll();
}

Deno.test("Deletions that are waited for, one after the other, are held from the one on that makes them too many", async () => {
  const stage = new BackupStage({ maxMovers: 0 });
  stage.addEnded(names(30));
  for (const name of names(30)) {
    stage.deleteBackup(name);
    await stage.settleAll();
    await settleTime(stage);
    await endMovers(stage);
    stage.restart();
  }
  assert.deepEqual([deleteJobs(stage).length, reported(stage, "MassDeletionHeld")], [10, 20]);
  assert.deepEqual(phasesAndReasons(stage, names(10)), ["gone"]);
});

Deno.test("Deletions ten at a time, each ten waited for, are held from the second ten on", async () => {
  const stage = new BackupStage({ maxMovers: 0 });
  stage.addEnded(names(40));
  for (let at = 0; at < 40; at += 10) {
    stage.deleteBackup(...names(40).slice(at, at + 10));
    await stage.settleAll();
    await settleTime(stage);
    await endMovers(stage);
  }
  assert.deepEqual([deleteJobs(stage).length, reported(stage, "MassDeletionHeld")], [10, 30]);
});

for (const aheadSeconds of [15, -15, 7200, -7200]) {
  Deno.test(`Deletion of 30 in two seconds is held as a whole by a clock that is ${aheadSeconds} s ahead of the server's`, async () => {
    const stage = new BackupStage({ maxMovers: 0 });
    stage.addEnded(names(30));
    for (const name of names(30)) {
      stage.deleteBackup(name);
      const backup = stage.kube.find(API, "Backup", { namespace: "apps", name }) ?? assert.fail();
      const deletionTimestamp = new Date(stage.clock.epochMs() - aheadSeconds * 1000).toISOString();
      stage.kube.put({ ...backup, metadata: { ...backup.metadata, deletionTimestamp } });
      await stage.settle(name);
      await stage.clock.advance(60);
    }
    await settleTime(stage);
    assert.deepEqual([deleteJobs(stage).length, reported(stage, "MassDeletionHeld")], [0, 30]);
  });
}

Deno.test("Deletion counts what was deleted before a clock of ours that jumped forward", async () => {
  const stage = new BackupStage({ maxMovers: 0 });
  stage.addEnded(names(15));
  stage.deleteBackup(...names(10));
  await stage.settleAll();
  await settleTime(stage);
  await endMovers(stage);
  stage.deleteBackup(...names(15).slice(10));
  await stage.settleAll();
  await stage.clock.advance(7_200_000);
  await stage.settleAll();
  assert.deepEqual([deleteJobs(stage).length, reported(stage, "MassDeletionHeld")], [10, 5]);
});

for (
  const [what, spoil] of [
    ["lost", () => ({})],
    ["spoilt", () => ({ [ANNOTATION.deletionMemory]: "{" })],
    ["of another Repository of that name", (text: string) => ({
      [ANNOTATION.deletionMemory]: text.replace(/"uid":"[^"]*"/, '"uid":"another"'),
    })],
  ] as const
) {
  Deno.test(`Deletion waits for a window where the memory of its Repository is ${what}`, async () => {
    const stage = new BackupStage({ maxMovers: 0 });
    stage.addEnded(names(11));
    stage.deleteBackup(...names(10));
    await stage.settleAll();
    await settleTime(stage);
    await endMovers(stage);
    const repository = stage.kube.find(API, "Repository", { namespace: "apps", name: "repo" }) ??
      assert.fail();
    const annotations = spoil(repository.metadata.annotations?.[ANNOTATION.deletionMemory] ?? "");
    stage.kube.put({ ...repository, metadata: { ...repository.metadata, annotations } });
    stage.deleteBackup("old-010");
    await stage.settleAll();
    await settleTime(stage);
    assert.equal(stage.phaseAndReason("old-010"), "Deleting SettlingDeletion");
    assert.match(
      stage.messageOf("old-010"),
      /^It is not known what was deleted from Repository "repo" before/,
    );
    await stage.clock.advance(590_000);
    await stage.settleAll();
    assert.equal(deleteJobs(stage).length, 10);
    await stage.clock.advance(20_000);
    await stage.settleAll();
    assert.equal(deleteJobs(stage).length, 11);
  });
}

for (
  const [when, lastInit, jobs] of [
    [
      "made when its memory had begun",
      { status: "Succeeded", time: "2026-01-02T03:03:00Z", created: true, message: "" },
      1,
    ],
    ["made before its memory began", {
      status: "Succeeded",
      time: "2026-01-02T03:01:00Z",
      created: true,
      message: "",
    }, 0],
    ["only opened", { status: "Succeeded", time: "2026-01-02T03:03:00Z", created: false, message: "" }, 0],
  ] as const
) {
  Deno.test(`Deletion in a young Repository whose kopia repository was ${when} makes ${jobs} movers`, async () => {
    const stage = new BackupStage({ maxMovers: 0 });
    stage.addEnded(names(3));
    const repository = stage.kube.find(API, "Repository", { namespace: "apps", name: "repo" }) ??
      assert.fail();
    const { uid = "", annotations } = repository.metadata;
    const sinceSecond = Date.parse("2026-01-02T03:02:00Z") / 1000;
    const memory = { [ANNOTATION.deletionMemory]: deletionMemoryText(uid, { sinceSecond, past: [] }) };
    stage.kube.put({
      ...repository,
      metadata: { ...repository.metadata, annotations: { ...annotations, ...memory } },
      status: { ...Object(repository.status), lastInit },
    });
    stage.deleteBackup("old-001");
    await stage.settleAll();
    await settleTime(stage);
    assert.equal(deleteJobs(stage).length, jobs, stage.messageOf("old-001"));
  });
}

Deno.test("Deletion writes its Repository once, and one that is confirmed or a routine's never", async () => {
  const stage = new BackupStage({ maxMovers: 0, config: { spec: { retention: { keepLatest: 1 } } } });
  stage.addEnded(names(3));
  stage.addEnded(names(20, "sure"), { metadata: { annotations: confirm } });
  stage.addEnded(names(20, "prune"), { metadata: { annotations: { [ANNOTATION.deletedBy]: "retention" } } });
  stage.addEnded(["newest"], { status: { timing: LATER } });
  stage.deleteBackup(...names(3), ...names(20, "prune"));
  await stage.settleAll();
  await settleTime(stage);
  stage.deleteBackup(...names(20, "sure"));
  await stage.settleAll();
  await stage.clock.advance(200_000);
  await stage.settleAll();
  assert.equal(deleteJobs(stage).length, 43);
  assert.deepEqual(stage.kube.writes.filter((write) => write.includes("Repository")).length, 3);
});

Deno.test("Deletions that trickle in are held from the one on that makes them too many", async () => {
  const stage = new BackupStage({ maxMovers: 0 });
  stage.addEnded(names(15));
  for (const name of names(15)) {
    stage.deleteBackup(name);
    await stage.settleAll();
    await stage.clock.advance(30_000);
    await stage.settleAll();
  }
  assert.equal(new Set(deleteJobs(stage).map((name) => name.slice(0, "apps/old-000".length))).size, 10);
  assert.deepEqual(phasesAndReasons(stage, names(15).slice(10)), ["Deleting MassDeletionHeld"]);
});

Deno.test("Deletions that come slower than the window are not held", async () => {
  const stage = new BackupStage({ maxMovers: 0 });
  stage.addEnded(names(15));
  for (const name of names(15)) {
    stage.deleteBackup(name);
    await stage.settleAll();
    await settleTime(stage);
    await endMovers(stage);
    await stage.clock.advance(60_000);
  }
  assert.equal(reported(stage, "MassDeletionHeld"), 0);
});

Deno.test("Deletion of one is held while many others are", async () => {
  const stage = await deletedStage(11);
  stage.addEnded(["late"]);
  await settleTime(stage);
  await stage.clock.advance(3_600_000);
  stage.deleteBackup("late");
  await stage.settleAll();
  await settleTime(stage);
  assert.equal(stage.phaseAndReason("late"), "Deleting MassDeletionHeld");
});

Deno.test("Deletion is judged the same by a controller that was away for longer than the window", async () => {
  const stage = new BackupStage({ maxMovers: 0 });
  stage.addEnded(names(11));
  stage.deleteBackup(...names(11));
  await stage.clock.advance(3_600_000);
  stage.restart();
  await stage.settleAll();
  await settleTime(stage);
  assert.deepEqual(phasesAndReasons(stage, names(11)), ["Deleting MassDeletionHeld"]);
});

for (const [threshold, held] of [[0, false], [3, true], [11, false]] as const) {
  Deno.test(`Deletion of 11 under a threshold of ${threshold} is ${held ? "" : "not "}held`, async () => {
    const stage = new BackupStage({ maxMovers: 0 });
    stage.openRepository("0123abcd", { deletionBreaker: { threshold, window: "1m", keepLast: false } });
    stage.addEnded(names(11));
    stage.deleteBackup(...names(11));
    await stage.settleAll();
    assert.equal(deleteJobs(stage).length, threshold === 0 ? 11 : 0);
    await settleTime(stage);
    assert.equal(deleteJobs(stage).length, held ? 0 : 11);
  });
}

Deno.test("Deletion under a repository that is gone is judged by the defaults", async () => {
  const stage = await deletedStage(11);
  stage.delete(API, "Repository", "repo");
  await settleTime(stage);
  assert.deepEqual(phasesAndReasons(stage, names(11)), ["Deleting MassDeletionHeld"]);
});

Deno.test("Deletion counts neither other repositories, nor what keeps or has no snapshots", async () => {
  const stage = new BackupStage({ maxMovers: 0 });
  stage.kube.put(aReadyRepository({ name: "second", status: { uniqueId: "ffff0000" } }));
  const status = {
    resolved: {
      repository: { kind: "Repository", name: "second", uniqueId: "ffff0000" },
      config: "recipe",
      identity: { username: "recipe", hostname: "apps" },
      deletionPolicy: "Delete",
    },
  };
  stage.addEnded(names(9));
  stage.addEnded(names(9, "second"), { status });
  stage.addEnded(names(9, "kept"), { spec: { deletionPolicy: "Retain" } });
  stage.addEnded(names(9, "left"), { spec: { deletionPolicy: "Orphan" } });
  stage.addEnded(names(9, "empty"), {
    status: {
      snapshots: [{
        source: "data",
        sourcePath: "/pvc/data",
        phase: "Succeeded",
        unchanged: true,
        job: { name: "x", attempts: 1 },
      }],
    },
  });
  const all = stage.backups.map(({ metadata }) => metadata.name).filter((name) => name !== "run");
  stage.deleteBackup(...all);
  await stage.settleAll();
  await settleTime(stage);
  assert.equal(reported(stage, "MassDeletionHeld"), 0);
  assert.deepEqual(phasesAndReasons(stage, names(9)), ["Deleting Deleting"]);
});

Deno.test("Deletion of a namespace orphans at once, also what was held", async () => {
  const stage = await deletedStage(11);
  await settleTime(stage);
  stage.addEnded(names(11, "new"));
  stage.deleteBackup(...names(11, "new"));
  stage.kube.put(
    aNamespace({ metadata: { deletionTimestamp: "2026-01-02T03:00:00Z", finalizers: ["kubernetes"] } }),
  );
  await stage.settleAll();
  assert.deepEqual(stage.backups.map(({ metadata }) => metadata.name), ["run"]);
  assert.deepEqual(await stage.series(orphaned), [`${orphaned}{namespace="apps"} 22`]);
  assert.deepEqual(deleteJobs(stage), []);
});

Deno.test("Deletion of many deletes nothing nobody confirmed, in whatever order passes, restarts and time come", async () => {
  const turn = fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant("pass" as const), at: fc.nat(13) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("time" as const), seconds: fc.nat(900) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("confirm" as const), at: fc.nat(13) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("skip" as const), at: fc.nat(1) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 20, maxLength: 80 }), async (turns) => {
      const stage = new BackupStage({ maxMovers: 0 });
      const all = names(14);
      stage.addEnded(all);
      stage.deleteBackup(...all);
      const confirmed = new Set<string>();
      for (const step of turns) {
        const name = "at" in step ? all[step.at] ?? "" : "";
        const isThere = "at" in step && stage.phaseAndReason(name) !== "gone";
        if (step.kind === "pass" && isThere) await stage.pass(name);
        if (step.kind === "time") await stage.clock.advance(step.seconds * 1000);
        if (step.kind === "restart") stage.restart();
        if (step.kind === "confirm" && isThere) {
          confirmed.add(name);
          stage.annotate(confirm, name);
        }
        if (step.kind === "skip" && isThere) {
          stage.annotate({ [ANNOTATION.skipSnapshotCleanup]: "true" }, name);
        }
        for (const job of deleteJobs(stage)) {
          assert.ok([...confirmed].some((each) => job.startsWith(`apps/${each}-`)), job);
        }
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("Deletion of many that were confirmed takes no more slots than there are, and lets a Backup go before", async () => {
  const stage = new BackupStage({ maxMovers: 3 });
  stage.addEnded(names(7), { metadata: { annotations: confirm } });
  stage.deleteBackup(...names(7));
  await stage.settleAll();
  const most = { atOnce: 0 };
  const working = () =>
    stage.jobs.filter(({ status }) =>
      (status as { readonly conditions?: unknown } | undefined)?.conditions === undefined
    );
  assert.equal(working().length, 2);
  assert.match(
    stage.messageOf("old-006"),
    /^Waits for a mover slot: .* 2 of 3 slots of the cluster are taken, /,
  );
  assert.equal(stage.phaseAndReason("old-006"), "Deleting NoSlot");
  assert.deepEqual(stage.kube.events.filter(({ reason }) => reason === "NoSlot"), []);
  for (let round = 0; round < 20 && stage.backups.length > 0; round++) {
    most.atOnce = Math.max(most.atOnce, working().length);
    const [first] = working();
    if (first === undefined) break;
    const isBackup = !first.metadata.name.includes("-delete-");
    stage.end(first, 0, isBackup ? aSavedResult("k1") : aDeletedResult(1));
    await stage.settleAll();
  }
  assert.equal(most.atOnce, 2);
  assert.deepEqual(phasesAndReasons(stage, names(7)), ["gone"]);
  const jobs = stage.made;
  const own = jobs.findIndex((name) => !name.includes("-delete-"));
  assert.ok(
    own >= 0 && own < jobs.length - 1,
    `the Backup's mover goes before waiting deletions: ${jobs.join()}`,
  );
  assert.deepEqual([stage.slots.used, stage.slots.waiting], [0, 0]);
});
