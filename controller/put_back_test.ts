/** The whole controller, after objects were put back into a cluster without their status. */
import assert from "node:assert/strict";
import {
  ANNOTATION,
  API_VERSION,
  backupConfigStatus,
  backupKind,
  type BackupStatus,
  backupStatus,
  type CatalogEntry,
  encodeCatalog,
  FINALIZER,
  LABEL,
  MOVER_EXIT,
} from "../api/mod.ts";
import { keyOf, type KubeObject } from "../kube/types.ts";
import {
  aBackup,
  aBackupConfig,
  aClaim,
  aNamespace,
  aRepository,
  aSecret,
  FakeClock,
  FakeCluster,
  FakeKube,
  type Parts,
  settle,
  startTelemetryProbe,
} from "../tests/support/mod.ts";
import { anEndedBackup } from "../tests/support/backup_stage.ts";
import { startController } from "./mod.ts";
import { endJob, openedMessage, OPTIONS } from "./repository/stage_test.ts";
import { JOB, POD, resourceOf } from "./shared/mod.ts";

const BACKUP = resourceOf(backupKind);
const DAY_MS = 86_400_000;
const FIRST_MS = Date.UTC(2024, 0, 1, 3);

/** The run of one night: the name of its Backup, and the snapshot it made. */
function aNight(
  number: number,
  parts: Partial<CatalogEntry> = {},
): { readonly name: string; readonly entry: CatalogEntry } {
  const startTime = new Date(FIRST_MS + number * DAY_MS).toISOString();
  const name = `nightly-${startTime.slice(0, 19).replaceAll(/[^0-9]/g, "")}`;
  return {
    name,
    entry: {
      id: `a${number}`,
      username: "recipe",
      hostname: "apps",
      path: "/pvc/data",
      startTime,
      endTime: new Date(Date.parse(startTime) + 90_000).toISOString(),
      sizeBytes: 1000 + number,
      files: 10,
      runId: `old-${number}`,
      config: "apps/recipe",
      backup: `apps/${name}`,
      ...parts,
    },
  };
}

/** A scheduled Backup as a tool puts it back: a new uid, made now, no status. */
function aRestored(
  name: string,
  annotations: Readonly<Record<string, string>>,
  parts: Parts = {},
): KubeObject {
  const labels = { [LABEL.origin]: "scheduled", [LABEL.schedule]: "nightly", [LABEL.config]: "recipe" };
  const metadata = { uid: `new-${name}`, creationTimestamp: "2026-01-02T03:00:00Z", labels, annotations };
  return aBackup({ name, ...parts, metadata: { ...metadata, ...parts.metadata } });
}

class Cluster {
  readonly clock = new FakeClock("2026-01-02T03:05:00Z");
  readonly kube: FakeKube = new FakeKube(() => this.clock.now());
  readonly probe = startTelemetryProbe(this.clock);
  #stop = new AbortController();
  #run: Promise<unknown> = Promise.resolve();

  constructor(config: Parts = {}) {
    this.kube.put(
      aNamespace(),
      aSecret(),
      aClaim({ name: "repo-data" }),
      aClaim(),
      aRepository(),
      aBackupConfig(config),
    );
  }

  async start(): Promise<void> {
    this.#stop = new AbortController();
    const { clock, probe: { telemetry } } = this;
    let ids = 0;
    const deps = {
      cluster: new FakeCluster(this.kube),
      telemetry,
      clock,
      random: () => 0.5,
      newId: () => `id-${++ids}`,
      leadership: "single",
    } as const;
    this.#run = startController(deps, OPTIONS, this.#stop.signal);
    await settle();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }

