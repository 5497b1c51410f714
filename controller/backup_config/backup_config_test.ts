import assert from "node:assert/strict";
import type { KubeObject } from "../../kube/types.ts";
import { anEndedRun, ConfigStage } from "../../tests/support/config_stage.ts";
import {
  aBackup,
  aBackupConfig,
  aClaim,
  aCondition,
  aNamespace,
  aReadyRepository,
  aRepository,
  type FakeKube,
} from "../../tests/support/mod.ts";

Deno.test("BackupConfig is ready when a Backup could run, and says what its spec means", async () => {
  const stage = new ConfigStage();
  assert.deepEqual(await stage.pass(), { kind: "forget" });
  assert.equal(stage.condition("Ready"), "True Ready: A Backup can run now");
  assert.deepEqual(stage.status.resolved, {
    identity: { username: "recipe", hostname: "apps" },
    sources: [{ pvc: "data", sourcePath: "/pvc/data" }],
  });
  assert.equal(stage.status.consecutiveFailures, 0);
  assert.equal(stage.status.lastBackup, undefined);
});

Deno.test("BackupConfig writes nothing on a pass that finds nothing new", async () => {
  const stage = new ConfigStage(anEndedRun("a", "Succeeded", "2026-01-01T00:00:00Z"));
  await stage.pass();
  const writes = stage.kube.writes.length;
  await stage.clock.advance(3_600_000);
  await stage.pass();
  assert.equal(stage.kube.writes.length, writes);
});

Deno.test("BackupConfig shows every outcome of its runs at 0 from its first pass, until it is gone", async () => {
  const stage = new ConfigStage();
  await stage.pass();
  assert.deepEqual((await stage.probe.series("kopiur_backups_total")).toSorted(), [
    'kopiur_backups_total{namespace="apps",name="recipe",outcome="failure"} 0',
    'kopiur_backups_total{namespace="apps",name="recipe",outcome="partial"} 0',
    'kopiur_backups_total{namespace="apps",name="recipe",outcome="success"} 0',
  ]);
  stage.kube.delete(aBackupConfig());
  await stage.pass();
  assert.deepEqual(await stage.probe.series("kopiur_backups_total"), []);
});

const states: Readonly<Record<string, { change: (kube: FakeKube) => void; ready: RegExp }>> = {
  "its repository is missing": {
    change: (kube) => kube.delete(aRepository()),
    ready: /^Unknown RepositoryNotFound: Repository "repo" does not exist in namespace "apps"/,
  },
  "its repository is not ready": {
    change: (kube) => void kube.put(aReadyRepository({ status: { phase: "Degraded" } })),
    ready: /^Unknown RepositoryNotReady: Repository "repo" is Degraded/,
  },
  "its repository cannot be read": {
    change: (kube) => void kube.put(aRepository({ spec: { backend: 7 } })),
    ready: /^Unknown RepositoryNotReady: .*not one this version of kopiur can read/,
  },
  "its volume is missing": {
    change: (kube) => kube.delete(aClaim()),
    ready: /^Unknown VolumeNotFound: PersistentVolumeClaim "data" does not exist/,
  },
  "its volume is being deleted": {
    change: (kube) =>
      void kube.put(
        aClaim({ metadata: { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["pvc-protection"] } }),
      ),
    ready: /^Unknown VolumeNotFound: /,
  },
  "two sources share a path": {
    change: (kube) =>
      void kube.put(aBackupConfig({
        spec: {
          sources: [{ pvc: { name: "data" } }, { pvc: { name: "b" }, sourcePathOverride: "/pvc/data" }],
        },
      })),
    ready:
      /^False InvalidSpec: Cannot back up the sources "data" and "b": both are filed under "\/pvc\/data"/,
  },
  "its source is the repository's own volume": {
    change: (kube) => void kube.put(aBackupConfig({ spec: { sources: [{ pvc: { name: "repo-data" } }] } })),
    ready:
      /^False InvalidSpec: Cannot back up PersistentVolumeClaim "repo-data": the repository itself is on it/,
  },
  "its namespace does not permit its privileged mover": {
    change: (kube) => void kube.put(aBackupConfig({ spec: { mover: { privilegedMode: true } } })),
    ready: /^Unknown PrivilegedMoverNotPermitted: Cannot run a privileged mover in namespace "apps"/,
  },
  "its namespace is being deleted": {
    change: (kube) => {
      const deletionTimestamp = "2026-01-01T00:00:00Z";
      kube.put(aNamespace({ metadata: { deletionTimestamp, finalizers: ["kubernetes"] } }));
    },
    ready: /^Unknown NamespaceTerminating: Namespace "apps" is being deleted/,
  },
  "its spec cannot be read": {
    change: (kube) => void kube.put(aBackupConfig({ spec: { sources: [] } })),
    ready: /^False InvalidSpec: Cannot read BackupConfig "recipe": spec.sources: /,
  },
};
for (const [what, { change, ready }] of Object.entries(states)) {
  Deno.test(`BackupConfig is not ready while ${what}`, async () => {
    const stage = new ConfigStage();
    change(stage.kube);
    await stage.pass();
    assert.match(stage.condition("Ready") ?? "", ready);
  });
}

