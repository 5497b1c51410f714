import assert from "node:assert/strict";
import { ANNOTATION, FINALIZER, LABEL } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { anEndedBackup, aSavedResult, BackupStage } from "../../../tests/support/backup_stage.ts";
import type { Parts } from "../../../tests/support/mod.ts";
import { moverJobName } from "../../movers/mod.ts";
import { isInherited } from "../../shared/mod.ts";

const SCHEDULED = { [LABEL.origin]: "scheduled", [LABEL.schedule]: "nightly" };

/** What is left of a Backup of last year after it was put back by a tool that keeps no status. */
function aRestored(name: string, metadata: Parts["metadata"] = {}, spec: Parts["spec"] = {}): KubeObject {
  const made = anEndedBackup(name, {
    metadata: { uid: `new-${name}`, labels: SCHEDULED, annotations: {}, ...metadata },
    spec,
  });
  const { status: _status, ...rest } = made;
  return rest as KubeObject;
}

Deno.test("Backups put back without status run nothing, and say what they wait for", async () => {
  const stage = new BackupStage();
  const names = [1, 2, 3, 4, 5].map((day) => `nightly-2025010${day}030000`);
  for (const name of names) stage.kube.put(aRestored(name, { finalizers: [] }));
  await stage.settleAll();
  assert.deepEqual(stage.made.length, 1, "only the stage's own Backup starts");
  for (const name of names) {
    assert.equal(stage.phaseAndReason(name), "Pending PutBack");
    assert.match(stage.messageOf(name), /takes up its snapshots once Repository "repo" is read/);
    const backup = stage.backups.find(({ metadata }) => metadata.name === name);
    assert.deepEqual(backup?.metadata.finalizers, [FINALIZER]);
  }
  assert.deepEqual(stage.gauges("kopiur_backups_waiting"), ["kopiur_backups_waiting 5 apps/PutBack"]);
});

Deno.test("a Backup that was put back waits for its recipe and its repository", async () => {
  const stage = new BackupStage({ config: { spec: { repository: { kind: "Repository", name: "gone" } } } });
  stage.kube.put(aRestored("nightly-20250101030000"));
  await stage.settle("nightly-20250101030000");
  assert.equal(stage.phaseAndReason("nightly-20250101030000"), "Pending RepositoryNotFound");
  stage.delete("kopiur.home-operations.com/v1alpha1", "BackupConfig", "recipe");
  await stage.settle("nightly-20250101030000");
  assert.equal(stage.phaseAndReason("nightly-20250101030000"), "Pending ConfigNotFound");
});

Deno.test("a run writes down what it ran as with its end, and one of an older release when it is next looked at", async () => {
  const stage = new BackupStage();
  stage.addEnded(["older"], { metadata: { annotations: {} } });
  await stage.settle("older");
  await stage.settle();
  stage.end(stage.job(), 0, aSavedResult("k1"));
  await stage.settle();
  const words = stage.backups.map(({ metadata }) => metadata.annotations?.[ANNOTATION.ranAs]);
  assert.deepEqual(words.toSorted(), stage.backups.map(({ metadata }) => metadata.uid).toSorted());
  assert.equal(stage.status.phase, "Succeeded");
});

Deno.test("a run whose status cannot be written with its word ends all the same, and once", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.end(stage.job(), 0, aSavedResult("k1"));
  stage.kube.failNext("status", new Error("the API server went away"));
  await stage.pass();
  assert.equal(stage.status.phase, "Running");
  await stage.settle();
  assert.equal(stage.status.phase, "Succeeded");
  assert.equal(stage.events.filter((event) => event.includes("BackupSucceeded on Backup")).length, 2);
  assert.equal(stage.made.length, 1);
});

Deno.test("a Backup that runs again by a person's word says from then on what it ran as last", async () => {
  const annotations = { [ANNOTATION.ranAs]: "old", [ANNOTATION.runAgain]: "true" };
  const stage = new BackupStage({ backup: { metadata: { annotations } } });
  await stage.settle();
  stage.end(stage.job(), 0, aSavedResult("k1"));
  await stage.settle();
  assert.equal(stage.status.phase, "Succeeded");
  assert.equal(stage.backup?.metadata.annotations?.[ANNOTATION.ranAs], stage.backup?.metadata.uid);
});

Deno.test("a Backup with a Job of its own goes on, whatever its name says", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const { status: _status, ...rest } = stage.backup ?? assert.fail();
  const metadata = { ...rest.metadata, annotations: { [ANNOTATION.ranAs]: "old" } };
  stage.kube.put({ ...rest, metadata } as KubeObject);
  await stage.settle();
  assert.equal(stage.status.phase, "Running");
});

for (
  const [policy, reported] of [
    [undefined, ["Normal SnapshotOrphaned on Backup"]],
    ["Delete", ["Normal SnapshotOrphaned on Backup"]],
    ["Orphan", ["Normal SnapshotOrphaned on Backup"]],
    ["Retain", []],
  ] as const
) {
  Deno.test(`a Backup deleted before it took up its snapshots takes none with it: policy ${policy}`, async () => {
    const stage = new BackupStage();
    const name = "nightly-20250101030000";
    stage.kube.put(
      aRestored(name, { finalizers: [] }, policy === undefined ? {} : { deletionPolicy: policy }),
    );
    await stage.settle(name);
    const before = stage.events.length;
    stage.deleteBackup(name);
    await stage.settle(name);
    assert.equal(stage.phaseAndReason(name), "gone");
    assert.deepEqual(stage.jobs, []);
    assert.deepEqual(stage.events.slice(before), reported);
    assert.deepEqual(
      await stage.series("kopiur_orphaned_snapshots_total"),
      [`kopiur_orphaned_snapshots_total{namespace="apps"} ${reported.length}`],
    );
  });
}