  /** Ends the bootstrap with that listing, once there is one. */
  async lists(entries: readonly CatalogEntry[], isWhole = true): Promise<void> {
    for (let turn = 0; turn < 200 && this.jobs("bootstrap").length === 0; turn++) await this.passes(60);
    const [job] = this.jobs("bootstrap");
    assert.ok(job !== undefined, "there is no bootstrap");
    const { lines, digest } = encodeCatalog(entries, { isWhole });
    const message = openedMessage({ snapshotCount: entries.length, catalog: digest });
    endJob(this.kube, job, { exitCode: MOVER_EXIT.ok, message, at: this.clock.now() });
    const pod = this.kube.list(POD).find(({ metadata }) =>
      metadata.ownerReferences?.[0]?.uid === job.metadata.uid
    );
    if (pod !== undefined) this.kube.setLog(keyOf(pod), "mover", lines.join("\n"));
    await this.passes(40);
  }

  async passes(seconds: number): Promise<void> {
    for (let each = 0; each < seconds; each += 2) {
      await this.clock.advance(2000);
      await settle();
    }
  }

  jobs(operation: string): readonly KubeObject[] {
    return this.kube.list(JOB).filter(({ metadata }) => metadata.labels?.[LABEL.operation] === operation);
  }

  get backups(): readonly KubeObject[] {
    return this.kube.list(BACKUP);
  }

  status(name: string): BackupStatus {
    return backupStatus.parse(
      this.kube.find(API_VERSION, "Backup", { namespace: "apps", name })?.status ?? {},
    );
  }

  /** Phase and reason of a Backup. */
  phaseAndReason(name: string): string {
    const { phase, conditions } = this.status(name);
    return `${phase} ${conditions?.find(({ type }) => type === "Ready")?.reason}`;
  }

  /** Names of the Backups that are being deleted. */
  get going(): readonly string[] {
    return this.backups.filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
      .map(({ metadata }) => metadata.name);
  }

  /** A person says that no other cluster lives on what was put back. */
  inherit(word = "uid-repository-repo"): void {
    const key = { namespace: "apps", name: "repo" };
    const found = this.kube.find(API_VERSION, "Repository", key) ?? assert.fail();
    const annotations = { ...found.metadata.annotations, [ANNOTATION.heir]: word };
    this.kube.put({ ...found, metadata: { ...found.metadata, annotations } });
  }

  /** A condition of the recipe, as `Status Reason: message`. */
  condition(type: string): string | undefined {
    const config = this.kube.find(API_VERSION, "BackupConfig", { namespace: "apps", name: "recipe" });
    const found = backupConfigStatus.parse(config?.status ?? {}).conditions?.find((each) =>
      each.type === type
    );
    return found && `${found.status} ${found.reason}: ${found.message}`;
  }

  reasons(reason: string): number {
    return this.kube.events.filter((event) => event.reason === reason).length;
  }
}

Deno.test("five hundred Backups put back without status run nothing and take up their snapshots, newest intact", async () => {
  const cluster = new Cluster({ spec: { retention: { keepLatest: 400 } } });
  const nights = Array.from({ length: 500 }, (_, number) => aNight(number));
  // Half of them say under which uid they ran; the others have only their name, as those of an older release.
  for (const [number, { name }] of nights.entries()) {
    cluster.kube.put(aRestored(name, number % 2 === 0 ? { [ANNOTATION.ranAs]: `old-${number}` } : {}));
  }
  await cluster.start();
  await cluster.passes(20);
  assert.equal(cluster.jobs("backup").length, 0);
  assert.equal(cluster.phaseAndReason(nights[0]?.name ?? ""), "Pending PutBack");
  const before = cluster.kube.writes.length;
  await cluster.lists(nights.map(({ entry }) => entry));
  await cluster.passes(120);
  const made = cluster.kube.writes.slice(before).filter((write) => write.startsWith("create Job "));
  assert.deepEqual(made.filter((write) => !/-delete-|bootstrap/.test(write)), []);
  assert.equal(cluster.reasons("Adopted"), 500);
  // Of those beyond the retention none goes before a person has said that the old cluster is dead.
  assert.deepEqual(cluster.going, []);
  cluster.inherit();
  await cluster.passes(120);
  // They go by their snapshots' age, as they would have before.
  const oldest = new Set(nights.slice(0, 100).map(({ name }) => name));
  assert.ok(cluster.going.length > 0 && cluster.going.every((name) => oldest.has(name)));
  for (const { name, entry } of nights.slice(100)) {
    const { phase, snapshots, timing, stats, adopted, resolved } = cluster.status(name);
    assert.equal(phase, "Succeeded", name);
    assert.deepEqual(snapshots?.map(({ kopiaSnapshotID, source }) => [kopiaSnapshotID, source]), [[
      entry.id,
      "data",
    ]]);
    assert.deepEqual(timing, { startTime: entry.startTime, endTime: entry.endTime, durationSeconds: 90 });
    assert.deepEqual(stats, { sizeBytes: entry.sizeBytes, files: 10 });
    assert.equal(adopted?.run, entry.runId);
    assert.deepEqual(resolved?.identity, { username: "recipe", hostname: "apps" });
    const { finalizers, annotations } = cluster.kube.find(API_VERSION, "Backup", { namespace: "apps", name })
      ?.metadata ?? {};
    assert.deepEqual(finalizers, [FINALIZER]);
    assert.equal(annotations?.[ANNOTATION.ranAs], entry.runId, "it can be put back once more");
  }
  assert.equal(cluster.backups.some(({ metadata }) => metadata.name.includes("-disc-")), false);
  await cluster.stop();
});

