import assert from "node:assert/strict";
import fc from "fast-check";
import { ANNOTATION } from "../../../api/mod.ts";
import { aDeletedResult, BackupStage } from "../../../tests/support/backup_stage.ts";
import { aBackupConfig, aNamespace, aReadyRepository, type Parts } from "../../../tests/support/mod.ts";
import { deletionMemoryText } from "../../shared/mod.ts";

const API = "kopiur.home-operations.com/v1alpha1";
const confirm = { [ANNOTATION.confirmDeletion]: "true" };
const retention = { [ANNOTATION.deletedBy]: "retention" };
const KEEP_LAST = { deletionBreaker: { threshold: 10, window: "10m", keepLast: true } };

/** A stage with runs `run-1`, `run-2`, …, of one day each, the last one the newest. */
function stageOf(count: number, repository: NonNullable<Parts["spec"]> = KEEP_LAST): BackupStage {
  const stage = new BackupStage({ maxMovers: 0, repository });
  for (let day = 1; day <= count; day++) addRun(stage, day);
  return stage;
}

function addRun(
  stage: BackupStage,
  day: number,
  entry: Readonly<Record<string, unknown>> = {},
  status: Readonly<Record<string, unknown>> = {},
): void {
  const date = new Date(Date.UTC(2025, 1, day)).toISOString().slice(0, 10);
  const times = { startTime: `${date}T03:00:00Z`, endTime: `${date}T03:01:00Z` };
  stage.addEnded([`run-${day}`], {
    status: {
      ...status,
      timing: times,
      snapshots: [{
        source: "data",
        sourcePath: "/pvc/data",
        phase: "Succeeded",
        kopiaSnapshotID: `k-${day}`,
        ...times,
        sizeBytes: 1000,
        files: 10,
        ...entry,
      }],
    },
  });
}

async function carryOut(stage: BackupStage): Promise<void> {
  await stage.settleAll();
  await stage.clock.advance(10_000);
  await stage.settleAll();
  for (const job of stage.jobs) {
    if (job.metadata.name.includes("-delete-")) stage.end(job, 0, aDeletedResult(1));
  }
  await stage.settleAll();
}

/** The Backups for which a mover was made that deletes. */
function begun(stage: BackupStage): readonly string[] {
  return [...new Set(stage.made.flatMap((name) => /^apps\/(.*)-delete-/.exec(name)?.[1] ?? []))];
}

function held(stage: BackupStage): readonly string[] {
  return stage.backups.map(({ metadata }) => metadata.name)
    .filter((name) => stage.phaseAndReason(name) === "Deleting LastSnapshotsHeld").toSorted();
}

function days(...of: readonly number[]): readonly string[] {
  return of.map((day) => `run-${day}`);
}

Deno.test("Deletion of the newest whole snapshot is held, says both words, and goes on when confirmed", async () => {
  const stage = stageOf(3);
  stage.deleteBackup("run-3");
  await carryOut(stage);
  assert.deepEqual(held(stage), ["run-3"]);
  assert.match(
    stage.messageOf("run-3"),
    /^When it was deleted it held the newest whole snapshot that BackupConfig "recipe" had of "\/pvc\/data", .*"kubectl kopiur deletions release \S+ -n apps".*confirm-deletion: "true"; .*skip-snapshot-cleanup/,
  );
  assert.deepEqual(stage.gauges("kopiur_deletions"), ["kopiur_deletions_held 1 apps"]);
  assert.equal(stage.kube.events.filter(({ reason }) => reason === "LastSnapshotsHeld").length, 1);
  stage.annotate(confirm, "run-3");
  await carryOut(stage);
  assert.equal(stage.phaseAndReason("run-3"), "gone");
});

for (
  const [deleted, expected] of [
    [[1, 2, 3], []],
    [[1, 2, 3, 4], [1, 2, 3, 4]],
    [[1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6, 7]],
    [[5, 6, 7], [7]],
  ] as const
) {
  Deno.test(`Deletion of ${deleted.join()} of seven holds ${expected.join() || "none"}`, async () => {
    for (const order of [deleted, deleted.toReversed()]) {
      const stage = stageOf(7);
      stage.deleteBackup(...days(...order));
      await carryOut(stage);
      assert.deepEqual(held(stage), days(...expected));
      assert.deepEqual(
        deleted.filter((day) => stage.phaseAndReason(`run-${day}`) === "gone").length,
        deleted.length - expected.length,
      );
    }
  });
}

