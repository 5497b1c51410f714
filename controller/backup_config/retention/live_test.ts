import assert from "node:assert/strict";
import { ANNOTATION, API_VERSION, FINALIZER } from "../../../api/mod.ts";
import { keyText, type KubeObject, type ObjectKey, type Resource } from "../../../kube/types.ts";
import { aSavedRun, aSavedSource, ConfigStage } from "../../../tests/support/config_stage.ts";
import { aBackupConfig, aReadyRepository, refusal } from "../../../tests/support/mod.ts";

const held = { metadata: { finalizers: [FINALIZER] } };

/** Twelve nights, the first the oldest, of which retention wants to keep the last. */
function nights(): readonly KubeObject[] {
  return Array.from({ length: 12 }, (_, index) => {
    const endTime = new Date(Date.UTC(2025, 11, index + 1, 2)).toISOString();
    return aSavedRun(`run-${String(index + 1).padStart(2, "0")}`, endTime, held);
  });
}

function recipe(keepLatest = 1): KubeObject {
  return aBackupConfig({ spec: { retention: { keepLatest } } });
}

/** A cluster in which retention would delete with its next pass, and whose caches stand still from now on. */
async function dueStage(): Promise<ConfigStage> {
  const stage = new ConfigStage(recipe(), ...nights());
  for (let turn = 0; turn < 4; turn++) await stage.pass();
  await stage.clock.advance(60_000);
  freeze(stage);
  return stage;
}

/** Called after each live read that found something. */
type AfterRead = (resource: Resource, key: ObjectKey) => void;

function freeze(stage: ConfigStage, afterRead: AfterRead = () => {}): void {
  const { kube } = stage;
  const of = (kind: string) => ({ ...stage.kind.resource, kind });
  const listed = kube.list(of("Backup"));
  const [config, repository] = [kube.list(of("BackupConfig"))[0], kube.list(of("Repository"))[0]];
  stage.reader = {
    get: (resource, key) =>
      [config, repository].find((each) => each?.kind === resource.kind) ?? kube.get(resource, key),
    list: (resource, query) => resource.kind === "Backup" ? listed : kube.list(resource, query),
    count: (resource, query) => kube.count(resource, query),
    read: async (resource, key, signal) => {
      const found = await kube.read(resource, key, signal);
      if (found !== undefined) afterRead(resource, key);
      return found;
    },
    readLog: (pod, part, signal) => kube.readLog(pod, part, signal),
    serverNow: () => kube.serverNow(),
  };
}

function find(stage: ConfigStage, name: string): KubeObject | undefined {
  return stage.kube.find(API_VERSION, "Backup", { namespace: "apps", name });
}

/** Names of the Backups that are being deleted, or are gone. */
function deleted(stage: ConfigStage): readonly string[] {
  return nights().map(({ metadata }) => metadata.name)
    .filter((name) =>
      find(stage, name)?.metadata.deletionTimestamp !== undefined || find(stage, name) === undefined
    );
}

function change(stage: ConfigStage, name: string, parts: Readonly<Record<string, unknown>>): void {
  const backup = find(stage, name) ?? assert.fail("it is there");
  stage.kube.put({ ...backup, spec: { configRef: { name: "recipe" }, ...parts } });
}

Deno.test("retention deletes what is due when nothing has changed since", async () => {
  const stage = await dueStage();
  await stage.pass();
  assert.equal(deleted(stage).length, 10);
});

Deno.test("retention deletes no Backup that was pinned a moment ago, though no cache shows the pin", async () => {
  const stage = await dueStage();
  change(stage, "run-01", { pin: true });
  await stage.pass();
  await stage.pass();
  assert.equal(find(stage, "run-01")?.metadata.deletionTimestamp, undefined);
  assert.equal(find(stage, "run-01")?.metadata.annotations?.[ANNOTATION.deletedBy], undefined);
  assert.ok(deleted(stage).includes("run-02"));
});

const words: Readonly<Record<string, (stage: ConfigStage) => void>> = {
  "its retention was raised": ({ kube }) => void kube.put(recipe(100)),
  "its retention was taken out": ({ kube }) => void kube.put(aBackupConfig()),
  "it was deleted": ({ kube }) => kube.delete(recipe()),
  "it was made again under the same name": ({ kube }) => {
    kube.delete(recipe());
    kube.put(aBackupConfig({ metadata: { uid: "another" }, spec: { retention: { keepLatest: 1 } } }));
  },
  "it names another repository": ({ kube }) =>
    void kube.put(aBackupConfig({
      spec: { retention: { keepLatest: 1 }, repository: { kind: "Repository", name: "other" } },
    })),
  "its repository was replaced": ({ kube }) =>
    void kube.put(aReadyRepository({ status: { uniqueId: "another" } })),
  "its repository is gone": ({ kube }) => kube.delete(aReadyRepository()),
  "it is being deleted": ({ kube }) =>
    void kube.put(aBackupConfig({
      metadata: { deletionTimestamp: "2026-01-02T03:05:05Z", finalizers: ["foregroundDeletion"] },
      spec: { retention: { keepLatest: 1 } },
    })),
  "the newest Backup was deleted": (stage) => {
    const newest = find(stage, "run-12") ?? assert.fail("it is there");
    stage.kube.put({
      ...newest,
      metadata: { ...newest.metadata, deletionTimestamp: "2026-01-02T03:05:05Z" },
    });
  },
};
for (const [what, say] of Object.entries(words)) {
  Deno.test(`retention deletes nothing of a recipe when a moment ago ${what}`, async () => {
    const stage = await dueStage();
    say(stage);
    const before = deleted(stage);
    for (let turn = 0; turn < 4; turn++) await stage.pass();
    assert.deepEqual(deleted(stage), before);
    for (const { metadata } of nights()) {
      assert.equal(find(stage, metadata.name)?.metadata.annotations?.[ANNOTATION.deletedBy], undefined);
    }
  });
}

