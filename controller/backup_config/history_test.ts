import assert from "node:assert/strict";
import { ANNOTATION, FINALIZER } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import {
  anEndedRun,
  anUnchangedSource,
  aSavedRun,
  aSavedSource,
  ConfigStage,
} from "../../tests/support/config_stage.ts";
import { aBackup, aBackupConfig, aCondition } from "../../tests/support/mod.ts";

const stats = { sizeBytes: 100, files: 3, bytesNew: 7, filesNew: 1, filesUnchanged: 2 };
const good = aSavedRun("good", "2026-01-01T00:00:00Z", { status: { stats } });
const bad = (day: number) => anEndedRun(`bad-${day}`, "Failed", `2026-01-0${day}T00:00:00Z`);

async function passed(stage: ConfigStage, ...gone: readonly KubeObject[]): Promise<ConfigStage> {
  for (const object of gone) stage.kube.delete(object);
  await stage.pass();
  return stage;
}

Deno.test("BackupConfig remembers its newest run and success when all its Backups were deleted", async () => {
  const stage = await passed(new ConfigStage(good));
  const before = stage.status;
  await passed(stage, good);
  assert.deepEqual(stage.status.lastBackup, before.lastBackup);
  assert.deepEqual(stage.status.lastSuccessfulBackup, before.lastSuccessfulBackup);
  assert.equal(stage.status.lastSuccessfulBackup?.backupRef.name, "good");
  const writes = stage.kube.writes.length;
  await stage.pass();
  assert.equal(stage.kube.writes.length, writes);
});

Deno.test("BackupConfig goes on counting failures that were tidied away, until a success", async () => {
  const stage = await passed(new ConfigStage(good, bad(2), bad(3)));
  assert.equal(stage.status.consecutiveFailures, 2);
  await passed(stage, good, bad(2), bad(3));
  assert.equal(stage.status.consecutiveFailures, 2);
  stage.kube.put(bad(4));
  await stage.pass();
  await stage.pass();
  assert.equal(stage.status.consecutiveFailures, 3);
  await passed(stage, bad(4));
  stage.kube.put(bad(5), bad(6));
  await stage.pass();
  assert.equal(stage.status.consecutiveFailures, 5);
  stage.kube.put(aSavedRun("mended", "2026-01-07T00:00:00Z"));
  await stage.clock.advance(7 * 86_400_000);
  await stage.pass();
  assert.equal(stage.status.consecutiveFailures, 0);
  await passed(stage, aSavedRun("mended", "2026-01-07T00:00:00Z"));
  assert.equal(stage.status.consecutiveFailures, 0);
  assert.equal(stage.status.lastSuccessfulBackup?.backupRef.name, "mended");
});

Deno.test("BackupConfig does not let an older run take the place of a newer one it remembers", async () => {
  const newest = aSavedRun("newest", "2026-01-02T00:00:00Z");
  const stage = await passed(new ConfigStage(good, newest));
  stage.kube.put(bad(1));
  await passed(stage, newest);
  assert.equal(stage.status.lastBackup?.backupRef.name, "newest");
  assert.equal(stage.status.lastSuccessfulBackup?.backupRef.name, "newest");
});

Deno.test("BackupConfig forgets an end that is still to come when its run is deleted", async () => {
  const ahead = aSavedRun("ahead", "2027-01-01T00:00:00Z");
  const stage = await passed(new ConfigStage(good, ahead));
  assert.equal(stage.status.lastSuccessfulBackup?.backupRef.name, "ahead");
  await passed(stage, ahead);
  assert.equal(stage.status.lastSuccessfulBackup?.backupRef.name, "good");
  assert.equal(stage.status.lastBackup?.backupRef.name, "good");
  assert.equal(stage.status.retention?.newest?.name, "good");
});

Deno.test("BackupConfig knows the size of what did not change from the success before", async () => {
  const snapshots = [anUnchangedSource("data")];
  const unchanged = aSavedRun("same", "2026-01-02T00:00:00Z", {
    status: { snapshots, stats: { sizeBytes: 0, files: 0 } },
  });
  const stage = await passed(new ConfigStage(good));
  stage.kube.put(unchanged);
  await stage.pass();
  assert.deepEqual(stage.status.lastSuccessfulBackup, {
    backupRef: { name: "same" },
    time: "2026-01-02T00:00:00Z",
    sizeBytes: 100,
    files: 3,
    durationSeconds: 20,
  });
  const writes = stage.kube.writes.length;
  await stage.pass();
  assert.equal(stage.kube.writes.length, writes);
});