Deno.test("Deletion one by one, each waited for, stops at the half of what a recipe has", async () => {
  const stage = stageOf(7);
  for (let day = 1; day <= 7; day++) {
    stage.deleteBackup(`run-${day}`);
    await carryOut(stage);
    stage.restart();
  }
  assert.deepEqual(held(stage), days(4, 5, 6, 7));
});

Deno.test("Deletion over days never takes the newest whole snapshot", async () => {
  const stage = stageOf(7);
  for (let day = 1; day <= 7; day++) {
    stage.deleteBackup(`run-${day}`);
    await carryOut(stage);
    await stage.clock.advance(86_400_000);
  }
  assert.deepEqual(held(stage), days(7));
});

const worse: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "could not read something": { unreadable: { count: 3, paths: ["a"] } },
  "holds no files": { files: 0, sizeBytes: 0 },
};
for (const [what, entry] of Object.entries(worse)) {
  Deno.test(`Deletion holds the newest whole snapshot though a newer one ${what}`, async () => {
    const stage = stageOf(3);
    addRun(stage, 4, entry);
    addRun(stage, 5, entry);
    stage.deleteBackup("run-3");
    await carryOut(stage);
    assert.deepEqual(held(stage), ["run-3"]);
    stage.deleteBackup("run-5");
    await carryOut(stage);
    assert.equal(stage.phaseAndReason("run-5"), "gone");
  });
}

Deno.test("Deletion holds the last snapshot of a source that newer runs did not save", async () => {
  const stage = stageOf(3);
  addRun(stage, 2, { source: "logs", sourcePath: "/pvc/logs" });
  stage.deleteBackup("run-2");
  await carryOut(stage);
  assert.deepEqual(held(stage), ["run-2"]);
});

Deno.test("Deletion by retention neither takes the newest whole snapshot, nor one that is pinned, nor what it would keep", async () => {
  const stage = stageOf(6);
  stage.kube.put(aBackupConfig({ spec: { retention: { keepLatest: 2 } } }));
  stage.annotate(retention, ...days(1, 2, 3, 4, 5, 6));
  const pinned = stage.kube.find(API, "Backup", { namespace: "apps", name: "run-1" }) ?? assert.fail();
  stage.kube.put({ ...pinned, spec: { configRef: { name: "recipe" }, pin: true } });
  stage.deleteBackup(...days(1, 2, 6));
  await stage.settleAll();
  assert.equal(begun(stage).includes("run-2"), true, "retention's own goes at once");
  await carryOut(stage);
  assert.deepEqual(held(stage), days(6));
  assert.equal(stage.phaseAndReason("run-1"), "Deleting PinnedHeld");
  assert.match(stage.messageOf("run-1"), /^It is marked as deleted by retention, but it is pinned/);
});

Deno.test("Deletion by retention of what is pinned waits for the pin to go, whatever was confirmed before or after", async () => {
  for (const confirmed of ["before", "after"]) {
    const stage = stageOf(6);
    stage.kube.put(aBackupConfig({ spec: { retention: { keepLatest: 2 } } }));
    const pin = (isPinned: boolean) => {
      const run = stage.kube.find(API, "Backup", { namespace: "apps", name: "run-1" }) ?? assert.fail();
      stage.kube.put({ ...run, spec: { configRef: { name: "recipe" }, pin: isPinned } });
    };
    if (confirmed === "before") stage.annotate(confirm, "run-1");
    stage.annotate(retention, "run-1");
    stage.deleteBackup("run-1");
    pin(true);
    await carryOut(stage);
    assert.equal(stage.phaseAndReason("run-1"), "Deleting PinnedHeld");
    assert.match(
      stage.messageOf("run-1"),
      /kubectl patch backup\.\S+ run-1 -n apps .*"pin":false.*skip-snapshot-cleanup/,
    );
    stage.annotate(confirm, "run-1");
    await carryOut(stage);
    assert.equal(stage.phaseAndReason("run-1"), "Deleting PinnedHeld");
    assert.deepEqual(begun(stage), []);
    pin(false);
    await carryOut(stage);
    await carryOut(stage);
    assert.equal(stage.phaseAndReason("run-1"), "gone");
  }
});

