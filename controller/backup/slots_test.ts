import assert from "node:assert/strict";
import { API_VERSION, type BackupStatus, backupStatus, TransientError } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { anyOptions, aSavedResult, BackupStage } from "../../tests/support/backup_stage.ts";
import {
  aBackup,
  aBackupConfig,
  aClaim,
  aNamespace,
  aPodOf,
  aReadyRepository,
  aSecret,
  endedPodStatus,
  FakeClock,
  FakeCluster,
  FakeKube,
  type Parts,
  refusal,
  settle,
  startTelemetryProbe,
} from "../../tests/support/mod.ts";
import { Manager } from "../runtime/mod.ts";
import { jobHasEnded, MoverSlots, workingMovers } from "../movers/mod.ts";
import { JOB } from "../shared/mod.ts";
import { backupReconciler } from "./mod.ts";

/** Backups of several namespaces that all appear at once, under the real kind in the real engine. */
class Rush {
  readonly clock = new FakeClock();
  readonly kube: FakeKube = new FakeKube(() => this.clock.now());
  readonly limit: number;
  /** Most Jobs there ever were at a time that had not ended. */
  most = 0;
  #manager: Manager | undefined;

  constructor(limit: number, namespaces: readonly string[], repository: Parts = {}) {
    this.limit = limit;
    this.kube.subscribe(() => void (this.most = Math.max(this.most, this.running.length)));
    for (const namespace of namespaces) {
      this.kube.put(
        aNamespace({ name: namespace }),
        aSecret({ namespace }),
        aClaim({ namespace, name: "repo-data" }),
        aClaim({ namespace }),
        aReadyRepository({ namespace, ...repository }),
        aBackupConfig({ namespace }),
      );
    }
  }

  /** A controller that begins to lead with what the caches show. */
  lead() {
    const { kube, clock } = this;
    const cluster = new FakeCluster(kube);
    const probe = startTelemetryProbe(clock);
    const slots = new MoverSlots(this.limit, () => clock.monotonicMs());
    const kind = backupReconciler(anyOptions, slots);
    let ids = 0;
    const manager = new Manager([kind], {
      cluster,
      telemetry: probe.telemetry,
      clock,
      random: () => 0.5,
      newId: () => `pass-${++ids}`,
      concurrency: 16,
      isLeader: () => true,
    });
    manager.start();
    slots.begin(workingMovers(cluster.reader.list(JOB)));
    manager.work();
    const passes = () => probe.spans().filter(({ name }) => name === "reconcile").length;
    this.#manager = manager;
    return { cluster, slots, manager, passes };
  }

  /** The controller dies at once. */
  async die(): Promise<void> {
    await this.#manager?.halt(new Error("killed"));
  }

  get jobs(): readonly KubeObject[] {
    return this.kube.list(JOB);
  }

  get running(): readonly KubeObject[] {
    return this.jobs.filter((job) => !jobHasEnded(job));
  }

  /** Ends a Job as its pod and the Job controller would. */
  end(job: KubeObject): void {
    const conditions = [{ type: "Complete", status: "True", lastTransitionTime: "2026-01-02T03:06:31Z" }];
    this.kube.put(
      aPodOf(job, { status: endedPodStatus(0, aSavedResult(`k-${job.metadata.name}`)) }),
      { ...job, status: { succeeded: 1, conditions } },
    );
  }

  /** Ends the oldest Jobs one by one until none runs any more; the owners in the order they ran. */
  async endAll(): Promise<readonly string[]> {
    const order: string[] = [];
    for (let [job] = this.running; job !== undefined; [job] = this.running) {
      order.push(job.metadata.ownerReferences?.[0]?.name ?? "");
      this.end(job);
      await settle();
    }
    return order;
  }

  status(namespace: string, name: string): BackupStatus {
    return backupStatus.parse(this.kube.find(API_VERSION, "Backup", { namespace, name })?.status ?? {});
  }

  get phases(): Readonly<Record<string, number>> {
    const backups = this.kube.list({ ...JOB, group: "kopiur.home-operations.com", kind: "Backup" });
    const counts: Record<string, number> = {};
    for (const { status } of backups) {
      const phase = backupStatus.parse(status ?? {}).phase ?? "none";
      counts[phase] = (counts[phase] ?? 0) + 1;
    }
    return counts;
  }
}

