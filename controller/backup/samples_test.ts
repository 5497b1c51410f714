import assert from "node:assert/strict";
import { aBackup, aCondition, FakeKube } from "../../tests/support/mod.ts";
import { backupSamples } from "./samples.ts";

function aRun(name: string, status: Readonly<Record<string, unknown>>) {
  return aBackup({ name, status });
}

function linesOf(kube: FakeKube, prefix: string): readonly string[] {
  return [...backupSamples(kube, new Date("2026-01-05T00:00:00Z"))].filter(({ name }) =>
    name.startsWith(prefix)
  )
    .map(({ name, labels, value }) => `${name} ${Object.values(labels).join("/")} ${value}`);
}

Deno.test("backupSamples() counts who waits by namespace and reason", () => {
  const kube = new FakeKube();
  const waits = (reason: string) => ({ conditions: [aCondition("Ready", "Unknown", reason)] });
  kube.put(
    aRun("a", { phase: "Pending", ...waits("RepositoryNotReady") }),
    aRun("b", { phase: "Pending", ...waits("RepositoryNotReady") }),
    aRun("c", { phase: "Running", ...waits("Unschedulable") }),
    aRun("d", { phase: "Running", ...waits("Running") }),
    aRun("e", { phase: "Succeeded" }),
    aRun("f", {}),
  );
  assert.deepEqual(linesOf(kube, "kopiur_backups_waiting"), [
    "kopiur_backups_waiting apps/RepositoryNotReady 2",
    "kopiur_backups_waiting apps/Unschedulable 1",
  ]);
});

Deno.test("backupSamples() shows every phase of a run under way and only the end of one that ended", () => {
  const kube = new FakeKube();
  kube.put(aRun("done", { phase: "Failed" }), aRun("now", { phase: "Running" }));
  assert.deepEqual(linesOf(kube, "kopiur_resource_phase"), [
    "kopiur_resource_phase Backup/apps/now/Pending 0",
    "kopiur_resource_phase Backup/apps/now/Running 1",
    "kopiur_resource_phase Backup/apps/now/Succeeded 0",
    "kopiur_resource_phase Backup/apps/now/Failed 0",
    "kopiur_resource_phase Backup/apps/now/Deleting 0",
    "kopiur_resource_phase Backup/apps/done/Failed 1",
  ]);
});

Deno.test("backupSamples() says how long a run that ended has been leaving, and that it is held", () => {
  const kube = new FakeKube();
  const metadata = { deletionTimestamp: "2026-01-04T23:59:00Z", finalizers: ["example.com/keeps"] };
  const conditions = [aCondition("DeletionHeld", "True", "MassDeletionHeld")];
  kube.put(aBackup({ name: "a", metadata, status: { phase: "Succeeded", conditions } }));
  assert.deepEqual(
    linesOf(kube, "kopiur_").map((line) => line.replace(/ apps\/\S*\/Deleting/, " Deleting")),
    [
      "kopiur_resource_phase Backup/apps/a/Succeeded 1",
      "kopiur_backup_stuck_seconds Deleting 60",
      "kopiur_deletions_held apps 1",
    ],
  );
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
  assert.ok([...backupSamples(kube, new Date(0))].every(({ value }) => Number.isFinite(value)));
});