Deno.test("Deletion by retention stops for a pin that came when its mover was made", async () => {
  const stage = stageOf(6);
  stage.kube.put(aBackupConfig({ spec: { retention: { keepLatest: 2 } } }));
  stage.annotate(retention, "run-1");
  stage.deleteBackup("run-1");
  await stage.settleAll();
  assert.deepEqual(begun(stage), ["run-1"], "no pod of its Job runs yet");
  const run = stage.kube.find(API, "Backup", { namespace: "apps", name: "run-1" }) ?? assert.fail();
  stage.kube.put({ ...run, spec: { configRef: { name: "recipe" }, pin: true } });
  for (let minute = 0; minute < 3; minute++) {
    await stage.settleAll();
    await stage.clock.advance(60_000);
  }
  assert.deepEqual(stage.jobs.filter(({ metadata }) => metadata.name.includes("-delete-")), []);
  assert.equal(stage.phaseAndReason("run-1"), "Deleting PinnedHeld");
});

Deno.test("Deletion by retention leaves no Job of a mover that failed beside a sidecar: its next pod would delete what is pinned", async () => {
  const stage = stageOf(6);
  stage.kube.put(aBackupConfig({ spec: { retention: { keepLatest: 2 } } }));
  stage.annotate(retention, "run-1");
  stage.deleteBackup("run-1");
  await stage.settleAll();
  const job = stage.jobs.find(({ metadata }) => metadata.name.includes("-delete-")) ?? assert.fail();
  stage.pod(job, {
    phase: "Running",
    containerStatuses: [
      { name: "mover", state: { terminated: { exitCode: 1, finishedAt: "2026-01-02T03:05:00Z" } } },
      { name: "proxy", state: { running: {} } },
    ],
  });
  const run = stage.kube.find(API, "Backup", { namespace: "apps", name: "run-1" }) ?? assert.fail();
  stage.kube.put({ ...run, spec: { configRef: { name: "recipe" }, pin: true } });
  await stage.settleAll();
  assert.deepEqual(stage.jobs.filter(({ metadata }) => metadata.name.includes("-delete-")), []);
  assert.equal(stage.phaseAndReason("run-1"), "Deleting PinnedHeld");
});

Deno.test("Deletion stops its mover while the recipe cannot be read, by a rule of what is pinned and else", async () => {
  for (const pin of [true, false]) {
    const stage = stageOf(6);
    stage.kube.put(aBackupConfig({ spec: { retention: { keepLatest: 2 } } }));
    stage.annotate(retention, "run-1");
    stage.deleteBackup("run-1");
    await stage.settleAll();
    assert.deepEqual(begun(stage), ["run-1"]);
    stage.kube.put(aBackupConfig({ spec: { retention: "of another version" } }));
    const run = stage.kube.find(API, "Backup", { namespace: "apps", name: "run-1" }) ?? assert.fail();
    stage.kube.put({ ...run, spec: { configRef: { name: "recipe" }, pin } });
    for (let minute = 0; minute < 3; minute++) {
      await stage.settleAll();
      await stage.clock.advance(60_000);
    }
    assert.deepEqual(stage.jobs.filter(({ metadata }) => metadata.name.includes("-delete-")), []);
    assert.equal(stage.phaseAndReason("run-1"), "Deleting InvalidSpec");
  }
});

Deno.test("Deletion is not held as that of the only Backup with a snapshot because its own is said to be missing", async () => {
  const stage = stageOf(2);
  const note = JSON.stringify({ at: "2026-01-01T00:00:00Z", ids: ["k-1"] });
  stage.annotate({ [ANNOTATION.snapshotMissing]: note }, "run-1");
  stage.deleteBackup("run-1");
  await carryOut(stage);
  assert.equal(stage.phaseAndReason("run-1"), "gone");
  await stage.clock.advance(1_200_000);
  stage.annotate({ [ANNOTATION.snapshotMissing]: note.replace("k-1", "k-2") }, "run-2");
  stage.deleteBackup("run-2");
  await carryOut(stage);
  assert.match(
    stage.messageOf("run-2"),
    /it was the only Backup of BackupConfig "recipe" that held a snapshot/,
  );
});

