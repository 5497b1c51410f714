import assert from "node:assert/strict";
import { aFailedResult, aSavedResult, BackupStage } from "../../../tests/support/backup_stage.ts";
import { workSpecOf } from "../../../tests/support/mod.ts";

const config = ["kopiur.home-operations.com/v1alpha1", "BackupConfig", "recipe"] as const;
const repository = ["kopiur.home-operations.com/v1alpha1", "Repository", "repo"] as const;

Deno.test("Backup runs: result in status, Events, conditions and metrics that agree", async () => {
  const stage = new BackupStage();
  await stage.settle();
  assert.ok(stage.isHeld);
  assert.deepEqual([stage.status.phase, stage.made.length], ["Running", 1]);
  stage.end(stage.job(), 0, aSavedResult("k1", { bytesNew: 7, filesNew: 2, filesUnchanged: 8 }));
  assert.deepEqual(await stage.settle(), { kind: "forget" });
  assert.deepEqual(stage.status.snapshots, [{
    source: "data",
    sourcePath: "/pvc/data",
    phase: "Succeeded",
    kopiaSnapshotID: "k1",
    job: { name: stage.made[0]?.slice("apps/".length) ?? "", attempts: 1 },
    startTime: "2026-01-02T03:05:00.000Z",
    endTime: "2026-01-02T03:06:30.000Z",
    durationSeconds: 90,
    sizeBytes: 1000,
    files: 10,
    bytesNew: 7,
    filesNew: 2,
    filesUnchanged: 8,
  }]);
  assert.deepEqual(stage.status.stats, {
    sizeBytes: 1000,
    files: 10,
    bytesNew: 7,
    filesNew: 2,
    filesUnchanged: 8,
  });
  assert.deepEqual(stage.status.timing, {
    startTime: "2026-01-02T03:04:05Z",
    endTime: "2026-01-02T03:06:30.000Z",
    durationSeconds: 145,
  });
  assert.deepEqual([stage.status.phase, stage.status.message], ["Succeeded", 'Backed up "data"']);
  assert.deepEqual(stage.conditions, [
    "Complete=True Complete",
    "CredentialsAvailable=True Available",
    "MoverPermitted=True Permitted",
    "Ready=True BackupSucceeded",
    "SnapshotCreated=True BackupSucceeded",
  ]);
  assert.deepEqual(stage.events, [
    "Normal BackupSucceeded on Backup",
    "Normal BackupSucceeded on BackupConfig",
  ]);
  assert.equal(stage.kube.events[0]?.note, 'Snapshot k1 of "data": 10 files, 1000 bytes');
  assert.deepEqual(await stage.series("kopiur_backups_total"), [
    'kopiur_backups_total{namespace="apps",name="recipe",outcome="success"} 1',
  ]);
  assert.deepEqual(await stage.series("kopiur_mover_operations_total"), [
    'kopiur_mover_operations_total{operation="Backup",result="succeeded"} 1',
  ]);
  assert.deepEqual(await stage.series("kopiur_backup_run_duration_seconds_sum"), [
    'kopiur_backup_run_duration_seconds_sum{namespace="apps",name="recipe"} 145',
  ]);
  assert.deepEqual(await stage.series("kopiur_backup_saved_"), [
    'kopiur_backup_saved_files_total{namespace="apps",name="recipe"} 10',
    'kopiur_backup_saved_bytes_total{namespace="apps",name="recipe"} 1000',
  ]);
  assert.deepEqual(await stage.series("kopiur_mover_operation_duration_seconds_sum"), [
    'kopiur_mover_operation_duration_seconds_sum{operation="Backup",result="succeeded"} 12',
  ]);
});

Deno.test("Backup tells its mover what to read, where to, under which identity, path, tags and policy", async () => {
  const policy = { ignore: { paths: ["*.log"] }, upload: { limitMbPerSec: 5 } };
  const stage = new BackupStage({
    config: {
      spec: {
        identity: { username: "me" },
        sources: [{ pvc: { name: "data" }, sourcePathOverride: "/d/" }],
        policy,
      },
    },
    backup: { spec: { tags: { team: "a" }, description: "before the upgrade" } },
  });
  await stage.settle();
  const workSpec = workSpecOf(stage.job());
  assert.deepEqual(workSpec.identity, { username: "me", hostname: "apps" });
  assert.deepEqual(workSpec.operation, {
    backup: {
      mountPath: "/pvc/data",
      sourcePath: "/d",
      runId: "uid-backup-run",
      tags: { team: "a", "kopiur-config": "apps/recipe", "kopiur-backup": "apps/run" },
      description: "before the upgrade",
      policy,
      uniqueId: "0123abcd",
    },
  });
  assert.deepEqual(
    stage.status.resolved?.policy,
    policy,
    "a mover of this run that starts later has the same",
  );
});

