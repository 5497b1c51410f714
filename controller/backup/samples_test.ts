import assert from "node:assert/strict";
import { aBackup, aBackupConfig, aCondition, FakeKube } from "../../tests/support/mod.ts";
import { backupSamples } from "./samples.ts";

function aRun(name: string, status: Readonly<Record<string, unknown>>, config = "recipe", metadata = {}) {
  return aBackup({ name, spec: { configRef: { name: config } }, status, metadata });
}

function aSuccess(endTime: string, sizeBytes = 100) {
  return {
    phase: "Succeeded",
    timing: { startTime: "2026-01-01T00:00:00Z", endTime, durationSeconds: 30 },
    stats: { sizeBytes, files: 3 },
  };
}

function linesOf(kube: FakeKube, prefix: string): readonly string[] {
  return [...backupSamples(kube)].filter(({ name }) => name.startsWith(prefix))
    .map(({ name, labels, value }) => `${name} ${Object.values(labels).join("/")} ${value}`);
}

Deno.test("backupSamples() speaks of a recipe by its newest Succeeded run, at that run's end", () => {
  const kube = new FakeKube();
  kube.put(
    aBackupConfig({ name: "recipe" }),
    aBackupConfig({ name: "second" }),
    aRun("old", aSuccess("2026-01-01T00:00:00Z")),
    aRun("new", aSuccess("2026-01-02T00:00:00Z", 200)),
    aRun("failed", {
      phase: "Failed",
      timing: { startTime: "2026-01-03T00:00:00Z", endTime: "2026-01-03T00:00:00Z" },
    }),
    aRun("other", aSuccess("2025-01-01T00:00:00Z"), "second"),
  );
  assert.deepEqual(linesOf(kube, "kopiur_backup_"), [
    "kopiur_backup_last_success_timestamp_seconds apps/recipe 1767312000",
    "kopiur_backup_size_bytes apps/recipe 200",
    "kopiur_backup_files apps/recipe 3",
    "kopiur_backup_duration_seconds apps/recipe 30",
    "kopiur_backup_last_success_timestamp_seconds apps/second 1735689600",
    "kopiur_backup_size_bytes apps/second 100",
    "kopiur_backup_files apps/second 3",
    "kopiur_backup_duration_seconds apps/second 30",
  ]);
});

Deno.test("backupSamples() forgets a run that is being deleted", () => {
  const kube = new FakeKube();
  const metadata = { deletionTimestamp: "2026-01-03T00:00:00Z", finalizers: ["x"] };
  kube.put(
    aBackupConfig({ name: "recipe" }),
    aRun("old", aSuccess("2026-01-01T00:00:00Z")),
    aRun("new", aSuccess("2026-01-02T00:00:00Z"), "recipe", metadata),
  );
  assert.deepEqual(linesOf(kube, "kopiur_backup_last"), [
    "kopiur_backup_last_success_timestamp_seconds apps/recipe 1767225600",
  ]);
});

Deno.test("backupSamples() says nothing of a recipe that was deleted, whatever runs of it are kept", () => {
  const kube = new FakeKube();
  kube.put(
    aBackupConfig({ name: "recipe", namespace: "elsewhere" }),
    aRun("old", aSuccess("2026-01-01T00:00:00Z")),
  );
  assert.deepEqual(linesOf(kube, "kopiur_backup_"), []);
});

Deno.test("backupSamples() counts who waits by namespace and reason", () => {
  const kube = new FakeKube();
  const waits = (reason: string) => ({ conditions: [aCondition("Ready", "Unknown", reason)] });
  kube.put(
    aRun("a", { phase: "Pending", ...waits("RepositoryNotReady") }),
    aRun("b", { phase: "Pending", ...waits("RepositoryNotReady") }),
    aRun("c", { phase: "Running", ...waits("Unschedulable") }),
    aRun("d", { phase: "Running", ...waits("Running") }),
    aRun("e", aSuccess("2026-01-02T00:00:00Z")),
    aRun("f", {}),
  );
  assert.deepEqual(linesOf(kube, "kopiur_backups_waiting"), [
    "kopiur_backups_waiting apps/RepositoryNotReady 2",
    "kopiur_backups_waiting apps/Unschedulable 1",
  ]);
});

Deno.test("backupSamples() shows every phase of a run under way and the two ends of one that ended", () => {
  const kube = new FakeKube();
  kube.put(aRun("done", { phase: "Failed" }), aRun("now", { phase: "Running" }));
  assert.deepEqual(linesOf(kube, "kopiur_resource_phase"), [
    "kopiur_resource_phase Backup/apps/now/Pending 0",
    "kopiur_resource_phase Backup/apps/now/Running 1",
    "kopiur_resource_phase Backup/apps/now/Succeeded 0",
    "kopiur_resource_phase Backup/apps/now/Failed 0",
    "kopiur_resource_phase Backup/apps/now/Deleting 0",
    "kopiur_resource_phase Backup/apps/done/Succeeded 0",
    "kopiur_resource_phase Backup/apps/done/Failed 1",
  ]);
});

Deno.test("backupSamples() survives Backups of any form", () => {
  const kube = new FakeKube();
  kube.put(
    aBackup({ name: "a", status: { phase: 7, conditions: "none", timing: [] } }),
    aBackup({
      name: "b",
      spec: { configRef: "recipe" },
      status: { phase: "Pending", conditions: [null, 3] },
    }),
  );
  assert.ok([...backupSamples(kube)].every(({ value }) => Number.isFinite(value)));
});