Deno.test("Deletion that says to be a rule's is not that of the only Backup with a snapshot where another one holds one", async () => {
  const stage = stageOf(2);
  stage.annotate(retention, "run-1");
  stage.deleteBackup("run-1");
  await carryOut(stage);
  assert.match(stage.messageOf("run-1"), /it was one of more than half of the Backups/);
});

Deno.test("Deletion of what a pin holds is held as long as it is pinned, also when the rule's mark goes", async () => {
  const stage = stageOf(6);
  const run = stage.kube.find(API, "Backup", { namespace: "apps", name: "run-1" }) ?? assert.fail();
  stage.kube.put({ ...run, spec: { configRef: { name: "recipe" }, pin: true } });
  stage.annotate(retention, "run-1");
  stage.deleteBackup("run-1");
  await carryOut(stage);
  const held = stage.kube.find(API, "Backup", { namespace: "apps", name: "run-1" }) ?? assert.fail();
  const { [ANNOTATION.deletedBy]: _mark, ...annotations } = held.metadata.annotations ?? {};
  stage.kube.put({ ...held, metadata: { ...held.metadata, annotations } });
  await carryOut(stage);
  await carryOut(stage);
  assert.equal(stage.phaseAndReason("run-1"), "Deleting PinnedHeld");
});

Deno.test("Deletion by retention that lost its pin is judged as any other", async () => {
  const stage = stageOf(3);
  const run = stage.kube.find(API, "Backup", { namespace: "apps", name: "run-3" }) ?? assert.fail();
  stage.kube.put({ ...run, spec: { configRef: { name: "recipe" }, pin: true } });
  stage.annotate(retention, "run-3");
  stage.deleteBackup("run-3");
  await carryOut(stage);
  const held = stage.kube.find(API, "Backup", { namespace: "apps", name: "run-3" }) ?? assert.fail();
  stage.kube.put({ ...held, spec: { configRef: { name: "recipe" } } });
  await carryOut(stage);
  await carryOut(stage);
  assert.equal(stage.phaseAndReason("run-3"), "Deleting LastSnapshotsHeld");
});

Deno.test("Deletion marked as retention's by somebody else counts as anybody's", async () => {
  const stage = stageOf(20);
  stage.kube.put(aBackupConfig({ spec: { retention: { keepLatest: 20 } } }));
  const all = Array.from({ length: 20 }, (_, index) => `run-${index + 1}`);
  stage.annotate(retention, ...all);
  stage.deleteBackup(...all);
  await carryOut(stage);
  assert.deepEqual(begun(stage), []);
});

function resolvedIn(repository: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  return {
    resolved: {
      repository: { kind: "Repository", ...repository },
      config: "recipe",
      identity: { username: "recipe", hostname: "apps" },
      deletionPolicy: "Delete",
    },
  };
}

Deno.test("Deletion marked as retention's of what is in a former repository of the recipe counts as anybody's", async () => {
  const stage = stageOf(0);
  const uid = "uid-repository-former";
  const annotations = { [ANNOTATION.deletionMemory]: deletionMemoryText(uid, { sinceSecond: 0, past: [] }) };
  const parts = {
    name: "former",
    spec: KEEP_LAST,
    status: { uniqueId: "ffff0000" },
    metadata: { annotations },
  };
  stage.kube.put(aReadyRepository(parts), aBackupConfig({ spec: { retention: { keepLatest: 1 } } }));
  const former = resolvedIn({ name: "former", uniqueId: "ffff0000" });
  for (let day = 1; day <= 8; day++) addRun(stage, day, {}, day < 8 ? former : {});
  for (const name of days(1, 2, 3, 4, 5, 6)) {
    stage.annotate(retention, name);
    stage.deleteBackup(name);
    await carryOut(stage);
  }
  assert.deepEqual([begun(stage), held(stage)], [days(1, 2, 3), days(4, 5, 6)]);
});