Deno.test("Backup takes the identity its config has pinned", async () => {
  const identity = { username: "old-default", hostname: "apps" };
  const sources = [{ pvc: "data", sourcePath: "/pvc/data" }];
  const stage = new BackupStage({
    config: { status: { observedGeneration: 1, resolved: { identity, sources } } },
  });
  await stage.settle();
  assert.deepEqual(stage.status.resolved?.identity, identity);
});

Deno.test("Backup leaves a pinned identity of an older spec alone", async () => {
  const identity = { username: "stale", hostname: "apps" };
  const sources = [{ pvc: "data", sourcePath: "/pvc/data" }];
  const stage = new BackupStage({
    config: { status: { observedGeneration: 0, resolved: { identity, sources } } },
  });
  await stage.settle();
  assert.deepEqual(stage.status.resolved?.identity, { username: "recipe", hostname: "apps" });
});

Deno.test("Backup of two sources starts both movers at once and waits for both", async () => {
  const stage = new BackupStage({ sources: ["data", "logs"] });
  await stage.settle();
  assert.equal(stage.made.length, 2);
  stage.end(stage.job("logs"), 0, aSavedResult("k2"));
  await stage.settle();
  assert.deepEqual(stage.status.snapshots?.map(({ phase }) => phase), ["Running", "Succeeded"]);
  assert.equal(stage.status.message, "Backing up 2 sources, 1 done");
  assert.deepEqual(await stage.series("kopiur_backups_total"), []);
  stage.end(stage.job("data"), 0, aSavedResult("k1"));
  await stage.settle();
  assert.deepEqual(stage.status.snapshots?.map(({ kopiaSnapshotID }) => kopiaSnapshotID), ["k1", "k2"]);
  assert.deepEqual([stage.status.phase, stage.status.stats?.files], ["Succeeded", 20]);
  assert.deepEqual(await stage.series("kopiur_mover_operations_total"), [
    'kopiur_mover_operations_total{operation="Backup",result="succeeded"} 2',
  ]);
});

Deno.test("Backup of two sources of which one fails is Succeeded, partial and says so everywhere", async () => {
  const stage = new BackupStage({ sources: ["data", "logs"] });
  await stage.settle();
  stage.end(stage.job("data"), 0, aSavedResult("k1"));
  stage.end(stage.job("logs"), 2, aFailedResult("PermissionDenied", "open /pvc/logs: permission denied"));
  await stage.settle();
  assert.equal(stage.status.phase, "Succeeded");
  assert.ok(stage.conditions.includes("Complete=False BackupPartial"));
  assert.ok(stage.conditions.includes("Ready=True BackupPartial"));
  const note = '"logs": A file or folder may not be accessed: open /pvc/logs: permission denied. ' +
    `Snapshot k1 of "data": 10 files, 1000 bytes. Trace ${stage.status.traceId}`;
  assert.deepEqual(stage.kube.events.slice(-2).map((event) => [event.type, event.reason, event.note]), [
    ["Warning", "BackupPartial", note],
    ["Warning", "BackupPartial", `Backup "run": ${note}`],
  ]);
  assert.deepEqual(await stage.series("kopiur_backups_total"), [
    'kopiur_backups_total{namespace="apps",name="recipe",outcome="partial"} 1',
  ]);
});

Deno.test("Backup that could not read some files is partial, with count and paths", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const paths = Array.from({ length: 12 }, (_, index) => `secret/${index}`);
  stage.end(stage.job(), 0, aSavedResult("k1", { unreadable: { count: 40, paths } }));
  await stage.settle();
  assert.deepEqual(stage.status.snapshots?.[0]?.unreadable, { count: 40, paths: paths.slice(0, 10) });
  assert.equal(stage.status.stats?.unreadable, 40);
  assert.equal(
    stage.status.message,
    'Backed up 1 of 1 sources, not everything: "data": 40 files or folders could not be read',
  );
  assert.ok(stage.conditions.includes("Complete=False BackupPartial"));
  assert.match(stage.kube.events.at(-1)?.note ?? "", /40 could not be read: secret\/0, .*, …/);
});

