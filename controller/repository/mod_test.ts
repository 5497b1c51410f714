import assert from "node:assert/strict";
import type { KubeObject } from "../../kube/types.ts";
import {
  aClaim,
  aConfigMap,
  aNamespace,
  aPodOf,
  aRepository,
  aSecret,
  FakeClock,
  startTelemetryProbe,
} from "../../tests/support/mod.ts";
import { reconcile } from "../runtime/pass/reconcile.ts";
import { BACKUP } from "./catalog/backups_seen.ts";
import { CONFIG_MAP, EVENT, JOB, NAMESPACE, POD, REPOSITORY, SECRET, VOLUME_CLAIM } from "../shared/mod.ts";
import {
  aCreatingRepository,
  aNamespaceInMemory,
  carryOut,
  endJob,
  failedMessage,
  jobIn,
  KEY,
  KIND,
  openedMessage,
  planIn,
  statusIn,
  storedRepository,
} from "./stage_test.ts";

const where = 'Repository at "/repository" on PersistentVolumeClaim "repo-data"';
const s3 = {
  bucket: "bucket",
  auth: { secretRef: { name: "keys" } },
  tls: { caBundleRef: { configMapName: "ca" } },
};

/** Names of the repositories a change of an object wakes. */
function wokenBy(kube: ReturnType<typeof aNamespaceInMemory>, object: KubeObject): readonly string[] {
  const watch = KIND.watches.find(({ resource }) => resource.kind === object.kind);
  return watch?.keys?.(object, kube).map(({ namespace, name }) => `${namespace}/${name}`) ?? [];
}

Deno.test("repositoryReconciler() wakes the repositories that name what changed, in its namespace only", () => {
  const kube = aNamespaceInMemory(
    aRepository(),
    aRepository({ name: "on-s3", spec: { backend: { s3 } } }),
    aRepository({ name: "elsewhere", namespace: "other" }),
    aRepository({ name: "unreadable", spec: { backend: "nonsense" } }),
  );
  assert.deepEqual(wokenBy(kube, aSecret()), ["apps/repo", "apps/on-s3"]);
  assert.deepEqual(wokenBy(kube, aSecret({ name: "keys" })), ["apps/on-s3"]);
  assert.deepEqual(wokenBy(kube, aConfigMap({ name: "ca" })), ["apps/on-s3"]);
  assert.deepEqual(wokenBy(kube, aClaim({ name: "repo-data" })), ["apps/repo"]);
  assert.deepEqual(wokenBy(kube, aSecret({ name: "unrelated" })), []);
});

Deno.test("repositoryReconciler() wakes privileged repositories when their namespace changes", () => {
  const privileged = aRepository({ name: "root", spec: { mover: { privilegedMode: true } } });
  const kube = aNamespaceInMemory(aRepository(), privileged);
  assert.deepEqual(wokenBy(kube, aNamespace()), ["apps/root"]);
});

Deno.test("repositoryReconciler() is woken by its own Job and that Job's pod", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await carryOut(kube, await planIn(kube));
  assert.deepEqual(wokenBy(kube, jobIn(kube)), ["apps/repo"]);
  assert.deepEqual(wokenBy(kube, aPodOf(jobIn(kube))), ["apps/repo"]);
});

Deno.test("repositoryReconciler() declares every right it needs and no other", () => {
  const grants = KIND.writes.map(({ resource, subresource, verbs }) =>
    `${resource.kind}${subresource === undefined ? "" : ` ${subresource}`}: ${verbs.join(" ")}`
  );
  assert.deepEqual(grants, [
    "Repository: patch",
    "Job: create delete",
    "ConfigMap: get",
    "Secret: get",
    "Pod log: get",
    "Backup: create patch delete",
  ]);
  const watched = KIND.watches.map(({ resource }) => resource);
  assert.deepEqual(watched, [
    JOB,
    POD,
    EVENT,
    SECRET,
    CONFIG_MAP,
    VOLUME_CLAIM,
    NAMESPACE,
    REPOSITORY,
    BACKUP,
  ]);
  const whole = KIND.watches.filter(({ metadataOnly }) => metadataOnly !== true).map(({ resource }) =>
    resource
  );
  assert.deepEqual(whole, [JOB, POD, EVENT, REPOSITORY, BACKUP]);
});