Deno.test("backupConfigSamples() speaks of a recipe by its newest run and its newest success", async () => {
  const failed = aBackup({
    name: "failed",
    status: {
      phase: "Failed",
      timing: { startTime: "2026-01-02T00:00:00Z", endTime: "2026-01-02T00:00:00Z" },
      snapshots: [{ source: "data", sourcePath: "/pvc/data", phase: "Failed" }],
    },
  });
  const stage = await passed(new ConfigStage(aSavedRun("old", "2025-12-01T00:00:00Z"), good, failed));
  const gauges = [
    "kopiur_backup_last_success_timestamp_seconds apps/recipe 1767225600",
    "kopiur_backup_last_attempt_timestamp_seconds apps/recipe 1767312000",
    "kopiur_backup_consecutive_failures apps/recipe 1",
    "kopiur_backup_consecutive_incomplete apps/recipe 1",
    "kopiur_backup_size_bytes apps/recipe 100",
    "kopiur_backup_files apps/recipe 3",
    "kopiur_backup_duration_seconds apps/recipe 20",
    "kopiur_backup_last_new_bytes apps/recipe 7",
    "kopiur_backup_active_runs apps/recipe 2",
    "kopiur_backup_retention_pending apps/recipe 0",
    "kopiur_backup_last_files apps/recipe/new 1",
    "kopiur_backup_last_files apps/recipe/unchanged 2",
    "kopiur_backup_snapshots_not_whole apps/recipe/partial 0",
    "kopiur_backup_snapshots_not_whole apps/recipe/empty 0",
    "kopiur_backup_snapshots_not_whole apps/recipe/shrunken 0",
    "kopiur_backup_retention_held_back apps/recipe 0",
    "kopiur_backup_sources_without_success apps/recipe 0",
    "kopiur_backup_oldest_source_last_success_timestamp_seconds apps/recipe 1767225600",
    "kopiur_backup_names_not_kept apps/recipe/renamed 0",
    "kopiur_backup_names_not_kept apps/recipe/lost 0",
    "kopiur_backup_last_status apps/recipe 0",
  ];
  assert.deepEqual(stage.gauges("kopiur_backup_"), gauges);
  await passed(stage, good, failed, aSavedRun("old", "2025-12-01T00:00:00Z"));
  const without = gauges.map((line) =>
    line.replace("active_runs apps/recipe 2", "active_runs apps/recipe 0")
  );
  assert.deepEqual(stage.gauges("kopiur_backup_"), without);
  await passed(stage, aBackupConfig());
  assert.deepEqual(stage.gauges("kopiur_backup_"), []);
});

Deno.test("backupConfigSamples() counts what the newest run could not read, and what retention will delete", async () => {
  const lacking = {
    stats: { ...stats, unreadable: 4, renamed: 3, lost: 2 },
    snapshots: [aSavedSource("data", "k")],
  };
  const stage = new ConfigStage(
    aBackupConfig({ spec: { retention: { keepLatest: 1 } } }),
    good,
    aSavedRun("lacking", "2026-01-02T00:00:00Z", { status: lacking }),
  );
  await passed(stage);
  assert.deepEqual(stage.gauges("kopiur_backup_unreadable_files"), [
    "kopiur_backup_unreadable_files apps/recipe 4",
  ]);
  assert.deepEqual(stage.gauges("kopiur_backup_names_not_kept"), [
    "kopiur_backup_names_not_kept apps/recipe/renamed 3",
    "kopiur_backup_names_not_kept apps/recipe/lost 2",
  ]);
  assert.deepEqual(stage.gauges("kopiur_backup_retention_pending"), [
    "kopiur_backup_retention_pending apps/recipe 1",
  ]);
  assert.deepEqual(stage.gauges("kopiur_backup_last_status"), ["kopiur_backup_last_status apps/recipe 1"]);
});