Deno.test("discovered Backups vanish when those that made their snapshots are put back", async () => {
  const cluster = new Cluster();
  const nights = [aNight(1), aNight(2), aNight(3)];
  await cluster.start();
  await cluster.lists(nights.map(({ entry }) => entry));
  assert.equal(cluster.backups.filter(({ metadata }) => metadata.name.includes("-disc-")).length, 3);
  for (const { name } of nights) cluster.kube.put(aRestored(name, {}));
  await cluster.passes(10);
  // What was listed before is remembered, so that nobody waits for the next listing.
  for (const { name } of nights) assert.equal(cluster.phaseAndReason(name), "Succeeded Adopted");
  await cluster.lists(nights.map(({ entry }) => entry));
  assert.equal(cluster.backups.length, 3);
  await cluster.stop();
});

const night = aNight(1);
const strangers: Readonly<Record<string, Partial<CatalogEntry>>> = {
  "of a recipe of another namespace": { config: "other/recipe" },
  "of another recipe": { config: "apps/another" },
  "whose word about its recipe is empty": { config: "" },
  "of another identity": { username: "somebody" },
  "of another Backup": { backup: "apps/other", runId: "another" },
  "of a run whose Backup lives": { runId: "uid-alive" },
};

for (const [what, parts] of Object.entries(strangers)) {
  Deno.test(`a Backup that was put back never takes up a snapshot ${what}`, async () => {
    const cluster = new Cluster();
    const alive = { metadata: { uid: "uid-alive" }, status: { phase: "Failed" } };
    cluster.kube.put(aBackup({ name: "alive", ...alive }), aRestored(night.name, {}));
    await cluster.start();
    await cluster.lists([{ ...night.entry, ...parts }]);
    const { phase, message = "", snapshots } = cluster.status(night.name);
    assert.deepEqual([phase, snapshots], ["Pending", undefined]);
    assert.equal(cluster.phaseAndReason(night.name), "Pending NothingToAdopt");
    assert.match(message, /runs nothing by itself; .*run-again: "true"$/);
    assert.equal(cluster.reasons("NothingToAdopt"), 1);
    assert.equal(cluster.jobs("backup").length, 0);
    assert.deepEqual(
      (await cluster.probe.series("kopiur_backups_waiting")).filter((line) =>
        line.includes("NothingToAdopt")
      ),
      ['kopiur_backups_waiting{namespace="apps",reason="NothingToAdopt"} 1'],
    );
    await cluster.stop();
  });
}

Deno.test("of two Backups put back for one run only one takes its snapshot up", async () => {
  const cluster = new Cluster();
  const word = { [ANNOTATION.ranAs]: "old-1" };
  cluster.kube.put(aRestored("one", word), aRestored("two", word));
  await cluster.start();
  await cluster.lists([aNight(1).entry]);
  const phasesAndReasons = ["one", "two"].map((name) => cluster.phaseAndReason(name)).toSorted();
  assert.deepEqual(phasesAndReasons, ["Pending NothingToAdopt", "Succeeded Adopted"]);
  await cluster.stop();
});