for (const former of [{ name: "former", uniqueId: "ffff0000" }, { name: "repo", uniqueId: "ffff0000" }]) {
  const where = `the former repository of Repository "${former.name}"`;
  Deno.test(`Deletion by retention is believed beside greater runs in ${where}`, async () => {
    const stage = stageOf(0);
    stage.kube.put(aBackupConfig({ spec: { retention: { keepLatest: 2 } } }));
    addRun(stage, 1, { files: 1000 }, resolvedIn(former));
    addRun(stage, 2, { files: 600 });
    for (let day = 3; day <= 5; day++) addRun(stage, day, { files: 400 });
    stage.annotate(retention, ...days(2, 3));
    stage.deleteBackup(...days(2, 3));
    await stage.settleAll();
    assert.deepEqual(begun(stage), days(2, 3), "without settling");
  });
}

Deno.test("Deletion by history of a run that holds a snapshot counts as anybody's", async () => {
  const stage = stageOf(3);
  stage.annotate({ [ANNOTATION.deletedBy]: "history" }, ...days(1, 2, 3));
  stage.deleteBackup(...days(1, 2, 3));
  await carryOut(stage);
  assert.deepEqual(begun(stage), []);
});

Deno.test("Deletion beside a newer one that was confirmed holds what is the last one then", async () => {
  for (const order of [[2, 3], [3, 2]] as const) {
    const stage = stageOf(3);
    stage.annotate(confirm, "run-3");
    stage.deleteBackup(...days(...order));
    await carryOut(stage);
    assert.equal(stage.phaseAndReason("run-3"), "gone");
    assert.deepEqual(held(stage), ["run-2"]);
  }
});

Deno.test("Deletion of the last ones goes on where the Repository says so, and not by a threshold alone", async () => {
  for (const [keepLast, count] of [[true, 0], [false, 3]] as const) {
    const stage = stageOf(3, { deletionBreaker: { threshold: 0, window: "10m", keepLast } });
    stage.deleteBackup(...days(1, 2, 3));
    await carryOut(stage);
    assert.equal(begun(stage).length, count);
  }
});

Deno.test("Deletion of the last ones is held by the default", async () => {
  const stage = stageOf(1, {});
  stage.deleteBackup("run-1");
  await carryOut(stage);
  assert.deepEqual(held(stage), ["run-1"]);
});

Deno.test("Deletion never lets more go in a window than a threshold, nor a newest whole snapshot, without a word", async () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant("delete" as const), at: fc.nat(23), many: fc.nat(6) }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("carry" as const) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("time" as const), seconds: fc.nat(700) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("mark" as const), at: fc.nat(23) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("run" as const), isWhole: fc.boolean() }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), async (steps) => {
      const stage = new BackupStage({
        maxMovers: 0,
        repository: { deletionBreaker: { threshold: 4, window: "10m", keepLast: true } },
      });
      stage.kube.put(aNamespace());
      for (let day = 1; day <= 24; day++) addRun(stage, day);
      const wentAt = new Map<string, number>();
      const whole = new Set(Array.from({ length: 24 }, (_, index) => index + 1));
      let newest = 24;
      for (const each of steps) {
        const there = stage.backups.map(({ metadata }) => metadata.name).filter((name) => name !== "run");
        if (each.kind === "delete") {
          const chosen = there.slice(each.at, each.at + each.many);
          if (chosen.length > 0) stage.deleteBackup(...chosen);
        }
        if (each.kind === "mark") stage.annotate(retention, ...there.slice(each.at, each.at + 3));
        if (each.kind === "time") await stage.clock.advance(each.seconds * 1000);
        if (each.kind === "restart") stage.restart();
        if (each.kind === "run") {
          newest++;
          addRun(stage, newest, each.isWhole ? {} : { unreadable: { count: 1, paths: ["x"] } });
          if (each.isWhole) whole.add(newest);
        }
        await (each.kind === "carry" ? carryOut(stage) : stage.settleAll());
        for (const name of begun(stage)) {
          if (!wentAt.has(name)) wentAt.set(name, stage.clock.epochMs());
        }
        for (const at of wentAt.values()) {
          const together = [...wentAt.values()].filter((other) => other >= at && other - at < 600_000);
          assert.ok(together.length <= 4, `${together.length} in ten minutes`);
        }
        assert.ok(
          stage.phaseAndReason(`run-${Math.max(...whole)}`) !== "gone",
          "the newest whole one is there",
        );
      }
    }),
    { numRuns: 15 },
  );
});
