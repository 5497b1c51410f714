import assert from "node:assert/strict";
import type { Parts } from "../../tests/support/builders.ts";
import { aBackup, aCondition, FakeKube } from "../../tests/support/mod.ts";
import { backupSamples } from "./samples.ts";

const now = new Date("2026-01-02T00:10:00Z");

function linesOf(prefix: string, ...backups: readonly Parts[]): readonly string[] {
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
    linesOf(
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
    linesOf(
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
    linesOf(
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