Deno.test("a listing that is cut short leaves a Backup that was put back waiting", async () => {
  const cluster = new Cluster();
  cluster.kube.put(aRestored("old", { [ANNOTATION.ranAs]: "old-9" }));
  await cluster.start();
  await cluster.lists([aNight(1).entry], false);
  assert.equal(cluster.phaseAndReason("old"), "Pending PutBack");
  assert.match(cluster.status("old").message ?? "", /cut short/);
  await cluster.lists([aNight(9).entry], false);
  assert.equal(cluster.phaseAndReason("old"), "Succeeded Adopted");
  await cluster.stop();
});

Deno.test("a Backup that was put back is not in the way of the next slot, and runs again when a person says so", async () => {
  const cluster = new Cluster();
  cluster.kube.put(aRestored("nightly-20250101030000", {}));
  await cluster.start();
  await cluster.lists([]);
  assert.equal(cluster.phaseAndReason("nightly-20250101030000"), "Pending NothingToAdopt");
  const [backup] = cluster.backups;
  assert.ok(backup !== undefined);
  cluster.kube.put({
    ...backup,
    metadata: { ...backup.metadata, annotations: { [ANNOTATION.runAgain]: "true" } },
  });
  await cluster.passes(10);
  assert.equal(cluster.jobs("backup").length, 1);
  await cluster.stop();
});

/** A cluster that was restored beside the one whose runs made the snapshots of so many nights. */
async function aSecondCluster(nights: number, retention: unknown = { keepLatest: 2 }): Promise<Cluster> {
  const cluster = new Cluster({ spec: { retention } });
  const all = Array.from({ length: nights }, (_, number) => aNight(number));
  for (const { name } of all) cluster.kube.put(aRestored(name, {}));
  await cluster.start();
  await cluster.lists(all.map(({ entry }) => entry));
  await cluster.passes(20);
  return cluster;
}

/** Snapshots that movers were made to delete. */
function deleted(cluster: Cluster): readonly string[] {
  return cluster.kube.writes.filter((write) => write.startsWith("create Job ") && write.includes("-delete-"));
}

Deno.test("a cluster that was restored beside another one deletes nothing by retention, says so once and how to go on", async () => {
  const cluster = await aSecondCluster(6);
  await cluster.passes(1200);
  assert.deepEqual([cluster.going, deleted(cluster)], [[], []]);
  assert.match(
    cluster.condition("HistoryOwned") ?? "",
    /^False InheritedHeld: 6 Backups were put back, .* and 3 more\. .*kubectl kopiur repository inherit repo -n apps.*heir: "uid-repository-repo"$/,
  );
  assert.equal(cluster.reasons("InheritedHeld"), 1);
  cluster.inherit();
  await cluster.passes(120);
  assert.equal(cluster.condition("HistoryOwned"), undefined);
  assert.deepEqual(cluster.going.toSorted(), [0, 1, 2, 3].map((each) => aNight(each).name));
  await cluster.stop();
});

for (
  const [what, word] of [["of the Repository it was restored from", "uid-of-production"], [
    "that is no uid",
    "true",
  ]]
) {
  Deno.test(`a word of heirs ${what} means nothing`, async () => {
    const cluster = await aSecondCluster(4);
    cluster.inherit(word);
    await cluster.passes(600);
    assert.deepEqual([cluster.going, deleted(cluster)], [[], []]);
    await cluster.stop();
  });
}

