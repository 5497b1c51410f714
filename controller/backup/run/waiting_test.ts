import assert from "node:assert/strict";
import { BackupStage } from "../../../tests/support/backup_stage.ts";
import {
  aBackupConfig,
  aClaim,
  aNamespace,
  anObject,
  aReadyRepository,
  aRepository,
  aSecret,
  readerOver,
} from "../../../tests/support/mod.ts";

interface Case {
  /** Takes away what the run needs. */
  readonly without: (stage: BackupStage) => void;
  readonly reason: string;
  readonly says: RegExp;
  readonly event: string;
  /** Gives it back; the run then starts. */
  readonly mend: (stage: BackupStage) => void;
  readonly condition?: string;
  readonly sources?: readonly string[];
}

const API = "kopiur.home-operations.com/v1alpha1";
const privileged = { mover: { privilegedMode: true } };

const cases: Readonly<Record<string, Case>> = {
  "a missing config": {
    without: (stage) => stage.delete(API, "BackupConfig", "recipe"),
    reason: "ConfigNotFound",
    says: /^BackupConfig "recipe" does not exist in namespace "apps", expected the recipe/,
    event: "Warning ConfigNotFound on Backup",
    mend: (stage) => void stage.kube.put(aBackupConfig()),
  },
  "a config that files two sources under one path": {
    without: (stage) =>
      void stage.kube.put(aBackupConfig({
        spec: {
          sources: [{ pvc: { name: "data" } }, { pvc: { name: "logs" }, sourcePathOverride: "/pvc/data/" }],
        },
      })),
    reason: "InvalidSpec",
    says: /"data" and "logs": both are filed under "\/pvc\/data"/,
    event: "Warning InvalidSpec on Backup",
    mend: (stage) => void stage.kube.put(aBackupConfig()),
    sources: ["data", "logs"],
  },
  "a config that backs the repository up into itself": {
    without: (stage) =>
      void stage.kube.put(aBackupConfig({ spec: { sources: [{ pvc: { name: "repo-data" } }] } })),
    reason: "InvalidSpec",
    says: /"repo-data": the repository itself is on it/,
    event: "Warning InvalidSpec on Backup",
    mend: (stage) => void stage.kube.put(aBackupConfig()),
  },
  "a missing repository": {
    without: (stage) => stage.delete(API, "Repository", "repo"),
    reason: "RepositoryNotFound",
    says: /^Repository "repo" does not exist in namespace "apps", expected the one its BackupConfig names$/,
    event: "Warning RepositoryNotFound on Backup",
    mend: (stage) => stage.openRepository(),
  },
  "a repository nobody opened": {
    without: (stage) => {
      stage.delete(API, "Repository", "repo");
      stage.kube.put(aRepository());
    },
    reason: "RepositoryNotReady",
    says: /^Repository "repo" was not opened yet$/,
    event: "Normal RepositoryNotReady on Backup",
    mend: (stage) => stage.openRepository(),
  },
  "a repository that failed": {
    without: (stage) => {
      const { spec } = stage.kube.find(API, "Repository", { namespace: "apps", name: "repo" }) ??
        assert.fail();
      const status = { phase: "Failed" };
      stage.kube.put(aReadyRepository({ spec: spec as Readonly<Record<string, unknown>>, status }));
    },
    reason: "RepositoryNotReady",
    says: /^Repository "repo" is Failed: Ready$/,
    event: "Normal RepositoryNotReady on Backup",
    mend: (stage) => stage.openRepository(),
  },
  "a repository that was changed and not opened since": {
    without: (stage) => void stage.kube.put(aReadyRepository({ status: { observedGeneration: 7 } })),
    reason: "RepositoryNotReady",
    says: /was changed, and is opened as it is now before anything uses it$/,
    event: "Normal RepositoryNotReady on Backup",
    mend: (stage) => stage.openRepository(),
  },
  "a privileged mover the namespace does not permit": {
    without: (stage) => void stage.kube.put(aBackupConfig({ spec: privileged })),
    reason: "PrivilegedMoverNotPermitted",
    says: /expected the annotation kopiur.home-operations.com\/privileged-movers: "true" on the namespace/,
    event: "Warning PrivilegedMoverNotPermitted on Backup",
    mend: (stage) => {
      const annotations = { "kopiur.home-operations.com/privileged-movers": "true" };
      stage.kube.put(aNamespace({ metadata: { annotations } }));
    },
    condition: "MoverPermitted=False PrivilegedMoverNotPermitted",
  },
  "a missing Secret": {
    without: (stage) => stage.delete("v1", "Secret", "repo-password"),
    reason: "MissingCredentialsSecret",
    says:
      /Secret "repo-password" in namespace "apps" does not exist, expected it with the key "KOPIA_PASSWORD"/,
    event: "Warning MissingCredentialsSecret on Backup",
    mend: (stage) => void stage.kube.put(aSecret()),
    condition: "CredentialsAvailable=False MissingCredentialsSecret",
  },
  "a Secret without its key": {
    without: (stage) => void stage.kube.put(aSecret({ data: { OTHER: "x" } })),
    reason: "MissingCredentialsSecret",
    says: /is there, expected it to have a value under the key "KOPIA_PASSWORD"/,
    event: "Warning MissingCredentialsSecret on Backup",
    mend: (stage) => void stage.kube.put(aSecret()),
    condition: "CredentialsAvailable=False MissingCredentialsSecret",
  },
  "a missing volume": {
    without: (stage) => stage.delete("v1", "PersistentVolumeClaim", "data"),
    reason: "VolumeNotFound",
    says: /^PersistentVolumeClaim "data" does not exist in namespace "apps"/,
    event: "Warning VolumeNotFound on Backup",
    mend: (stage) => void stage.kube.put(aClaim()),
  },
  "two missing volumes": {
    without: (stage) => {
      stage.delete("v1", "PersistentVolumeClaim", "data");
      stage.delete("v1", "PersistentVolumeClaim", "logs");
    },
    reason: "VolumeNotFound",
    says: /^PersistentVolumeClaims "data", "logs" do not exist/,
    event: "Warning VolumeNotFound on Backup",
    mend: (stage) => void stage.kube.put(aClaim(), aClaim({ name: "logs" })),
    sources: ["data", "logs"],
  },
};

