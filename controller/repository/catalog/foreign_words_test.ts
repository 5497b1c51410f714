/** Whoever may write objects of one namespace, or fill one storage, gets no byte of another namespace's objects. */
import assert from "node:assert/strict";
import { ANNOTATION } from "../../../api/mod.ts";
import { keyOf, type KubeObject } from "../../../kube/types.ts";
import { aBackup, aRepository, type Parts } from "../../../tests/support/mod.ts";
import { BACKUP } from "./backups_seen.ts";
import { anEntry, aRun, CatalogStage, entries, namesOf, UNIQUE_ID } from "./stage_test.ts";
import { storedRepository } from "../stage_test.ts";

/** A Backup that says it stands for a snapshot. */
function aDiscovered(
  number: number,
  parts: Parts = {},
  snapshot: Readonly<Record<string, unknown>> = {},
): KubeObject {
  const { id, username, hostname, path, startTime, endTime } = anEntry(number);
  const discovered = {
    repository: { kind: "Repository", name: "repo", uniqueId: UNIQUE_ID },
    snapshot: { id, identity: { username, hostname }, sourcePath: path, startTime, endTime, ...snapshot },
  };
  return {
    ...aBackup({ name: namesOf(number)[0] ?? "", ...parts }),
    spec: { discovered, deletionPolicy: "Retain" },
  };
}

function ownedBy(repository: KubeObject): NonNullable<Parts["metadata"]> {
  const { name, uid = "" } = repository.metadata;
  const { apiVersion, kind } = repository;
  return { ownerReferences: [{ apiVersion, kind, name, uid, controller: true }] };
}

const elsewhere = { repository: { kind: "Repository", name: "repo", uniqueId: "another" } };
const ofTheCopy = { repository: { kind: "Repository", name: "copy", uniqueId: UNIQUE_ID } };
const saidBefore = {
  annotations: { [ANNOTATION.snapshotMissing]: '{"at":"2026-01-01T00:00:00Z","ids":["x"]}' },
};

/** Objects that a listing with those snapshots must leave as they are, while it shows what nobody here made. */
const attacks: Readonly<
  Record<string, { readonly foreign: readonly KubeObject[]; readonly listed?: number }>
> = {
  "an empty listing of the same unique id": {
    foreign: [aRun("nightly-1", [1], { namespace: "victim" })],
    listed: 0,
  },
  "a listing that lacks one of theirs": { foreign: [aRun("nightly-1", [1, 7], { namespace: "victim" })] },
  "a note on a run of another namespace": {
    foreign: [aRun("nightly-1", [1], { namespace: "victim", metadata: saidBefore })],
  },
  "a copy by sync-to beside the repository": {
    foreign: [aRun("nightly-1", [8], { status: { resolved: ofTheCopy } })],
  },
  "a run that was made against another repository of that name": {
    foreign: [aRun("nightly-1", [8], { status: { resolved: elsewhere } })],
  },
  "a run that does not say against which": {
    foreign: [aRun("nightly-1", [8], { status: { resolved: { repository: { name: "repo" } } } })],
  },
  "their run that is under way": {
    foreign: [aRun("running", [], {
      namespace: "victim",
      status: { phase: "Running", timing: { startTime: "2026-01-01T00:00:00Z" } },
    })],
  },
  "their Backup that has not begun and has the tagged uid": {
    foreign: [aBackup({ name: "waits", namespace: "victim", metadata: { uid: "uid-of-a-run" } })],
  },
  "a discovered Backup of another namespace": { foreign: [aDiscovered(1, { namespace: "victim" })] },
  "a discovered Backup somebody made under a name of his own": {
    foreign: [aDiscovered(1, { name: "mine" })],
  },
  "a discovered Backup of another Repository": {
    foreign: [aDiscovered(1, { name: "twin-disc-1", metadata: ownedBy(aRepository({ name: "twin" })) })],
  },
};

for (const [name, { foreign, listed = 3 }] of Object.entries(attacks)) {
  Deno.test(`a listing speaks for its own: ${name}`, async () => {
    const stage = new CatalogStage();
    const before = foreign.map((object) => stage.kube.put(object));
    const snapshots = [anEntry(0), anEntry(1, { runId: "uid-of-a-run" }), anEntry(2)].slice(0, listed);
    assert.ok(await stage.lists(snapshots));
    for (const object of before) assert.deepEqual(stage.kube.get(BACKUP, keyOf(object)), object);
    assert.equal(stage.status.catalog?.missingSnapshotCount, 0);
    assert.equal(stage.status.catalog?.discoveredBackupCount, listed);
    const own = new Set(namesOf(0, 1, 2).slice(0, listed === 0 ? 0 : undefined));
    assert.deepEqual(new Set(stage.discovered().filter((each) => own.has(each))), own);
  });
}

Deno.test("an owner reference to the Repository of another namespace makes no discovered Backup its own", async () => {
  const stage = new CatalogStage();
  assert.ok(await stage.lists([anEntry(0)]));
  const forged = stage.kube.put(
    aDiscovered(1, { namespace: "evil", metadata: ownedBy(storedRepository(stage.kube)) }),
  );
  assert.ok(await stage.lists([anEntry(0), anEntry(1)]));
  assert.deepEqual(stage.kube.get(BACKUP, keyOf(forged)), forged);
  assert.equal(stage.status.catalog?.discoveredBackupCount, 2);
});