Deno.test("a hundred Backups at once never have more movers than there are slots, and all end", async () => {
  const rush = new Rush(6, ["apps"]);
  for (let index = 0; index < 100; index++) rush.kube.put(aBackup({ name: `run-${index}` }));
  const { slots, manager } = rush.lead();
  await settle();
  assert.deepEqual([rush.running.length, slots.used, slots.waiting], [5, 5, 95]);
  assert.deepEqual(rush.phases, { Running: 5, Pending: 95 });
  await rush.endAll();
  await rush.clock.advance(2000);
  assert.deepEqual(rush.phases, { Succeeded: 100 });
  assert.deepEqual([rush.most, rush.jobs.length, slots.used, slots.waiting], [5, 100, 0, 0]);
  await manager.halt(new Error("over"));
});

Deno.test("a Backup that waits for a slot says its place, is not written again for it, and is woken by its slot", async () => {
  const rush = new Rush(3, ["apps"]);
  for (let index = 0; index < 5; index++) {
    rush.kube.put(
      aBackup({ name: `run-${index}`, metadata: { creationTimestamp: `2026-01-01T00:00:0${index}Z` } }),
    );
  }
  const { manager, passes } = rush.lead();
  await settle();
  const last = rush.status("apps", "run-4");
  assert.equal(last.phase, "Pending");
  assert.equal(
    last.message,
    "Waits for a mover slot: 3rd of 3; 2 of 3 slots of the cluster are taken, " +
      "the last one is kept for namespaces that have none",
  );
  const ready = last.conditions?.find(({ type }) => type === "Ready");
  assert.deepEqual([ready?.status, ready?.reason], ["Unknown", "NoSlot"]);
  assert.equal(last.resolved, undefined, "nothing is pinned before the first mover");
  assert.deepEqual(
    rush.kube.events.map(({ reason }) => reason),
    [],
    "no Event for a mere wait or a start",
  );
  const before = [passes(), rush.kube.writes.filter((write) => write === "status Backup apps/run-4").length];
  const [job] = rush.running;
  assert.ok(job !== undefined);
  rush.end(job);
  await settle();
  assert.equal(rush.status("apps", "run-2").phase, "Running");
  assert.equal(rush.kube.writes.filter((write) => write === "status Backup apps/run-4").length, before[1]);
  assert.ok(
    passes() - (before[0] ?? 0) <= 4,
    "nobody is looked at but the run that ended and the one that begins",
  );
  await rush.clock.advance(31_000);
  assert.match(rush.status("apps", "run-4").message ?? "", /: 2nd of 2; /);
  await manager.halt(new Error("over"));
});

Deno.test("namespaces take turns, however many Backups one of them has", async () => {
  const rush = new Rush(1, ["big", "small"]);
  for (let index = 0; index < 6; index++) rush.kube.put(aBackup({ name: `big-${index}`, namespace: "big" }));
  rush.kube.put(
    aBackup({ name: "small-0", namespace: "small" }),
    aBackup({ name: "small-1", namespace: "small" }),
  );
  const { manager } = rush.lead();
  await settle();
  assert.deepEqual((await rush.endAll()).map((name) => name.replace(/-.*/, "")), [
    "big",
    "big",
    "small",
    "big",
    "small",
    "big",
    "big",
    "big",
  ]);
  await manager.halt(new Error("over"));
});

Deno.test("a Repository's own limit holds back its Backups and nobody else's, and may be raised", async () => {
  const spec = { maxConcurrentMovers: 1 };
  const rush = new Rush(10, ["apps"], { spec });
  rush.kube.put(aNamespace({ name: "free" }), aSecret({ namespace: "free" }), aClaim({ namespace: "free" }));
  rush.kube.put(aReadyRepository({ namespace: "free" }), aBackupConfig({ namespace: "free" }));
  rush.kube.put(aClaim({ namespace: "free", name: "repo-data" }));
  for (const name of ["a", "b", "c"]) rush.kube.put(aBackup({ name }));
  for (const name of ["x", "y"]) rush.kube.put(aBackup({ name, namespace: "free" }));
  const { manager } = rush.lead();
  await settle();
  assert.deepEqual(rush.running.map(({ metadata }) => metadata.namespace).toSorted(), [
    "apps",
    "free",
    "free",
  ]);
  assert.equal(
    rush.status("apps", "c").message,
    'Waits for a mover slot: 2nd of 2; 1 of 1 slots of Repository "repo" are taken',
  );
  rush.kube.put(aReadyRepository({ spec: { maxConcurrentMovers: 3 }, status: { observedGeneration: 2 } }));
  await settle();
  assert.equal(rush.running.length, 5);
  await manager.halt(new Error("over"));
});