Deno.test("retention deletes no Backup that changes between its reading and its deletion", async () => {
  for (const parts of [{ pin: true }, { deletionPolicy: "Retain" }, { accept: true }]) {
    const stage = await dueStage();
    let left = 1;
    freeze(stage, (_resource, { name }) => {
      if (name === "run-01" && left-- > 0) change(stage, "run-01", parts);
    });
    await stage.pass();
    assert.equal(find(stage, "run-01")?.metadata.deletionTimestamp, undefined);
    assert.equal(find(stage, "run-01")?.metadata.annotations?.[ANNOTATION.deletedBy], undefined);
    assert.deepEqual(deleted(stage), []);
  }
});

Deno.test("retention says and does nothing while it cannot read live what is due", async () => {
  const stage = await dueStage();
  const { reader } = stage;
  stage.reader = {
    get: (resource, key) => reader.get(resource, key),
    list: (resource, query) => reader.list(resource, query),
    count: (resource, query) => reader.count(resource, query),
    read: (resource, key, signal) =>
      key.name === "run-03"
        ? Promise.reject(refusal(403, "not allowed to read"))
        : reader.read(resource, key, signal),
    readLog: (pod, part, signal) => reader.readLog(pod, part, signal),
    serverNow: () => reader.serverNow(),
  };
  await stage.pass();
  assert.deepEqual(deleted(stage), []);
});

Deno.test("retention reads live no more than what goes and what stays for it, and nothing while nothing is due", async () => {
  const stage = new ConfigStage(recipe(), ...nights());
  const read: string[] = [];
  const note: AfterRead = (resource, key) => void read.push(`${resource.kind} ${keyText(key)}`);
  freeze(stage, note);
  await stage.pass();
  assert.deepEqual([...read], []);
  const due = await dueStage();
  freeze(due, note);
  await due.pass();
  const ten = nights().slice(0, 10).map(({ metadata }) => `Backup apps/${metadata.name}`);
  assert.deepEqual(read.toSorted(), [
    ...ten,
    "Backup apps/run-12",
    "BackupConfig apps/recipe",
    "Repository apps/repo",
  ]);
});

Deno.test("retention lets no small snapshot that is said to be right in an old cache take the place of the whole ones", async () => {
  const small = (accept: boolean) =>
    aSavedRun("small", "2026-01-01T02:00:00Z", {
      ...held,
      spec: { accept },
      status: { snapshots: [{ ...aSavedSource("data", "k-small"), sizeBytes: 1 }] },
    });
  const stage = new ConfigStage(recipe(), ...nights(), small(true));
  for (let turn = 0; turn < 4; turn++) await stage.pass();
  await stage.clock.advance(60_000);
  await stage.pass();
  assert.equal(deleted(stage).length, 10);
  for (const { metadata: { name } } of nights().slice(0, 10)) {
    const backup = find(stage, name) ?? assert.fail("it is there");
    await stage.kube.setFinalizer(backup, FINALIZER, "absent", new AbortController().signal);
  }
  freeze(stage);
  stage.kube.put(small(false));
  for (let turn = 0; turn < 4; turn++) await stage.pass();
  assert.equal(find(stage, "run-12")?.metadata.deletionTimestamp, undefined);
});

Deno.test("retention waits when another Backup than the one that was read holds the newest whole snapshot", async () => {
  const small = (accept: boolean) =>
    aSavedRun("small", "2026-01-01T02:00:00Z", {
      ...held,
      spec: { accept },
      status: { snapshots: [{ ...aSavedSource("data", "k-small"), sizeBytes: 1 }] },
    });
  const stage = new ConfigStage(recipe(2), ...nights().slice(0, 4), small(true));
  for (let turn = 0; turn < 4; turn++) await stage.pass();
  await stage.clock.advance(60_000);
  freeze(stage);
  stage.kube.put(small(false));
  await stage.pass();
  await stage.pass();
  const going = () =>
    nights().slice(0, 4).map(({ metadata }) => metadata.name)
      .filter((name) => find(stage, name)?.metadata.deletionTimestamp !== undefined);
  assert.deepEqual(going(), []);
  stage.reader = stage.kube;
  for (let turn = 0; turn < 4; turn++) await stage.pass();
  assert.deepEqual(going(), ["run-01", "run-02"]);
});
