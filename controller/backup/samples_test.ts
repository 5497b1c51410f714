import assert from "node:assert/strict";
import type { Parts } from "../../tests/support/builders.ts";
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

Deno.test("backupSamples() shows every phase of a run under way, and after its end once more at 0 before they go", () => {
  const phasesOf = (status: Readonly<Record<string, unknown>>) => {
    const kube = new FakeKube();
    kube.put(aRun("a", status));
    return linesOf(kube, "kopiur_resource_phase").map((line) => line.split("/").at(-1));
  };
  const all = ["Pending 0", "Running 0", "Succeeded 1", "Failed 0", "Deleting 0"];
  const ended = (endTime: string, lastTransitionTime: string) => ({
    phase: "Succeeded",
    timing: { endTime },
    conditions: [{ ...aCondition("Ready", "True", "Succeeded"), lastTransitionTime }],
  });
  const [long, lately] = ["2026-01-04T23:49:59Z", "2026-01-04T23:50:01Z"];
  assert.deepEqual(phasesOf(ended(lately, lately)), all);
  assert.deepEqual(phasesOf(ended(long, long)), ["Succeeded 1"]);
  // Its mover ended while no controller was there to see it.
  assert.deepEqual(phasesOf(ended(long, lately)), all);
  // It never began, so its Ready condition was False before.
  assert.deepEqual(phasesOf(ended(lately, long)), all);
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

const now = new Date("2026-01-02T00:10:00Z");

function valuesOf(prefix: string, ...backups: readonly Parts[]): readonly string[] {
  const kube = new FakeKube();
  kube.put(...backups.map((parts) => aBackup(parts)));
  return [...backupSamples(kube, now)].filter(({ name }) => name.startsWith(prefix))
    .map(({ labels, value }) => `${Object.values(labels).join("/")} ${value}`);
}

const stuck = "kopiur_backup_stuck_seconds";
const made = (time: string) => ({ creationTimestamp: time });
const deleted = (time: string) => ({ deletionTimestamp: time, finalizers: ["x"] });

Deno.test("backupSamples() says how long the oldest Backup of a recipe is in each phase it should leave", () => {
  assert.deepEqual(
    valuesOf(
      stuck,
      { name: "a", metadata: made("2026-01-02T00:00:00Z"), status: { phase: "Pending" } },
      { name: "b", metadata: made("2026-01-02T00:05:00Z") },
      { name: "c", status: { phase: "Running", timing: { startTime: "2026-01-02T00:09:00Z" } } },
      { name: "d", status: { phase: "Succeeded" }, metadata: deleted("2026-01-02T00:08:00Z") },
      { name: "e", status: { phase: "Running" }, metadata: deleted("2026-01-02T00:07:00Z") },
      { name: "f", status: { phase: "Failed" } },
      { name: "g", status: { phase: "Pending" }, spec: { configRef: { name: "second" } } },
    ),
    [
      "apps/recipe/Pending 600",
      "apps/recipe/Running 60",
      "apps/recipe/Deleting 180",
      "apps/second/Pending 87000",
    ],
  );
});

Deno.test("backupSamples() counts no time of the future, and none it cannot read", () => {
  assert.deepEqual(
    valuesOf(
      stuck,
      { name: "a", metadata: made("2026-01-03T00:00:00Z"), status: { phase: "Pending" } },
      { name: "b", metadata: made("soon"), spec: { configRef: { name: "second" } } },
    ),
    ["apps/recipe/Pending 0"],
  );
});

Deno.test("backupSamples() counts deletions that are held by namespace, no longer once they are released", () => {
  const held = { conditions: [aCondition("DeletionHeld", "True", "MassDeletionHeld")] };
  const released = { conditions: [aCondition("DeletionHeld", "False", "MassDeletionReleased")] };
  const metadata = deleted("2026-01-02T00:08:00Z");
  assert.deepEqual(
    valuesOf(
      "kopiur_deletions_held",
      { name: "a", status: held, metadata },
      { name: "b", status: held, metadata },
      { name: "c", status: released, metadata },
      { name: "d", status: held },
      { name: "e", status: held, metadata, namespace: "else" },
    ),
    ["apps 2", "else 1"],
  );
});