Deno.test("a controller that takes over in the middle knows the movers from the cache and keeps the limit", async () => {
  const rush = new Rush(6, ["apps"]);
  for (let index = 0; index < 40; index++) rush.kube.put(aBackup({ name: `run-${index}` }));
  rush.lead();
  await settle();
  for (const job of rush.running.slice(0, 3)) rush.end(job);
  await settle();
  await rush.die();
  for (const job of rush.running.slice(0, 2)) rush.end(job);
  const second = rush.lead();
  assert.equal(second.slots.used, 3);
  await settle();
  assert.deepEqual([rush.running.length, second.slots.used], [5, 5]);
  await rush.endAll();
  await rush.clock.advance(2000);
  assert.deepEqual(rush.phases, { Succeeded: 40 });
  assert.deepEqual([rush.most, second.slots.used, second.slots.waiting], [5, 0, 0]);
  await second.manager.halt(new Error("over"));
});

Deno.test("a cache of Jobs that lags lets no mover too many start", async () => {
  const rush = new Rush(4, ["apps"]);
  const { cluster, slots, manager } = rush.lead();
  await settle();
  cluster.informer(JOB).pause();
  for (let index = 0; index < 20; index++) rush.kube.put(aBackup({ name: `run-${index}` }));
  await settle();
  assert.equal(rush.running.length, 3);
  // Passes are made meanwhile; whoever looks finds its own mover live.
  await rush.clock.advance(300_000);
  assert.deepEqual([rush.running.length, slots.used], [3, 3]);
  for (const job of rush.running) rush.end(job);
  await rush.clock.advance(60_000);
  assert.equal(rush.running.length, 3, "their runs saw live that they ended");
  cluster.informer(JOB).resume();
  await settle();
  assert.equal(rush.running.length, 3);
  await rush.endAll();
  await rush.clock.advance(2000);
  assert.deepEqual(rush.phases, { Succeeded: 20 });
  assert.deepEqual([rush.most, slots.used, slots.waiting], [3, 0, 0]);
  await manager.halt(new Error("over"));
});

Deno.test("Backups that are deleted while they wait or were granted a slot keep it from nobody", async () => {
  const rush = new Rush(1, ["apps"]);
  for (const name of ["a", "b", "c", "d"]) rush.kube.put(aBackup({ name }));
  const { slots, manager } = rush.lead();
  await settle();
  rush.kube.delete(aBackup({ name: "b" }));
  await settle();
  assert.equal(slots.waiting, 2);
  const [job] = rush.running;
  assert.ok(job !== undefined);
  rush.end(job);
  rush.kube.delete(aBackup({ name: "c" }));
  await settle();
  assert.deepEqual(await rush.endAll(), ["d"]);
  assert.deepEqual([slots.used, slots.waiting], [0, 0]);
  await manager.halt(new Error("over"));
});

for (const message of ["exceeded quota: pods", "denied by policy"]) {
  Deno.test(`a namespace whose Jobs are refused (${message}) keeps no slot from the others`, async () => {
    const rush = new Rush(2, ["apps", "other"]);
    for (let index = 0; index < 10; index++) rush.kube.put(aBackup({ name: `stuck-${index}` }));
    for (let index = 0; index < 4; index++) {
      rush.kube.put(aBackup({ name: `fine-${index}`, namespace: "other" }));
    }
    const create = rush.kube.create.bind(rush.kube);
    rush.kube.create = (object, signal) =>
      object.metadata.namespace === "apps" && object.kind === "Job"
        ? Promise.reject(refusal(403, message))
        : create(object, signal);
    const { manager, slots } = rush.lead();
    await settle();
    assert.equal((await rush.endAll()).length, 4);
    assert.deepEqual([slots.used, slots.waiting], [0, 0]);
    assert.deepEqual([rush.phases.Succeeded, rush.phases.Pending], [4, 10]);
    await manager.halt(new Error("over"));
  });
}

Deno.test("a Job nobody knows to be made or not keeps its slot for a while, and then no longer", async () => {
  const rush = new Rush(1, ["apps", "other"]);
  rush.kube.put(aBackup({ name: "lost" }), aBackup({ name: "fine", namespace: "other" }));
  const create = rush.kube.create.bind(rush.kube);
  rush.kube.create = (object, signal) =>
    object.metadata.namespace === "apps"
      ? Promise.reject(new TransientError("KubeApiError", "no answer"))
      : create(object, signal);
  const { manager } = rush.lead();
  await settle();
  await rush.clock.advance(120_000);
  assert.equal(rush.running.length, 0);
  await rush.clock.advance(250_000);
  assert.deepEqual(rush.running.map(({ metadata }) => metadata.namespace), ["other"]);
  await manager.halt(new Error("over"));
});