for (
  const [who, annotations, breaker] of [
    ["a person deletes", {}, {}],
    ["a person deletes, where the breaker is off", {}, {
      deletionBreaker: { threshold: 0, window: "10m", keepLast: false },
    }],
    ["is deleted in the name of retention", { [ANNOTATION.deletedBy]: "retention" }, {}],
  ] as const
) {
  Deno.test(`a Backup that was put back and that ${who} keeps its snapshots until a person decides`, async () => {
    const cluster = await aSecondCluster(4);
    const repository = cluster.kube.find(API_VERSION, "Repository", { namespace: "apps", name: "repo" }) ??
      assert.fail();
    cluster.kube.put({ ...repository, spec: { ...Object(repository.spec), ...breaker } });
    const [name, confirmed] = [aNight(0).name, aNight(1).name];
    for (const each of [name, confirmed]) {
      const found = cluster.kube.find(API_VERSION, "Backup", { namespace: "apps", name: each }) ??
        assert.fail();
      const metadata = { ...found.metadata, annotations: { ...found.metadata.annotations, ...annotations } };
      cluster.kube.put({ ...found, metadata });
      cluster.kube.delete(
        cluster.kube.find(API_VERSION, "Backup", { namespace: "apps", name: each }) ?? found,
      );
    }
    await cluster.passes(60);
    assert.equal(cluster.phaseAndReason(name), "Deleting InheritedHeld");
    assert.match(
      cluster.status(name).message ?? "",
      /^It was put back, .*deletions release.*confirm-deletion: "[^"]+".*kubectl kopiur repository inherit repo -n apps.*heir: "uid-repository-repo"$/,
    );
    assert.deepEqual(deleted(cluster), []);
    const found = cluster.kube.find(API_VERSION, "Backup", { namespace: "apps", name: confirmed }) ??
      assert.fail();
    const { uid = "" } = found.metadata;
    assert.match(cluster.status(confirmed).message ?? "", new RegExp(`confirm-deletion: "${uid}"; `));
    const words = { ...found.metadata.annotations, [ANNOTATION.confirmDeletion]: uid };
    cluster.kube.put({ ...found, metadata: { ...found.metadata, annotations: words } });
    if (Object.keys(breaker).length > 0) await cluster.lists([0, 1, 2, 3].map((each) => aNight(each).entry));
    await cluster.passes(20);
    assert.equal(deleted(cluster).length, 1, "what was confirmed goes");
    await cluster.stop();
  });
}

Deno.test("what was held for the heir alone goes on when there is one, and what is the last one stays", async () => {
  const cluster = await aSecondCluster(7, {});
  for (const each of [0, 6]) {
    cluster.kube.delete(
      cluster.kube.find(API_VERSION, "Backup", { namespace: "apps", name: aNight(each).name }) ??
        assert.fail(),
    );
  }
  await cluster.passes(30);
  assert.equal(cluster.phaseAndReason(aNight(0).name), "Deleting InheritedHeld");
  cluster.inherit();
  await cluster.passes(700);
  assert.equal(deleted(cluster).length, 1);
  assert.equal(cluster.phaseAndReason(aNight(6).name), "Deleting LastSnapshotsHeld");
  await cluster.stop();
});

Deno.test("a Backup that was put back with its status is no less somebody else's", async () => {
  const cluster = new Cluster({ spec: { retention: { keepLatest: 1 } } });
  for (let number = 0; number < 4; number++) {
    const { name, entry } = aNight(number);
    cluster.kube.put(anEndedBackup(name, {
      metadata: {
        uid: `new-${name}`,
        creationTimestamp: "2026-01-02T03:00:00Z",
        annotations: { [ANNOTATION.ranAs]: entry.runId ?? "" },
      },
      status: {
        snapshots: [{
          source: "data",
          sourcePath: entry.path,
          phase: "Succeeded",
          kopiaSnapshotID: entry.id,
          files: 10,
          sizeBytes: 1000,
        }],
        timing: { startTime: entry.startTime, endTime: entry.endTime, durationSeconds: 90 },
      },
    }));
  }
  await cluster.start();
  await cluster.lists([0, 1, 2, 3].map((each) => aNight(each).entry));
  await cluster.passes(1200);
  assert.deepEqual([cluster.going, deleted(cluster)], [[], []]);
  assert.match(cluster.condition("HistoryOwned") ?? "", /^False InheritedHeld: 4 Backups/);
  cluster.inherit();
  await cluster.passes(120);
  assert.equal(cluster.going.length, 3);
  await cluster.stop();
});