for (const [what, { without, reason, says, event, mend, condition, sources }] of Object.entries(cases)) {
  Deno.test(`Backup waits for ${what}, says so once and starts when that is mended`, async () => {
    const stage = new BackupStage({ sources: sources ?? ["data"] });
    without(stage);
    const action = await stage.settle();
    assert.deepEqual(action, { kind: "after", seconds: 300 });
    assert.equal(stage.status.phase, "Pending");
    assert.match(stage.status.message ?? "", says);
    assert.ok(stage.conditions.includes(`Ready=Unknown ${reason}`), stage.conditions.join());
    if (condition !== undefined) assert.ok(stage.conditions.includes(condition), stage.conditions.join());
    assert.deepEqual(stage.events, [event]);
    assert.deepEqual(stage.made, []);
    assert.equal(stage.isHeld, false);
    await stage.clock.advance(3_600_000);
    await stage.settle();
    assert.deepEqual(stage.events, [event]);
    mend(stage);
    await stage.settle();
    assert.ok(stage.made.length > 0, stage.status.message);
    assert.equal(stage.status.phase, "Running");
  });
}

Deno.test("Backup takes back what it said of its credentials once something before them is missing", async () => {
  const stage = new BackupStage();
  stage.delete("v1", "Secret", "repo-password");
  await stage.settle();
  assert.ok(stage.conditions.includes("CredentialsAvailable=False MissingCredentialsSecret"));
  stage.delete(API, "BackupConfig", "recipe");
  await stage.settle();
  assert.ok(stage.conditions.includes("Ready=Unknown ConfigNotFound"), stage.conditions.join());
  assert.ok(
    !stage.conditions.some((text) => text.startsWith("CredentialsAvailable")),
    stage.conditions.join(),
  );
});

Deno.test("Backup in a namespace that is being deleted starts nothing", async () => {
  const stage = new BackupStage();
  stage.kube.put(
    aNamespace({ metadata: { deletionTimestamp: "2026-01-02T03:00:00Z", finalizers: ["kubernetes"] } }),
  );
  await stage.settle();
  assert.deepEqual(stage.made, []);
  assert.ok(stage.conditions.includes("Ready=Unknown NamespaceTerminating"));
});

Deno.test("Backup that is deleted while it waits is simply gone", async () => {
  const stage = new BackupStage();
  stage.delete(API, "BackupConfig", "recipe");
  await stage.settle();
  stage.deleteBackup();
  assert.equal(stage.backup, undefined);
});

Deno.test("Backup reads no Secret that is as it was when the repository was opened", async () => {
  let reads = 0;
  const stage = new BackupStage({
    reader: (kube) =>
      readerOver(kube, {
        read(resource, key, signal) {
          reads += 1;
          return kube.read(resource, key, signal);
        },
      }),
  });
  await stage.settle();
  assert.equal(stage.made.length, 1);
  assert.equal(reads, 0);
});

Deno.test("Backup whose mover cannot be scheduled runs, with the scheduler's words where people look", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const text = "0/1 nodes are available: 1 Insufficient memory";
  stage.pod(stage.job(), {
    phase: "Pending",
    conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: text }],
  });
  await stage.settle();
  assert.equal(stage.status.phase, "Running");
  assert.equal(stage.status.message, `The mover of "data" cannot be scheduled: ${text}`);
  assert.ok(stage.conditions.includes("Ready=Unknown Unschedulable"));
  assert.equal(stage.events.at(-1), "Warning Unschedulable on Backup");
});