Deno.test("backupConfigSamples() does not count a Backup that is being deleted among those that are kept", async () => {
  const held = { metadata: { finalizers: [FINALIZER] } };
  const leaving = aSavedRun("leaving", "2026-01-01T00:00:00Z", held);
  const stage = await passed(new ConfigStage(good, leaving), leaving);
  assert.equal(stage.kube.list({ ...stage.kind.resource, kind: "Backup" }).length, 2);
  assert.deepEqual(stage.gauges("kopiur_backup_active_runs"), ["kopiur_backup_active_runs apps/recipe 1"]);
});

Deno.test("backupConfigSamples() counts the claims that no recipe covers", async () => {
  const stage = await passed(new ConfigStage());
  assert.deepEqual(stage.gauges("kopiur_pvc_unprotected"), ["kopiur_pvc_unprotected apps 0"]);
  stage.kube.put(aBackupConfig({ spec: { sources: [{ pvc: { name: "other" } }] } }));
  assert.deepEqual(stage.gauges("kopiur_pvc_unprotected"), ["kopiur_pvc_unprotected apps 1"]);
});

Deno.test("backupConfigSamples() survives a status of any form", () => {
  const stage = new ConfigStage();
  for (
    const status of [7, "x", [], { lastBackup: 3, retention: "x" }, {
      lastSuccessfulBackup: { time: "x" },
      sources: "x",
      retention: { notWhole: { partial: 3 } },
    }]
  ) {
    stage.kube.put({ ...aBackupConfig(), status });
    assert.deepEqual(stage.gauges("kopiur_backup_"), []);
  }
});

Deno.test("BackupConfig takes no run for a success whose snapshot is gone, its own or the one it stands on", async () => {
  const note = (...ids: readonly string[]) => ({
    annotations: { [ANNOTATION.snapshotMissing]: JSON.stringify({ at: "2026-01-02T03:00:00Z", ids }) },
  });
  const first = aSavedRun("first", "2026-01-01T00:00:00Z");
  const second = aSavedRun("second", "2026-01-01T12:00:00Z");
  const standing = aSavedRun("standing", "2026-01-02T00:00:00Z", {
    status: { snapshots: [{ ...anUnchangedSource("data"), unchangedSince: "k-older" }] },
  });
  const stage = await passed(new ConfigStage(first, second, standing));
  assert.equal(stage.status.lastSuccessfulBackup?.backupRef.name, "standing");
  stage.kube.put({ ...standing, metadata: { ...standing.metadata, ...note("k-older") } });
  await passed(stage);
  assert.equal(stage.status.lastSuccessfulBackup?.backupRef.name, "second");
  const [gauge] = stage.gauges("kopiur_backup_last_success_timestamp_seconds");
  assert.equal(
    gauge,
    `kopiur_backup_last_success_timestamp_seconds apps/recipe ${Date.UTC(2026, 0, 1, 12) / 1000}`,
  );
  stage.kube.put({ ...standing, metadata: { ...standing.metadata, annotations: {} } });
  await passed(stage);
  assert.equal(stage.status.lastSuccessfulBackup?.backupRef.name, "standing");
});

Deno.test("BackupConfig lets nothing go while Backups of it that were put back look for their snapshots", async () => {
  const put = (name: string, status?: Readonly<Record<string, unknown>>) =>
    aBackup({
      name,
      metadata: { annotations: { [ANNOTATION.ranAs]: "old" } },
      ...(status === undefined ? {} : { status }),
    });
  const stage = new ConfigStage(aSavedRun("one", "2026-01-01T00:00:00Z"), put("back"), put("back-too"));
  const config = aBackupConfig({ spec: { retention: { keepLatest: 1 } } });
  stage.kube.put(config);
  await passed(stage);
  assert.match(
    stage.condition("RetentionActive") ?? "",
    /^False RetentionHeld: Backup "back" and 1 more of this BackupConfig were put back/,
  );
  // What no repository shows any more is for a person, and holds nothing up.
  const stranded = { phase: "Pending", conditions: [aCondition("Ready", "False", "NothingToAdopt")] };
  stage.kube.put(put("back", stranded), put("back-too", stranded));
  await passed(stage);
  assert.match(stage.condition("RetentionActive") ?? "", /^True/);
});