Deno.test("Backup of several sources with one slot backs them up one after the other", async () => {
  const stage = new BackupStage({ sources: ["a", "b", "c"], maxMovers: 1 });
  await stage.settle();
  assert.deepEqual(stage.status.snapshots?.map(({ phase }) => phase), ["Running", "Pending", "Pending"]);
  assert.equal(stage.status.message, "Backing up 3 sources, 0 done, 2 wait for a mover slot");
  for (const source of ["a", "b", "c"]) {
    assert.equal(stage.jobs.filter((job) => !jobHasEnded(job)).length, 1);
    stage.end(stage.job(source), 0, aSavedResult(`k-${source}`));
    await stage.settle();
  }
  assert.deepEqual(stage.status.snapshots?.map(({ kopiaSnapshotID }) => kopiaSnapshotID), [
    "k-a",
    "k-b",
    "k-c",
  ]);
  assert.equal(stage.status.phase, "Succeeded");
  assert.deepEqual([stage.made.length, stage.slots.used, stage.slots.waiting], [3, 0, 0]);
});

Deno.test("Backup of several sources goes on with its pinned ones when the controller dies between two", async () => {
  const stage = new BackupStage({ sources: ["a", "b"], maxMovers: 1 });
  await stage.settle();
  stage.end(stage.job("a"), 0, aSavedResult("k-a"));
  stage.restart();
  stage.kube.put(aBackupConfig({ spec: { sources: [{ pvc: { name: "other" } }] } }));
  await stage.settle();
  stage.end(stage.job("b"), 0, aSavedResult("k-b"));
  await stage.settle();
  assert.deepEqual(stage.status.snapshots?.map(({ source, phase }) => `${source} ${phase}`), [
    "a Succeeded",
    "b Succeeded",
  ]);
  assert.equal(stage.made.length, 2);
});

Deno.test("Backup that is deleted between two sources starts no other and gives everything back", async () => {
  const stage = new BackupStage({
    sources: ["a", "b"],
    maxMovers: 1,
    backup: { spec: { deletionPolicy: "Retain" } },
  });
  await stage.settle();
  stage.deleteBackup();
  await stage.settle();
  assert.deepEqual([stage.made.length, stage.jobs.length], [1, 0]);
  await stage.pass();
  assert.deepEqual([stage.backup, stage.slots.used, stage.slots.waiting], [undefined, 0, 0]);
});

const selecting = (pvcSelector: object = { matchLabels: { app: "db" } }) => ({
  spec: { sources: [{ pvcSelector }] },
});
const labels = { app: "db" };

Deno.test("Backup takes the claims that match when it starts, and no others later", async () => {
  const stage = new BackupStage({ config: selecting(), maxMovers: 1 });
  stage.kube.put(
    aClaim({ name: "one", metadata: { labels } }),
    aClaim({ name: "two", metadata: { labels } }),
    aClaim({ name: "web", metadata: { labels: { app: "web" } } }),
    aClaim({ name: "repo-data", metadata: { labels } }),
  );
  await stage.settle();
  assert.deepEqual(stage.status.snapshots?.map(({ source, sourcePath }) => [source, sourcePath]), [
    ["one", "/pvc/one"],
    ["two", "/pvc/two"],
  ]);
  stage.kube.put(
    aClaim({ name: "three", metadata: { labels } }),
    aClaim({ name: "two", metadata: { labels: {} } }),
  );
  stage.end(stage.job("one"), 0, aSavedResult("k1"));
  await stage.settle();
  stage.end(stage.job("two"), 0, aSavedResult("k2"));
  await stage.settle();
  assert.deepEqual(stage.status.snapshots?.map(({ source, phase }) => `${source} ${phase}`), [
    "one Succeeded",
    "two Succeeded",
  ]);
});

Deno.test("Backup whose selector matches nothing waits, says so, and starts when a claim does", async () => {
  const stage = new BackupStage({ config: selecting() });
  await stage.settle();
  assert.deepEqual([stage.status.phase, stage.made.length], ["Pending", 0]);
  assert.match(stage.status.message ?? "", /^No PersistentVolumeClaim in namespace "apps" matches/);
  assert.ok(stage.conditions.includes("Ready=Unknown NoVolumeMatches"));
  stage.kube.put(aClaim({ metadata: { labels } }));
  await stage.settle();
  assert.deepEqual([stage.status.phase, stage.made.length], ["Running", 1]);
});

Deno.test("Backup of more claims than a run can have is refused, and says how many there are", async () => {
  const stage = new BackupStage({ config: selecting({}) });
  for (let index = 0; index < 70; index++) stage.kube.put(aClaim({ name: `pvc-${index}` }));
  await stage.settle();
  assert.equal(stage.made.length, 0);
  assert.ok(stage.conditions.includes("Ready=Unknown InvalidSpec"), stage.conditions.join());
  assert.match(
    stage.status.message ?? "",
    /^Cannot back up 71 PersistentVolumeClaims in one run, expected at most 64/,
  );
});