Deno.test("Backup whose mover pod does not start tells it after half a minute, and what does not pass by itself at once", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const waiting = { reason: "ContainerCreating" };
  stage.pod(stage.job(), {
    phase: "Pending",
    conditions: [{ type: "PodScheduled", status: "True", lastTransitionTime: "2026-01-02T03:04:05Z" }],
    containerStatuses: [{ name: "mover", state: { waiting } }],
  });
  assert.deepEqual(await stage.settle(), { kind: "after", seconds: 30 });
  assert.ok(stage.conditions.includes("Ready=Unknown Running"));
  await stage.clock.advance(30_000);
  await stage.settle();
  assert.equal(stage.status.message, 'The mover of "data" does not start: ContainerCreating');
  assert.equal(stage.events.at(-1), "Warning PodNotStarted on Backup");
  const reported = stage.events.length;
  for (const reason of ["ErrImagePull", "ImagePullBackOff", "ErrImagePull"]) {
    stage.pod(stage.job(), {
      phase: "Pending",
      containerStatuses: [{ name: "mover", state: { waiting: { reason, message: "no such image" } } }],
    });
    await stage.settle();
    assert.equal(stage.status.message, `The mover of "data" does not start: ${reason}: no such image`);
  }
  assert.equal(
    stage.events.length,
    reported + 1,
    "told anew when it got worse, and not again while it lasts",
  );
});

Deno.test("Backup whose mover pod is refused tells the API server's words at once, and fails with them", async () => {
  const stage = new BackupStage({ backup: { spec: { failurePolicy: { startDeadlineSeconds: 60 } } } });
  await stage.settle();
  const job = stage.job();
  const refuse = (uid: string, message: string, lastTimestamp: string) =>
    stage.kube.put(
      anObject("v1", "Event", { name: `event-${uid}-${lastTimestamp}` }, {
        involvedObject: { kind: "Job", name: job.metadata.name, uid },
        reason: "FailedCreate",
        message: `Error creating: ${message}`,
        lastTimestamp,
      }),
    );
  refuse(job.metadata.uid ?? "", "an earlier word", "2026-01-02T03:04:05Z");
  const said =
    'pods "x" is forbidden: unable to validate against any security context constraint:\nrunAsUser: 65532';
  refuse(job.metadata.uid ?? "", said, "2026-01-02T03:04:07Z");
  refuse("another Job", "not ours", "2026-01-02T03:04:09Z");
  await stage.settle();
  const text = `no pod could be made for the Job: ${said.replace("\n", " ")}`;
  assert.equal(stage.status.message, `The mover of "data" does not start: ${text}`);
  await stage.clock.advance(61_000);
  await stage.settle();
  const failure = stage.status.snapshots?.[0]?.failure;
  assert.deepEqual([failure?.class, failure?.logTail], ["StartDeadlineExceeded", text]);
});

Deno.test("Backup whose mover misses its start deadline fails, and its Job is removed after it was given up and before that", async () => {
  const stage = new BackupStage({ backup: { spec: { failurePolicy: { startDeadlineSeconds: 60 } } } });
  await stage.settle();
  const pod = stage.pod(stage.job(), {
    phase: "Pending",
    conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "no node" }],
  });
  assert.deepEqual(await stage.settle(), { kind: "after", seconds: 60 });
  await stage.clock.advance(60_000);
  await stage.pass();
  assert.deepEqual([stage.status.snapshots?.[0]?.job?.stoppedWhy, stage.jobs.length], ["no node", 1]);
  await stage.settle();
  assert.deepEqual([stage.status.phase, stage.jobs.length], ["Running", 0], "its pod may still begin");
  stage.kube.delete(pod);
  await stage.settle();
  const failure = stage.status.snapshots?.[0]?.failure;
  assert.deepEqual([stage.status.phase, failure?.class, failure?.logTail], [
    "Failed",
    "StartDeadlineExceeded",
    "no node",
  ]);
  assert.deepEqual(stage.jobs, []);
  assert.deepEqual(await stage.series("kopiur_mover_operations_total"), [], "no mover ever ran");
  assert.equal((await stage.series("kopiur_backups_total")).length, 1);
  const [status, removal] = ["status Backup", "remove Job"].map((prefix) =>
    stage.kube.writes.findLastIndex((write) => write.startsWith(prefix))
  );
  assert.ok(Number(status) > Number(removal), stage.kube.writes.join("\n"));
});

Deno.test("Backup of which one source misses its start deadline goes on with the other", async () => {
  const stage = new BackupStage({
    sources: ["data", "logs"],
    backup: { spec: { failurePolicy: { startDeadlineSeconds: 60 } } },
  });
  await stage.settle();
  stage.pod(stage.job("logs"), {
    phase: "Running",
    containerStatuses: [{ name: "mover", state: { running: {} } }],
  });
  await stage.clock.advance(61_000);
  await stage.settle();
  assert.deepEqual(stage.status.snapshots?.map(({ phase }) => phase), ["Failed", "Running"]);
  assert.equal(stage.jobs.length, 1);
  assert.equal(stage.made.length, 2);
});