/** A Backup that ended in another cluster under `uid-backup-run`, put back by Velero with its status and made anew here. */
function aCopy(
  status: NonNullable<Parts["status"]>,
  annotations: Readonly<Record<string, string>> = {},
): KubeObject {
  const ended = anEndedBackup("run", { status });
  const metadata = {
    ...ended.metadata,
    uid: "uid-copy",
    creationTimestamp: "2026-01-02T03:04:05Z",
    labels: { "velero.io/restore-name": "r1" },
    annotations,
  };
  return { ...ended, metadata };
}

function jobOf(source: string): string {
  return moverJobName({ name: "run", uid: "uid-backup-run" }, { kind: "backup", source }, 1);
}

const PRODUCTION = {
  source: "data",
  sourcePath: "/pvc/data",
  phase: "Succeeded",
  kopiaSnapshotID: "PRODUCTION",
  job: { name: jobOf("data"), attempts: 1 },
  endTime: "2025-01-02T03:06:30Z",
} as const;

async function deletionIsHeld(stage: BackupStage): Promise<void> {
  assert.ok(isInherited(stage.backup ?? assert.fail("the Backup is gone")), "retention keeps it");
  stage.deleteBackup();
  await stage.settleDeletion();
  assert.equal(stage.phaseAndReason("run"), "Deleting InheritedHeld");
  assert.ok(!stage.made.some((name) => name.includes("-delete-")));
}

for (const labels of [{ "velero.io/restore-name": "r1" }, {}]) {
  const by = Object.keys(labels).length === 0 ? "by another tool" : "by Velero";
  Deno.test(`what was put back ${by} in the middle of a run stays inherited when that run has ended here`, async () => {
    const stage = new BackupStage({ sources: ["data", "logs"] });
    const logs = { source: "logs", sourcePath: "/pvc/logs", phase: "Running" };
    const copy = aCopy({
      phase: "Running",
      snapshots: [PRODUCTION, { ...logs, job: { name: jobOf("logs"), attempts: 1 } }],
      timing: { startTime: "2025-01-02T03:05:00Z" },
      conditions: [],
    });
    stage.kube.put({ ...copy, metadata: { ...copy.metadata, labels } });
    await stage.settle();
    assert.ok(isInherited(stage.backup ?? assert.fail("the Backup is gone")), "also on its way");
    stage.end(stage.job("logs"), 0, aSavedResult("OWN"));
    await stage.settle();
    assert.equal(stage.status.phase, "Succeeded");
    assert.equal(stage.backup?.metadata.annotations?.[ANNOTATION.ranAs], undefined);
    await deletionIsHeld(stage);
  });
}

Deno.test("what was put back with the status of a deletion says whose run it was as before", async () => {
  const stage = new BackupStage();
  stage.kube.put(
    aCopy({ phase: "Deleting", snapshots: [PRODUCTION] }, { [ANNOTATION.ranAs]: "uid-backup-run" }),
  );
  await stage.settle();
  assert.equal(stage.backup?.metadata.annotations?.[ANNOTATION.ranAs], "uid-backup-run");
  await deletionIsHeld(stage);
});

for (
  const [what, job] of [["", PRODUCTION.job], [" whose mover has no name", {
    name: "x",
    attempts: 1,
  }]] as const
) {
  Deno.test(`what was put back with the status of a release that did not say whose run it was${what} stays inherited`, async () => {
    const stage = new BackupStage();
    stage.kube.put(aCopy({ snapshots: [{ ...PRODUCTION, job }] }));
    await stage.settle();
    assert.equal(stage.backup?.metadata.annotations?.[ANNOTATION.ranAs], undefined);
    await deletionIsHeld(stage);
  });
}

Deno.test("what an older release took for its own though another's mover made it is inherited", async () => {
  const stage = new BackupStage();
  stage.kube.put(aCopy({ snapshots: [PRODUCTION] }, { [ANNOTATION.ranAs]: "uid-copy" }));
  await stage.settle();
  await deletionIsHeld(stage);
});

Deno.test("a confirmation that was restored along lets nothing inherited go, its own uid does", async () => {
  const stage = new BackupStage();
  stage.kube.put(aCopy({ snapshots: [PRODUCTION] }, { [ANNOTATION.confirmDeletion]: "true" }));
  await deletionIsHeld(stage);
  stage.annotate({ [ANNOTATION.confirmDeletion]: "uid-backup-run" });
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Deleting InheritedHeld", "another uid says nothing");
  assert.match(stage.messageOf("run"), /confirm-deletion: "uid-copy"; /);
  stage.annotate({ [ANNOTATION.confirmDeletion]: "uid-copy" });
  await stage.settle();
  assert.ok(stage.made.some((name) => name.includes("-delete-")));
});