Deno.test("Backup whose files lost their names to others is partial, with count and paths", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const paths = Array.from({ length: 12 }, (_, index) => `M\ufffd${index}`);
  const names = { lost: { count: 40, paths }, renamed: { count: 50, paths } };
  stage.end(stage.job(), 0, aSavedResult("k1", { names }));
  await stage.settle();
  const reported = paths.slice(0, 10);
  assert.deepEqual(stage.status.snapshots?.[0]?.names, {
    renamed: { count: 50, paths: reported },
    lost: { count: 40, paths: reported },
  });
  assert.deepEqual([stage.status.stats?.lost, stage.status.stats?.renamed], [40, 50]);
  assert.ok(stage.conditions.includes("Complete=False BackupPartial"));
  const notes = stage.kube.events.map(({ reason, note }) => `${reason}: ${note}`);
  const lost =
    /^BackupPartial: "data": 40 files or links are lost, .* that of another: M\ufffd0, .*M\ufffd9, …\. Snapshot/;
  assert.ok(notes.some((note) => lost.test(note)), notes.join("\n"));
  const renamed =
    /^NamesChanged: 50 names that are not UTF-8 are others in snapshot k1 of "data": M\ufffd0, .*, …$/;
  assert.ok(notes.some((note) => renamed.test(note)), notes.join("\n"));
});

Deno.test("Backup whose files have other names in the snapshot lacks nothing, and says so with a warning", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.end(stage.job(), 0, aSavedResult("k1", { names: { renamed: { count: 1, paths: ["a\ufffd"] } } }));
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Succeeded BackupSucceeded");
  assert.ok(stage.conditions.includes("Complete=True Complete"));
  assert.match(stage.status.message ?? "", /Names that are not UTF-8 are others there: 1 of "data"$/);
  assert.deepEqual(
    stage.kube.events.filter(({ reason }) => reason === "NamesChanged").map(({ type, note }) => [type, note]),
    ["", 'Backup "run": '].map((
      named,
    ) => ["Warning", `${named}1 name that is not UTF-8 is another in snapshot k1 of "data": a\ufffd`]),
  );
});

Deno.test("Backup whose mover did not look at names does not say that they were kept", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.end(stage.job(), 0, aSavedResult("k1", { names: undefined }));
  await stage.settle();
  assert.deepEqual(stage.status.snapshots?.[0]?.names, { unknown: true });
  assert.match(
    stage.status.conditions?.find(({ type }) => type === "Complete")?.message ?? "",
    /Whether every name was kept could not be found out: "data"$/,
  );
});

Deno.test("Backup whose mover could read nothing at all has failed, and keeps the id of the hollow snapshot", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.end(
    stage.job(),
    0,
    aSavedResult("k1", { files: 0, unreadable: { count: 3, paths: ["a", "b", "c"] } }),
  );
  await stage.settle();
  assert.equal(stage.status.phase, "Failed");
  assert.equal(stage.status.snapshots?.[0]?.kopiaSnapshotID, "k1");
  assert.equal(stage.status.snapshots?.[0]?.failure?.class, "PermissionDenied");
  assert.ok(stage.conditions.includes("Ready=False PermissionDenied"), stage.conditions.join());
  assert.match(
    stage.status.message ?? "",
    /^No source could be backed up: "data": .*: none of its files could be read, so snapshot k1 is empty and counts for nothing$/,
  );
});

Deno.test("Backup of a source whose size and files kopia did not tell knows none, and is not called empty", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const unknown = {
    files: undefined,
    sizeBytes: undefined,
    bytesNew: undefined,
    filesNew: 3,
    filesUnchanged: undefined,
  };
  stage.end(stage.job(), 0, aSavedResult("k1", unknown));
  await stage.settle();
  assert.deepEqual(stage.status.stats, { filesNew: 3 });
  assert.deepEqual(stage.events, [
    "Normal BackupSucceeded on Backup",
    "Normal BackupSucceeded on BackupConfig",
  ]);
  assert.equal(stage.kube.events[0]?.note, 'Snapshot k1 of "data"');
});

Deno.test("Backup of an empty source succeeds and warns", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.end(stage.job(), 0, aSavedResult("k1", { files: 0, sizeBytes: 0 }));
  await stage.settle();
  assert.equal(stage.status.phase, "Succeeded");
  assert.deepEqual(stage.events, [
    "Normal BackupSucceeded on Backup",
    "Warning EmptySnapshot on Backup",
    "Normal BackupSucceeded on BackupConfig",
    "Warning EmptySnapshot on BackupConfig",
  ]);
});

