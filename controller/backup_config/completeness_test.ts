import assert from "node:assert/strict";
import type { KubeObject } from "../../kube/types.ts";
import {
  anEndedRun,
  anUnchangedSource,
  aSavedRun,
  aSavedSource,
  ConfigStage,
} from "../../tests/support/config_stage.ts";
import { aBackupConfig, aClaim, aCondition } from "../../tests/support/mod.ts";

const failed = { source: "db", sourcePath: "/pvc/db", phase: "Failed" };

function night(day: number): string {
  return new Date(Date.UTC(2025, 11, day, 2)).toISOString();
}

/** A night in which the database was not saved. */
function partialRun(day: number): KubeObject {
  return aSavedRun(`night-${day}`, night(day), {
    status: {
      snapshots: [aSavedSource("data", `k-${day}`), failed],
      conditions: [aCondition("Complete", "False", "BackupPartial")],
    },
  });
}

function wholeRun(day: number): KubeObject {
  const snapshots = [aSavedSource("data", `k-${day}`), aSavedSource("db", `d-${day}`)];
  return aSavedRun(`night-${day}`, night(day), { status: { snapshots } });
}

function aStage(...runs: readonly KubeObject[]): ConfigStage {
  const sources = ["data", "db"].map((name) => ({ pvc: { name } }));
  return new ConfigStage(aClaim({ name: "db" }), aBackupConfig({ spec: { sources } }), ...runs);
}

function oldest(stage: ConfigStage): readonly string[] {
  return stage.gauges("kopiur_backup_oldest_source_last_success_timestamp_seconds")
    .map((line) => line.split(" ")[2] ?? "");
}

async function passed(stage: ConfigStage): Promise<ConfigStage> {
  for (let turn = 0; turn < 3; turn++) await stage.pass();
  return stage;
}

Deno.test("BackupConfig shows that one of two volumes was not saved for a month", async () => {
  const month = Array.from({ length: 30 }, (_, index) => partialRun(index + 1));
  const stage = await passed(aStage(
    aSavedRun("first", "2025-11-30T02:00:00.000Z", {
      status: { snapshots: [aSavedSource("data", "k-0"), aSavedSource("db", "d-0")] },
    }),
    ...month,
  ));
  assert.deepEqual(oldest(stage), [String(Date.UTC(2025, 10, 30, 2) / 1000)]);
  assert.deepEqual(stage.gauges("kopiur_backup_consecutive_incomplete"), [
    "kopiur_backup_consecutive_incomplete apps/recipe 30",
  ]);
  assert.equal(
    stage.condition("Complete"),
    'False BackupPartial: The newest 30 Backups are not complete; "db" was last backed up at 2025-11-30T02:00:00.000Z',
  );
  assert.deepEqual(stage.status.sources, [
    { sourcePath: "/pvc/data", pvc: "data", lastSuccessTime: night(30), lastAttemptTime: night(30) },
    { sourcePath: "/pvc/db", pvc: "db", lastSuccessTime: night(0), lastAttemptTime: night(30) },
  ]);
  for (const object of month.slice(0, 20)) stage.kube.delete(object);
  stage.kube.delete(aSavedRun("first", "2025-11-30T02:00:00Z"));
  const before = stage.status;
  await passed(stage);
  assert.deepEqual(stage.status.sources, before.sources);
  assert.equal(stage.status.consecutiveIncomplete, 30);
  stage.kube.put(wholeRun(31));
  await passed(stage);
  assert.deepEqual(oldest(stage), [String(Date.parse(night(31)) / 1000)]);
  assert.equal(stage.status.consecutiveIncomplete, 0);
  assert.match(stage.condition("Complete") ?? "", /^True Complete: /);
});

Deno.test("BackupConfig shows a source that was tried and never saved, at once and as old as can be", async () => {
  const stage = await passed(aStage(partialRun(1), partialRun(2)));
  assert.deepEqual(oldest(stage), ["0"]);
  assert.deepEqual(stage.gauges("kopiur_backup_sources_without_success"), [
    "kopiur_backup_sources_without_success apps/recipe 1",
  ]);
  assert.match(stage.condition("Complete") ?? "", /"db" was never backed up$/);
});

Deno.test("BackupConfig counts a source that nobody tried yet, and takes it for no old one", async () => {
  const stage = await passed(aStage(aSavedRun("night-1", night(1))));
  assert.deepEqual(oldest(stage), [String(Date.parse(night(1)) / 1000)]);
  assert.deepEqual(stage.gauges("kopiur_backup_sources_without_success"), [
    "kopiur_backup_sources_without_success apps/recipe 1",
  ]);
  assert.match(stage.condition("Complete") ?? "", /^True /);
});

Deno.test("BackupConfig says nothing of the age of its sources before a Backup ended", async () => {
  const stage = await passed(aStage());
  assert.deepEqual([oldest(stage), stage.condition("Complete")], [[], undefined]);
  assert.deepEqual(stage.gauges("kopiur_backup_sources_without_success"), [
    "kopiur_backup_sources_without_success apps/recipe 2",
  ]);
});

Deno.test("BackupConfig takes a source that did not change for one that was backed up", async () => {
  const unchanged = aSavedRun("night-2", night(2), {
    status: { snapshots: [anUnchangedSource("data"), anUnchangedSource("db")] },
  });
  const stage = await passed(aStage(wholeRun(1), unchanged));
  assert.deepEqual(oldest(stage), [String(Date.parse(night(2)) / 1000)]);
});

Deno.test("BackupConfig counts what failed wholly as incomplete, and says that it failed", async () => {
  const stage = await passed(aStage(wholeRun(1), partialRun(2), anEndedRun("night-3", "Failed", night(3))));
  assert.equal(stage.status.consecutiveIncomplete, 2);
  assert.equal(stage.status.consecutiveFailures, 1);
  assert.match(
    stage.condition("Complete") ?? "",
    /^False BackupFailed: The newest 2 Backups are not complete; "db" /,
  );
});

Deno.test("BackupConfig forgets a source that it does not have any more", async () => {
  const stage = await passed(aStage(partialRun(1)));
  stage.kube.put(aBackupConfig());
  await passed(stage);
  assert.deepEqual(stage.status.sources?.map(({ pvc }) => pvc), ["data"]);
  assert.deepEqual(oldest(stage), [String(Date.parse(night(1)) / 1000)]);
});

Deno.test("BackupConfig forgets a success that is still to come when its Backup is deleted", async () => {
  const ahead = aSavedRun("ahead", "2027-01-01T00:00:00Z");
  const stage = await passed(aStage(wholeRun(1), ahead));
  assert.equal(stage.status.sources?.[0]?.lastSuccessTime, "2027-01-01T00:00:00.000Z");
  stage.kube.delete(ahead);
  await passed(stage);
  assert.equal(stage.status.sources?.[0]?.lastSuccessTime, night(1));
});