Deno.test("a discovered Backup that says what the listing does not goes, and the true one comes in its place", async () => {
  const stage = new CatalogStage();
  assert.ok(await stage.lists([anEntry(0)]));
  stage.kube.put(
    aDiscovered(1, { metadata: ownedBy(storedRepository(stage.kube)) }, { sourcePath: "/of/somebody/else" }),
  );
  assert.ok(await stage.lists([anEntry(0), anEntry(1)]));
  assert.ok(await stage.lists([anEntry(0), anEntry(1)]));
  assert.deepEqual(stage.discovered(), namesOf(0, 1));
  const { namespace } = stage.kube.list(BACKUP)[0]?.metadata ?? {};
  const stands = stage.kube.get(BACKUP, { namespace: namespace ?? "", name: namesOf(1)[0] ?? "" });
  assert.match(JSON.stringify(stands?.spec), /"sourcePath":"\/data"/);
});

Deno.test("a discovered Backup that a tool put back without its owner is the Repository's again", async () => {
  const stage = new CatalogStage();
  stage.kube.put(aDiscovered(0), aDiscovered(1));
  assert.ok(await stage.lists([anEntry(0)]));
  assert.deepEqual(stage.discovered(), namesOf(0));
  assert.equal(stage.status.catalog?.discoveredBackupCount, 1);
});

Deno.test("the numbers of a Repository come from its own runs alone", async () => {
  const stage = new CatalogStage();
  assert.ok(await stage.lists(entries(0, 3)));
  await stage.clock.advance(1_500_000);
  const repository = { snapshotCount: 99, totalSizeBytes: 99, observedAt: "2026-01-02T03:25:00Z" };
  const seen = { status: { repository } };
  const forged = [
    aRun("theirs", [], { ...seen, namespace: "evil" }),
    aRun("of-the-copy", [], { status: { repository, resolved: ofTheCopy } }),
    aRun("elsewhere", [], { status: { repository, resolved: elsewhere } }),
  ];
  stage.kube.put(...forged);
  for (const run of forged) assert.equal(stage.wakes(run), false);
  assert.ok(await stage.settles());
  assert.equal(stage.status.storageStats?.snapshotCount, 3);
  const own = aRun("own", [], seen);
  stage.kube.put(own);
  assert.ok(stage.wakes(own));
  assert.ok(await stage.settles());
  assert.equal(stage.status.storageStats?.snapshotCount, 99);
});

Deno.test("a Repository of another namespace with the same unique id is told of, and not by name", async () => {
  const stage = new CatalogStage();
  assert.ok(await stage.lists(entries(0, 1)));
  const status = { uniqueId: UNIQUE_ID };
  stage.kube.put(
    aRepository({ name: "secret-project", namespace: "other", status }),
    aRepository({ name: "second", namespace: "another", status }),
    aRepository({ name: "copy", status }),
  );
  await stage.pass();
  const reported = stage.condition("UniqueRepository") ?? "";
  assert.match(reported, /shows the same unique id: "copy", one of another namespace; /);
  assert.doesNotMatch(JSON.stringify([reported, stage.kube.events]), /secret-project|second|other\//);
});

Deno.test("a listing that suddenly lacks most of its snapshots is told, and takes nothing away", async () => {
  const whole = [...entries(0, 6), anEntry(50), anEntry(51)];
  for (const [what, left] of [["nothing", []], ["one", [anEntry(0)]]] as const) {
    const stage = new CatalogStage();
    stage.kube.put(aRun("first", [50]), aRun("second", [51]));
    assert.ok(await stage.lists(whole), what);
    assert.deepEqual(stage.discovered(), namesOf(0, 1, 2, 3, 4, 5), what);
    assert.ok(await stage.lists(left), what);
    assert.deepEqual(stage.discovered(), namesOf(0, 1, 2, 3, 4, 5), what);
    const missing = 8 - left.length;
    assert.match(
      stage.condition("CatalogRead") ?? "",
      new RegExp(`^False CatalogShrunk: .*: ${missing} of 8 are missing`),
      what,
    );
    // What holds retention is said; it is a word that is taken back.
    assert.equal(stage.status.catalog?.missingSnapshotCount, 2, what);
    assert.ok(await stage.lists(left), what);
    const events = stage.kube.events.filter(({ reason }) => reason === "CatalogShrunk");
    assert.deepEqual(events.map(({ type }) => type), ["Warning"], what);
    assert.ok(await stage.lists(whole), what);
    assert.match(stage.condition("CatalogRead") ?? "", /^True CatalogRead/, what);
    assert.equal(stage.status.catalog?.missingSnapshotCount, 0, what);
  }
});

Deno.test("a listing that lacks most of its snapshots still lets go of what the spec does not want", async () => {
  const stage = new CatalogStage();
  assert.ok(await stage.lists(entries(0, 4)));
  const repository = storedRepository(stage.kube);
  stage.kube.put({ ...repository, spec: { ...Object(repository.spec), catalog: { discover: false } } });
  assert.ok(await stage.lists([]));
  assert.deepEqual(stage.discovered(), []);
});
