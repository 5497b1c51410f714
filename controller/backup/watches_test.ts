import assert from "node:assert/strict";
import { LABEL, MANAGED_BY } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { anyOptions } from "../../tests/support/backup_stage.ts";
import {
  aBackup,
  aBackupConfig,
  aClaim,
  aCondition,
  aConfigMap,
  aJob,
  aNamespace,
  aPodOf,
  aReadyRepository,
  aSecret,
  FakeKube,
} from "../../tests/support/mod.ts";
import { MoverSlots } from "../movers/mod.ts";
import { backupReconciler } from "./mod.ts";

const slots = new MoverSlots(anyOptions.maxMovers, () => 0);
const kind = backupReconciler(anyOptions, slots);
const resolved = {
  repository: { kind: "Repository", name: "repo" },
  config: "recipe",
  identity: { username: "u", hostname: "h" },
  deletionPolicy: "Delete",
};

/** A cluster with Backups in every phase. */
function aCluster(): FakeKube {
  const kube = new FakeKube().declare(kind);
  const deleting = { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["x"] };
  kube.put(
    aReadyRepository(),
    aReadyRepository({ name: "second" }),
    aBackupConfig(),
    aBackupConfig({
      name: "elsewhere",
      spec: { repository: { kind: "Repository", name: "second" }, sources: [{ pvc: { name: "logs" } }] },
    }),
    aBackup({ name: "new" }),
    aBackup({ name: "pending", status: { phase: "Pending" } }),
    aBackup({ name: "running", status: { phase: "Running", resolved } }),
    aBackup({ name: "done", status: { phase: "Succeeded", resolved } }),
    aBackup({ name: "failed", status: { phase: "Failed", resolved } }),
    aBackup({ name: "leaving", status: { phase: "Succeeded", resolved }, metadata: deleting }),
    aBackup({
      name: "moved",
      spec: { configRef: { name: "elsewhere" } },
      status: { phase: "Running", resolved },
    }),
    aBackup({ name: "other", spec: { configRef: { name: "elsewhere" } } }),
    aBackup({ name: "abroad", namespace: "else", status: { phase: "Pending" } }),
  );
  return kube;
}

function wokenBy(kube: FakeKube, object: KubeObject): readonly string[] {
  const keys = kind.watches.filter(({ resource }) => resource.kind === object.kind)
    .flatMap((watch) => watch.keys?.(object, kube) ?? []);
  return [...new Set(keys.map(({ name }) => name))].toSorted();
}

const cases: Readonly<Record<string, { object: KubeObject; wakes: readonly string[] }>> = {
  "its config": { object: aBackupConfig(), wakes: ["leaving", "new", "pending", "running"] },
  "its repository, pinned or named by its config": {
    object: aReadyRepository(),
    wakes: ["leaving", "moved", "new", "pending", "running"],
  },
  "a Secret of its repository": {
    object: aSecret(),
    wakes: ["leaving", "moved", "new", "other", "pending", "running"],
  },
  "another Secret": { object: aSecret({ name: "other" }), wakes: [] },
  "another ConfigMap": { object: aConfigMap({ name: "other" }), wakes: [] },
  "a source": { object: aClaim({ name: "logs" }), wakes: ["moved", "other"] },
  "the volume of its repository": {
    object: aClaim({ name: "repo-data" }),
    wakes: ["leaving", "moved", "new", "other", "pending", "running"],
  },
  "its namespace": {
    object: aNamespace(),
    wakes: ["leaving", "moved", "new", "other", "pending", "running"],
  },
  "a Job of somebody else": { object: aJob(), wakes: [] },
};
for (const [what, { object, wakes }] of Object.entries(cases)) {
  Deno.test(`Backups that have not ended are woken by ${what}, and no others`, () => {
    assert.deepEqual(wokenBy(aCluster(), object), wakes);
  });
}

Deno.test("Backups that wait for a slot alone are left in peace until it is free, unless they are deleted", () => {
  const kube = aCluster();
  const status = { phase: "Pending", conditions: [aCondition("Ready", "Unknown", "NoSlot")] };
  kube.put(aBackup({ name: "queued", status }));
  for (const object of [aBackupConfig(), aReadyRepository(), aSecret(), aClaim({ name: "data" })]) {
    assert.equal(wokenBy(kube, object).includes("queued"), false, object.kind);
  }
  assert.ok(wokenBy(kube, aNamespace()).includes("queued"));
  const metadata = { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["x"] };
  kube.put(aBackup({ name: "queued", status, metadata }));
  assert.ok(wokenBy(kube, aBackupConfig()).includes("queued"));
});

Deno.test("Backups that wait for a volume are woken by one their config selects", () => {
  const kube = aCluster();
  const sources = [{ pvcSelector: { matchLabels: { app: "db" } } }];
  const conditions = [aCondition("Ready", "Unknown", "NoVolumeMatches")];
  kube.put(
    aBackupConfig({ name: "selecting", spec: { sources } }),
    aBackup({
      name: "open",
      spec: { configRef: { name: "selecting" } },
      status: { phase: "Pending", conditions },
    }),
  );
  assert.deepEqual(wokenBy(kube, aClaim({ name: "new", metadata: { labels: { app: "db" } } })), ["open"]);
  assert.deepEqual(wokenBy(kube, aClaim({ name: "new", metadata: { labels: { app: "web" } } })), []);
});

Deno.test("Backups are woken by their own Job and its pods, also when they have ended", () => {
  const kube = aCluster();
  const owner = { apiVersion: "x", kind: "Backup", name: "done", uid: "uid-backup-done", controller: true };
  const labels = { [LABEL.managedBy]: MANAGED_BY, [LABEL.backup]: "done" };
  const job = kube.put(aJob({ metadata: { ownerReferences: [owner], labels } }));
  assert.deepEqual(wokenBy(kube, job), ["done"]);
  assert.deepEqual(wokenBy(kube, aPodOf(job)), ["done"]);
});

Deno.test("backupReconciler() watches Secrets, ConfigMaps, claims and namespaces as metadata only", () => {
  const whole = kind.watches.filter(({ metadataOnly }) => metadataOnly !== true).map(({ resource }) =>
    resource.kind
  );
  assert.deepEqual(whole, ["BackupConfig", "Repository", "Job", "Pod", "Event"]);
});
