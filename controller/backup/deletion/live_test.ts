import assert from "node:assert/strict";
import { ANNOTATION } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { BackupStage } from "../../../tests/support/backup_stage.ts";
import { aBackupConfig, type FakeKube, readerOver } from "../../../tests/support/mod.ts";

const API = "kopiur.home-operations.com/v1alpha1";

/** A stage whose caches stop to hear of some objects once `freeze` was called for them. */
function laggingStage(spec: Readonly<Record<string, unknown>> = {}) {
  const frozen = new Map<string, KubeObject>();
  const name = (kind: string, key: { readonly name: string }) => `${kind} ${key.name}`;
  const reader = (kube: FakeKube) =>
    readerOver(kube, {
      get: (resource, key) => frozen.get(name(resource.kind, key)) ?? kube.get(resource, key),
    });
  const stage = new BackupStage({ reader, ...spec });
  return {
    stage,
    freeze: (kind: string, of: string) => frozen.set(`${kind} ${of}`, found(stage, kind, of)),
  };
}

function found(stage: BackupStage, kind: string, name: string): KubeObject {
  return stage.kube.find(API, kind, { namespace: "apps", name }) ?? assert.fail(`no ${kind} "${name}"`);
}

function deleteJobs(stage: BackupStage): readonly string[] {
  return stage.made.filter((each) => each.includes("-delete-"));
}

const words: Readonly<Record<string, { kind: string; name: string; say: (stage: BackupStage) => void }>> = {
  "to skip the cleanup": {
    kind: "Backup",
    name: "old",
    say: (stage) => stage.annotate({ [ANNOTATION.skipSnapshotCleanup]: "true" }, "old"),
  },
  "to retain": {
    kind: "Backup",
    name: "old",
    say: (stage) => {
      const backup = found(stage, "Backup", "old");
      stage.kube.put({ ...backup, spec: { configRef: { name: "recipe" }, deletionPolicy: "Retain" } });
    },
  },
  "that its recipe retains": {
    kind: "BackupConfig",
    name: "recipe",
    say: (stage) => void stage.kube.put(aBackupConfig({ spec: { defaultDeletionPolicy: "Retain" } })),
  },
  "that its Repository is another one": {
    kind: "Repository",
    name: "repo",
    say: (stage) => {
      const repository = found(stage, "Repository", "repo");
      const status = { ...(repository["status"] as Readonly<Record<string, unknown>>), uniqueId: "ffff0000" };
      stage.kube.put({ ...repository, status });
    },
  },
};
for (const [what, { kind, name, say }] of Object.entries(words)) {
  Deno.test(`Deletion hears a word ${what} that no cache shows yet`, async () => {
    const { stage, freeze } = laggingStage();
    stage.addEnded(["old"]);
    stage.deleteBackup("old");
    await stage.settle("old");
    freeze(kind, name);
    say(stage);
    await stage.clock.advance(10_000);
    await stage.pass("old");
    await stage.pass("old");
    assert.deepEqual(deleteJobs(stage), []);
  });
}

Deno.test("Deletion hears that its namespace is being deleted though no cache shows it yet", async () => {
  let isOld = true;
  const stage = new BackupStage({
    reader: (kube) =>
      readerOver(kube, {
        get: (resource, key) => {
          const object = kube.get(resource, key);
          if (resource.kind !== "Namespace" || object === undefined || !isOld) return object;
          const { deletionTimestamp: _, ...metadata } = object.metadata;
          return { ...object, metadata };
        },
      }),
  });
  stage.addEnded(["old"]);
  stage.deleteBackup("old");
  await stage.settle("old");
  const namespace = stage.kube.find("v1", "Namespace", { namespace: "", name: "apps" }) ?? assert.fail();
  stage.kube.put({
    ...namespace,
    metadata: {
      ...namespace.metadata,
      deletionTimestamp: "2026-01-02T03:04:06Z",
      finalizers: ["kubernetes"],
    },
  });
  await stage.clock.advance(10_000);
  await stage.pass("old");
  assert.deepEqual([deleteJobs(stage), stage.phaseAndReason("old")], [[], "gone"]);
  isOld = false;
});

Deno.test("Deletion does not rely on a newer Backup that is gone though the cache shows it", async () => {
  const cached: KubeObject[] = [];
  const stage = new BackupStage({
    repository: { deletionBreaker: { threshold: 10, window: "10m", keepLast: true } },
    reader: (kube) =>
      readerOver(kube, {
        list: (resource, query) => [
          ...kube.list(resource, query),
          ...(resource.kind === "Backup" ? cached : []),
        ],
      }),
  });
  const timing = { startTime: "2025-06-02T03:05:00Z", endTime: "2025-06-02T03:06:30Z" };
  stage.addEnded(["newer"], { status: { timing } });
  stage.addEnded(["old", "older"]);
  cached.push(found(stage, "Backup", "newer"));
  stage.kube.delete(found(stage, "Backup", "newer"));
  const gone = stage.kube.find(API, "Backup", { namespace: "apps", name: "newer" });
  if (gone !== undefined) {
    stage.kube.put({ ...gone, metadata: { ...gone.metadata, finalizers: [] } });
    stage.kube.delete(found(stage, "Backup", "newer"));
  }
  stage.deleteBackup("older");
  await stage.settle("older");
  await stage.clock.advance(10_000);
  await stage.settle("older");
  assert.deepEqual(stage.phaseAndReason("older"), "Deleting LastSnapshotsHeld");
  assert.deepEqual(deleteJobs(stage), []);
});