Deno.test("Backup fails with class, sentence, exit code and log tail of its mover", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.end(
    stage.job(),
    2,
    aFailedResult("AuthFailure", "unable to create format manager: invalid repository password"),
  );
  await stage.settle();
  assert.equal(stage.status.phase, "Failed");
  assert.deepEqual(stage.status.snapshots?.[0]?.failure, {
    class: "AuthFailure",
    message: "The repository password is wrong",
    exitCode: 2,
    resultKnown: true,
    logTail: "before\nunable to create format manager: invalid repository password",
  });
  assert.ok(stage.conditions.includes("Ready=False AuthFailure"));
  assert.ok(stage.conditions.includes("SnapshotCreated=False AuthFailure"));
  const failed = stage.kube.events;
  assert.deepEqual(failed.map(({ type, regarding }) => `${type} ${regarding.kind}`), [
    "Warning Backup",
    "Warning BackupConfig",
  ]);
  assert.equal(
    failed[0]?.note,
    '"data": The repository password is wrong: unable to create format manager: invalid repository password. ' +
      `Trace ${stage.status.traceId}`,
  );
  assert.equal(
    stage.status.message?.includes("format manager"),
    false,
    "raw text stays out of status.message",
  );
  assert.deepEqual(await stage.series("kopiur_backups_total"), [
    'kopiur_backups_total{namespace="apps",name="recipe",outcome="failure"} 1',
  ]);
  assert.deepEqual(await stage.series("kopiur_mover_operations_total"), [
    'kopiur_mover_operations_total{operation="Backup",result="failed"} 1',
  ]);
});

Deno.test("Backup whose sources fail for different reasons is BackupFailed", async () => {
  const stage = new BackupStage({ sources: ["data", "logs"] });
  await stage.settle();
  stage.end(stage.job("data"), 2, aFailedResult("AuthFailure", "invalid repository password"));
  stage.end(stage.job("logs"), 1, aFailedResult("StorageFull", "no space left on device"));
  await stage.settle();
  assert.ok(stage.conditions.includes("Ready=False BackupFailed"));
});

Deno.test("Backup keeps the end of a long log, at most 2 KiB, cut between characters", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const message = JSON.stringify({
    version: 1,
    operation: "Backup",
    durationSeconds: 1,
    failure: { class: "SourceError", message: "the end", tail: `${"é".repeat(1500)}\nthe end` },
  });
  stage.end(stage.job(), 1, message);
  await stage.settle();
  const tail = stage.status.snapshots?.[0]?.failure?.logTail ?? "";
  assert.match(tail, /^…é+\nthe end$/);
  assert.ok(new TextEncoder().encode(tail).length <= 2048);
});

Deno.test("Backup that ended never gets a Job again, also when its Jobs are reaped", async () => {
  for (const end of ["Succeeded", "Failed"] as const) {
    const stage = new BackupStage();
    await stage.settle();
    const job = stage.job();
    if (end === "Succeeded") stage.end(job, 0, aSavedResult("k1"));
    else stage.end(job, 2, aFailedResult("AuthFailure", "invalid repository password"));
    await stage.settle();
    const status = JSON.stringify(stage.status);
    for (const gone of stage.jobs) stage.kube.delete(gone);
    stage.restart();
    await stage.settle();
    assert.equal(stage.made.length, 1);
    assert.equal(JSON.stringify(stage.status), status);
  }
});

Deno.test("Backup leaves its finished Jobs to their time limit", async () => {
  const stage = new BackupStage({ sources: ["data", "logs"] });
  await stage.settle();
  stage.end(stage.job("data"), 0, aSavedResult("k1"));
  stage.end(stage.job("logs"), 0, aSavedResult("k2"));
  await stage.settle();
  assert.deepEqual(stage.kube.writes.filter((write) => write.startsWith("remove")), []);
  assert.equal(stage.jobs.length, 2);
});

Deno.test("Backup goes on to its end when its config is deleted or changed while it runs", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.delete(...config);
  await stage.settle();
  assert.equal(stage.status.phase, "Running");
  stage.end(stage.job(), 0, aSavedResult("k1"));
  await stage.settle();
  assert.deepEqual([stage.status.phase, stage.made.length], ["Succeeded", 1]);
  assert.deepEqual(stage.events, ["Normal BackupSucceeded on Backup"]);
});