Deno.test("repositoryReconciler() exports phase, size and snapshots of each repository", () => {
  const storageStats = {
    totalSizeBytes: 4096,
    snapshotCount: 3,
    lastObservedAt: "2026-01-01T00:00:00Z",
    unreadableManifests: 2,
    unfinished: { snapshotCount: 4, sizeBytes: 512, oldestTime: "2025-12-31T03:00:00Z" },
  };
  const catalog = {
    discoveredBackupCount: 2,
    missingSnapshotCount: 1,
    lastRefreshAt: "2026-01-01T00:00:00Z",
    truncated: false,
  };
  const kube = aNamespaceInMemory(
    aRepository({ status: { phase: "Ready", storageStats, catalog } }),
    aRepository({ name: "new" }),
  );
  const samples = [...KIND.samples(kube, new Date())]
    .filter(({ value }) => value !== 0)
    .map(({ name, labels, value }) => `${name} ${Object.values(labels).join("/")} ${value}`);
  assert.deepEqual(samples, [
    "kopiur_resource_phase Repository/apps/repo/Ready 1",
    "kopiur_repo_size_bytes apps/repo 4096",
    "kopiur_repo_snapshot_count apps/repo 3",
    "kopiur_repo_unreadable_manifests apps/repo 2",
    "kopiur_repo_unfinished_snapshots apps/repo 4",
    "kopiur_repo_unfinished_size_bytes apps/repo 512",
    "kopiur_repo_discovered_backups apps/repo 2",
    "kopiur_repo_missing_snapshots apps/repo 1",
  ]);
});

/** A namespace with the real engine around the kind. */
function anEngine(repository: KubeObject) {
  const kube = aNamespaceInMemory(repository);
  const clock = new FakeClock("2026-01-02T03:05:00Z");
  const probe = startTelemetryProbe(clock);
  const deps = {
    reader: kube,
    writer: kube,
    events: kube,
    telemetry: probe.telemetry,
    clock,
    random: () => 0.5,
    newId: () => "pass",
  };
  const pass = () => reconcile({ kind: KIND, key: KEY }, "spec", deps, new AbortController().signal);
  const reported = () => kube.events.map(({ type, reason, note }) => `${type} ${reason}: ${note}`);
  return { kube, clock, probe, pass, reported };
}

Deno.test("reconcile() of a Repository opens it: status, Events, counters, and then no write any more", async () => {
  const { kube, probe, pass, reported } = anEngine(aCreatingRepository());
  await pass();
  endJob(kube, jobIn(kube), { exitCode: 0, message: openedMessage({ created: true }) });
  assert.deepEqual(await pass(), { kind: "after", seconds: 1 });
  const action = await pass();
  assert.equal(action.kind, "after");
  assert.equal(statusIn(kube).phase, "Ready");
  const conditions = statusIn(kube).conditions?.map(({ type, status, reason }) =>
    `${type} ${status} ${reason}`
  );
  assert.deepEqual(conditions?.toSorted(), [
    "Bootstrapped True Bootstrapped",
    "CredentialsAvailable True Available",
    "Ready True Ready",
  ]);
  assert.deepEqual(reported(), [
    "Normal Initializing: The repository is being opened",
    `Normal InitSucceeded: ${where} was created; its unique id is "0123abcd", it holds 3 snapshots`,
  ]);
  assert.deepEqual(await probe.series("kopiur_mover_operations_total"), [
    'kopiur_mover_operations_total{operation="BootstrapRepository",result="succeeded"} 1',
  ]);
  const writes = kube.writes.length;
  await pass();
  assert.equal(kube.writes.length, writes);
});

Deno.test("reconcile() of a Repository tells a failure in kopia's words in one Event, never in its status", async () => {
  const { kube, pass, reported } = anEngine(aRepository());
  await pass();
  endJob(kube, jobIn(kube), {
    exitCode: 2,
    message: failedMessage("AuthFailure", "invalid repository password at 03:04"),
  });
  const action = await pass();
  assert.deepEqual(action, { kind: "after", seconds: 1 });
  await pass();
  assert.deepEqual(reported().slice(1), [
    `Warning AuthFailure: ${where}: Cannot open the repository: invalid repository password at 03:04`,
    `Warning InitFailed: ${where}: Cannot open the repository: invalid repository password at 03:04`,
  ]);
  assert.doesNotMatch(JSON.stringify(storedRepository(kube).status), /at 03:04/);
  const stalled = statusIn(kube).conditions?.find(({ type }) => type === "Stalled");
  assert.equal(stalled?.reason, "AuthFailure");
});

Deno.test("reconcile() of a Repository keeps its id when its status cannot be read", async () => {
  const status = { phase: "Ready", uniqueId: "0123abcd", bootstrap: "of another version" };
  const { kube, pass } = anEngine(aCreatingRepository({ status }));
  await pass();
  assert.deepEqual(kube.list(JOB), []);
  assert.equal((storedRepository(kube).status as { uniqueId: string }).uniqueId, "0123abcd");
});