Deno.test("BackupConfig sums up its newest finished Backup", async () => {
  const stage = new ConfigStage(
    anEndedRun("old", "Failed", "2026-01-01T00:00:00Z"),
    anEndedRun("new", "Succeeded", "2026-01-02T00:00:00Z", {
      snapshots: [{ source: "data", sourcePath: "/pvc/data", phase: "Succeeded", kopiaSnapshotID: "k1" }],
      stats: { sizeBytes: 9, files: 2, bytesNew: 3, filesNew: 1, filesUnchanged: 1 },
      conditions: [aCondition("Complete", "True", "Complete")],
    }),
    aBackup({ name: "running", status: { phase: "Running" } }),
  );
  await stage.pass();
  assert.deepEqual(stage.status.lastBackup, {
    backupRef: { name: "new" },
    phase: "Succeeded",
    outcome: "success",
    time: "2026-01-02T00:00:00Z",
    message: "It Succeeded",
    snapshotIDs: ["k1"],
    sizeBytes: 9,
    bytesNew: 3,
    filesNew: 1,
    filesUnchanged: 1,
    unreadable: 0,
    durationSeconds: 20,
  });
  assert.deepEqual(stage.status.lastSuccessfulBackup, {
    backupRef: { name: "new" },
    time: "2026-01-02T00:00:00Z",
    sizeBytes: 9,
    files: 2,
    bytesNew: 3,
    filesNew: 1,
    filesUnchanged: 1,
    durationSeconds: 20,
  });
});

Deno.test("BackupConfig tells a partial run from a whole one and from a failed one", async () => {
  for (
    const [phase, complete, outcome] of [
      ["Succeeded", "False", "partial"],
      ["Succeeded", "True", "success"],
      ["Failed", "False", "failure"],
    ] as const
  ) {
    const conditions = [aCondition("Complete", complete, "BackupPartial")];
    const stage = new ConfigStage(anEndedRun("a", phase, "2026-01-02T00:00:00Z", { conditions }));
    await stage.pass();
    assert.equal(stage.status.lastBackup?.outcome, outcome);
  }
});

const histories: Readonly<Record<string, { runs: readonly string[]; failures: number }>> = {
  "no run": { runs: [], failures: 0 },
  "two failures after a success": { runs: ["Succeeded", "Failed", "Failed"], failures: 2 },
  "a success at the end": { runs: ["Failed", "Failed", "Succeeded"], failures: 0 },
  "failures only": { runs: ["Failed", "Failed", "Failed"], failures: 3 },
  "runs that have not ended in between": { runs: ["Failed", "Running", "Pending", "Failed"], failures: 2 },
  "a success that is being deleted": { runs: ["Failed", "Deleting", "Failed"], failures: 2 },
};
for (const [what, { runs, failures }] of Object.entries(histories)) {
  Deno.test(`BackupConfig counts failures in a row with ${what}`, async () => {
    const stage = new ConfigStage(
      ...runs.map((phase, index) => anEndedRun(`run-${index}`, phase, `2026-01-02T00:00:0${index}Z`)),
      aBackup({ name: "foreign", spec: { configRef: { name: "other" } }, status: { phase: "Failed" } }),
    );
    await stage.pass();
    assert.equal(stage.status.consecutiveFailures, failures);
    assert.deepEqual(stage.gauges("kopiur_backup_consecutive_failures"), [
      `kopiur_backup_consecutive_failures apps/recipe ${failures}`,
    ]);
  });
}

Deno.test("BackupConfig keeps an identity with a history until its spec changes", async () => {
  const stage = new ConfigStage(anEndedRun("a", "Succeeded", "2026-01-02T00:00:00Z"));
  const identity = { username: "default-of-old", hostname: "apps" };
  const status = { observedGeneration: 1, resolved: { identity, sources: [] } };
  stage.kube.put(aBackupConfig({ status }));
  await stage.pass();
  assert.deepEqual(stage.status.resolved?.identity, identity);
  stage.kube.put(aBackupConfig({ spec: { identity: { hostname: "new" } }, status }));
  await stage.pass();
  assert.deepEqual(stage.status.resolved?.identity, { username: "recipe", hostname: "new" });
});

Deno.test("BackupConfig without a history follows the defaults of today", async () => {
  const stage = new ConfigStage(anEndedRun("a", "Failed", "2026-01-02T00:00:00Z"));
  const identity = { username: "default-of-old", hostname: "apps" };
  stage.kube.put(aBackupConfig({ status: { observedGeneration: 1, resolved: { identity, sources: [] } } }));
  await stage.pass();
  assert.deepEqual(stage.status.resolved?.identity, { username: "recipe", hostname: "apps" });
});

Deno.test("BackupConfig is woken by its repository, its volumes and its runs that ended, and by no others", () => {
  const { kube, kind } = new ConfigStage();
  const wokenBy = (object: KubeObject) =>
    kind.watches.filter(({ resource }) => resource.kind === object.kind)
      .flatMap((watch) => watch.keys?.(object, kube) ?? []).map(({ name }) => name);
  assert.deepEqual(wokenBy(aRepository()), ["recipe"]);
  assert.deepEqual(wokenBy(aRepository({ name: "other" })), []);
  assert.deepEqual(wokenBy(aRepository({ namespace: "else" })), []);
  assert.deepEqual(wokenBy(aClaim()), ["recipe"]);
  assert.deepEqual(wokenBy(aClaim({ name: "other" })), []);
  assert.deepEqual(wokenBy(anEndedRun("a", "Succeeded", "2026-01-02T00:00:00Z")), ["recipe"]);
  assert.deepEqual(wokenBy(anEndedRun("a", "Deleting", "2026-01-02T00:00:00Z")), ["recipe"]);
  assert.deepEqual(wokenBy(anEndedRun("a", "Running", "2026-01-02T00:00:00Z")), []);
});