Deno.test("Backup whose Job vanished is run again under the next number, at most three times", async () => {
  const stage = new BackupStage();
  await stage.settle();
  for (let round = 1; round <= 3; round++) {
    assert.equal(stage.status.snapshots?.[0]?.job?.attempts, round);
    stage.kube.delete(stage.job());
    await stage.settle();
  }
  assert.equal(new Set(stage.made).size, 3);
  assert.equal(stage.status.phase, "Failed");
  assert.deepEqual(stage.status.snapshots?.[0]?.failure, {
    class: "ResultMissing",
    message: "The mover ended without a result",
    resultKnown: false,
  });
});

Deno.test("Backup waits for the pod of a vanished Job before it starts another mover", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const job = stage.job();
  const running = { phase: "Running", containerStatuses: [{ name: "mover", state: { running: {} } }] };
  const pod = stage.pod(job, running);
  stage.kube.delete(job);
  assert.deepEqual(await stage.settle(), { kind: "after", seconds: 10 });
  assert.equal(stage.made.length, 1);
  stage.kube.delete(pod);
  await stage.settle();
  assert.equal(stage.made.length, 2);
});

const lostResults = {
  "an empty message": "",
  "a truncated message": aSavedResult("k1").slice(0, 120),
  "a message that is not JSON": "panic: runtime error",
  "a message of another version": aSavedResult("k1").replace('"version":1', '"version":9'),
  "a message of another operation": JSON.stringify({
    version: 1,
    operation: "SnapshotDelete",
    durationSeconds: 1,
    snapshotDelete: { deleted: 1, alreadyGone: 0 },
  }),
};
for (const [what, message] of Object.entries(lostResults)) {
  Deno.test(`Backup whose mover left ${what} is run again and takes the snapshot that is found`, async () => {
    const stage = new BackupStage();
    await stage.settle();
    stage.end(stage.job(), 0, message);
    await stage.settle();
    assert.equal(stage.made.length, 2);
    stage.end(stage.job(), 0, aSavedResult("k1", { reused: true }));
    await stage.settle();
    assert.deepEqual([stage.status.phase, stage.status.snapshots?.[0]?.kopiaSnapshotID], ["Succeeded", "k1"]);
    assert.deepEqual(await stage.series("kopiur_mover_operations_total"), [
      'kopiur_mover_operations_total{operation="Backup",result="succeeded"} 1',
    ]);
  });
}

Deno.test("Backup whose movers were killed says so and does not know whether there is a snapshot", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.end(stage.job(), 137, "");
  await stage.settle();
  const failure = stage.status.snapshots?.[0]?.failure;
  assert.deepEqual([failure?.class, failure?.exitCode, failure?.resultKnown], ["Interrupted", 137, false]);
});

Deno.test("Backup stops when the repository is another one before a second mover could write into it", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.kube.delete(stage.job());
  stage.openRepository("ffff0000");
  await stage.settle();
  assert.equal(stage.made.length, 1);
  const failure = stage.status.snapshots?.[0]?.failure;
  assert.deepEqual([stage.status.phase, failure?.class, failure?.resultKnown], [
    "Failed",
    "RepositoryReplaced",
    false,
  ]);
  assert.match(failure?.logTail ?? "", /its unique id is "ffff0000", expected "0123abcd"/);
});

Deno.test("Backup that needs a second mover waits for a repository that is away, and says so", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.kube.delete(stage.job());
  stage.delete(...repository);
  await stage.settle();
  assert.equal(stage.status.phase, "Running");
  assert.ok(stage.conditions.includes("Ready=Unknown RepositoryNotFound"));
  stage.openRepository();
  await stage.settle();
  assert.deepEqual([stage.made.length, stage.status.snapshots?.[0]?.job?.attempts], [2, 2]);
});

Deno.test("Backup of an empty volume succeeds with a warning, and says what was left out", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.end(
    stage.job(),
    0,
    aSavedResult("abc", { files: 0, sizeBytes: 0, excluded: { files: 0, folders: 1 } }),
  );
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Succeeded BackupSucceeded");
  assert.ok(stage.events.includes("Warning EmptySnapshot on Backup"), stage.events.join());
  assert.ok(stage.conditions.includes("Complete=True Complete"));
  assert.match(
    stage.status.conditions?.find(({ type }) => type === "Complete")?.message ?? "",
    /what rules left out.*"data": 1 folder$/,
  );
});
