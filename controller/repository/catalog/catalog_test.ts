import assert from "node:assert/strict";
import { ANNOTATION, backupSpec, CATALOG_MAX_SNAPSHOTS, LABEL } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { aBackup, refusal } from "../../../tests/support/mod.ts";
import { JOB, POD } from "../../shared/mod.ts";
import { BACKUP } from "./backups_seen.ts";
import { anEntry, aRun, CatalogStage, entries, idOf, namesOf, UNIQUE_ID } from "./stage_test.ts";
import { storedRepository } from "../stage_test.ts";

function backup(stage: CatalogStage, name: string, namespace = "apps"): KubeObject {
  const found = stage.kube.get(BACKUP, { namespace, name });
  assert.ok(found !== undefined, `there is no Backup "${name}"`);
  return found;
}

function notedMissing(stage: CatalogStage, name: string, namespace = "apps"): unknown {
  const text = backup(stage, name, namespace).metadata.annotations?.[ANNOTATION.snapshotMissing];
  return text === undefined ? undefined : JSON.parse(text);
}

Deno.test("a catalog becomes discovered Backups, once, and a second look writes nothing", async () => {
  const stage = new CatalogStage();
  assert.ok(await stage.lists(entries(0, 3)));
  assert.deepEqual(stage.discovered(), namesOf(0, 1, 2));
  const [name = ""] = namesOf(1);
  const found = backup(stage, name);
  assert.ok(backupSpec.safeParse(found.spec).success);
  assert.deepEqual(found.spec, {
    discovered: {
      repository: { kind: "Repository", name: "repo", uniqueId: UNIQUE_ID },
      snapshot: {
        id: idOf(1),
        identity: { username: "nas", hostname: "home" },
        sourcePath: "/data",
        startTime: "2026-01-01T00:01:00.000Z",
        endTime: "2026-01-01T00:01:05.000Z",
        sizeBytes: 1001,
        files: 1,
      },
    },
    deletionPolicy: "Retain",
  });
  assert.deepEqual(found.metadata.labels, {
    [LABEL.origin]: "discovered",
    [LABEL.snapshotId]: idOf(1),
    [LABEL.repository]: "repo",
  });
  assert.deepEqual(found.metadata.ownerReferences?.map(({ kind, name, uid }) => ({ kind, name, uid })), [
    { kind: "Repository", name: "repo", uid: storedRepository(stage.kube).metadata.uid },
  ]);
  const { catalog, bootstrap } = stage.status;
  assert.deepEqual(catalog, {
    discoveredBackupCount: 3,
    missingSnapshotCount: 0,
    lastRefreshAt: "2026-01-02T03:05:00.000Z",
    truncated: false,
  });
  assert.equal(bootstrap?.listing, undefined);
  assert.equal(stage.condition("CatalogRead"), "True CatalogRead: The listing of the snapshots was read");
  assert.deepEqual(stage.kube.list(JOB), []);
  assert.equal(stage.kube.logsRead, 1);

  stage.writesToBackups();
  assert.ok(await stage.lists(entries(0, 3)));
  assert.ok(await stage.lists([...entries(0, 3)].reverse()));
  assert.deepEqual(stage.writesToBackups(), []);
  assert.equal(stage.kube.logsRead, 3);
  assert.ok(stage.status.catalog?.lastRefreshAt.startsWith("2026-01-02T05:"));
});

Deno.test("a catalog never shows what a Backup made that names its Repository", async () => {
  const stage = new CatalogStage();
  const unresolved = aBackup({ name: "starting", metadata: { uid: "uid-of-a-run" } });
  stage.kube.put(aRun("ours", [0, 1]), unresolved);
  assert.ok(
    await stage.lists([
      ...entries(0, 2),
      anEntry(3, { runId: "uid-of-a-run" }),
      anEntry(5, { runId: "uid-of-a-run-that-is-gone" }),
    ]),
  );
  assert.deepEqual(stage.discovered(), namesOf(5));
});

Deno.test("a catalog waits with snapshots that a run may have made which is still under way", async () => {
  const stage = new CatalogStage();
  const running = aRun("running", [], {
    status: { phase: "Running", timing: { startTime: "2026-01-01T00:10:00Z" }, snapshots: [] },
  });
  stage.kube.put(running);
  assert.ok(await stage.lists(entries(8, 12)));
  assert.deepEqual(stage.discovered(), namesOf(8));
  stage.kube.put(aRun("running", [10]));
  assert.ok(await stage.lists(entries(8, 12)));
  assert.deepEqual(stage.discovered(), namesOf(8, 9, 11));
});

Deno.test("a catalog keeps the newest snapshots of each source, of all there are", async () => {
  const stage = new CatalogStage({ catalog: { retain: { perIdentity: 2 } } });
  const photos = { path: "/photos" };
  assert.ok(await stage.lists([...entries(0, 4), ...entries(100, 103, photos)]));
  assert.deepEqual(stage.discovered(), namesOf(2, 3, 101, 102));
  assert.ok(await stage.lists([...entries(0, 6), ...entries(100, 103, photos)]));
  assert.deepEqual(stage.discovered(), namesOf(4, 5, 101, 102));
  assert.equal(stage.status.catalog?.discoveredBackupCount, 4);
});

Deno.test("a catalog leaves out what is older than the spec says", async () => {
  const stage = new CatalogStage({ catalog: { retain: { maxAgeDays: 1 } } });
  await stage.clock.advance(2 * 3_600_000);
  // Listed at 05:05 of the next day.
  assert.ok(await stage.lists([anEntry(304), anEntry(306), anEntry(600)]));
  assert.deepEqual(stage.discovered(), namesOf(306, 600));
});

Deno.test("a catalog is shown only where it is wanted, and its Backups go when it is not any more", async () => {
  const stage = new CatalogStage();
  assert.ok(await stage.lists(entries(0, 3)));
  const repository = storedRepository(stage.kube);
  stage.kube.put({ ...repository, spec: { ...Object(repository.spec), catalog: { discover: false } } });
  assert.ok(await stage.lists(entries(0, 3), { isWhole: false }));
  assert.deepEqual(stage.discovered(), []);
  assert.equal(stage.status.catalog?.discoveredBackupCount, 0);
});

Deno.test("a catalog lets go of a discovered Backup whose snapshot is gone, by a whole listing only", async () => {
  const stage = new CatalogStage();
  stage.kube.put(aRun("ours", [50]));
  assert.ok(await stage.lists([...entries(0, 4), anEntry(50)]));
  stage.writesToBackups();
  assert.ok(await stage.lists([anEntry(3)], { isWhole: false }));
  assert.deepEqual(stage.writesToBackups(), []);
  assert.equal(stage.status.catalog?.truncated, true);
  assert.match(stage.condition("CatalogRead") ?? "", /^True .* so none is said to be gone$/);
  assert.ok(await stage.lists([...entries(1, 4), anEntry(50)]));
  assert.deepEqual(stage.writesToBackups(), [`remove Backup apps/${namesOf(0)[0]}`]);
  assert.equal(stage.status.catalog?.discoveredBackupCount, 3);
});

Deno.test("a catalog stays within its bounds also where a listing is always cut short", async () => {
  const stage = new CatalogStage({ catalog: { retain: { perIdentity: 2 } } });
  assert.ok(await stage.lists(entries(0, 2), { isWhole: false }));
  assert.ok(await stage.lists(entries(1, 4), { isWhole: false }));
  assert.deepEqual(stage.discovered(), namesOf(2, 3));
  // Of this source nothing is listed any more: what is shown of it may be there all the same.
  assert.ok(await stage.lists(entries(100, 102, { path: "/photos" }), { isWhole: false }));
  assert.deepEqual(stage.discovered(), namesOf(2, 3, 100, 101));
});

Deno.test("a catalog tells our own runs which of their snapshots are gone, and that they are there again", async () => {
  const stage = new CatalogStage();
  const late = { timing: { startTime: "2026-01-02T03:04:50Z", endTime: "2026-01-02T03:04:59Z" } };
  stage.kube.put(
    aRun("whole", [0]),
    aRun("half", [1, 2]),
    aRun("late", [3], { status: late }),
    aRun("stopped", [4, 6], { status: { phase: "Failed" } }),
    aRun("elsewhere", [5], {
      status: { resolved: { repository: { kind: "Repository", name: "repo", uniqueId: "another" } } },
    }),
  );
  assert.ok(await stage.lists([anEntry(0), anEntry(1), anEntry(4)]));
  const note = { at: "2026-01-02T03:05:00.000Z", ids: [idOf(2)] };
  assert.deepEqual(notedMissing(stage, "half"), note);
  assert.deepEqual(notedMissing(stage, "stopped"), { ...note, ids: [idOf(6)] });
  assert.deepEqual(stage.writesToBackups().toSorted(), [
    "annotate Backup apps/half",
    "annotate Backup apps/stopped",
  ]);
  assert.equal(stage.status.catalog?.missingSnapshotCount, 2);
  stage.kube.put(aRun("stopped", [4], { status: { phase: "Failed" } }));
  stage.writesToBackups();

  // The same again changes nothing, also not the time; the late run can be judged now.
  assert.ok(await stage.lists([anEntry(0), anEntry(1), anEntry(4)]));
  assert.deepEqual(notedMissing(stage, "half"), note);
  assert.deepEqual(stage.writesToBackups(), ["annotate Backup apps/late"]);
  assert.equal(stage.status.catalog?.missingSnapshotCount, 2);

  // A listing that is cut short says what is there, and nothing of the rest.
  assert.ok(await stage.lists([anEntry(2)], { isWhole: false }));
  assert.deepEqual(stage.writesToBackups(), ["annotate Backup apps/half"]);
  assert.equal(notedMissing(stage, "half"), undefined);
  assert.equal(stage.status.catalog?.missingSnapshotCount, 1);
});

Deno.test("a catalog mends a note on a run that a person has spoilt", async () => {
  const stage = new CatalogStage();
  for (const [index, text] of ["{", '{"ids":7}', "null", '{"ids":[]}'].entries()) {
    stage.kube.put(
      aRun(`run-${index}`, [index], { metadata: { annotations: { [ANNOTATION.snapshotMissing]: text } } }),
    );
  }
  assert.ok(await stage.lists(entries(0, 3)));
  assert.equal(notedMissing(stage, "run-0"), undefined);
  assert.equal(notedMissing(stage, "run-1"), undefined);
  assert.equal(notedMissing(stage, "run-2"), undefined);
  assert.deepEqual(notedMissing(stage, "run-3"), { at: "2026-01-02T03:05:00.000Z", ids: [idOf(3)] });
});

Deno.test("a catalog that cannot be read costs that listing alone, and is told once", async () => {
  const cases: Readonly<Record<string, (lines: readonly string[]) => string | Error>> = {
    "an empty log": () => "",
    "hostile lines": (lines) => [...lines, `kopiur-catalog 1 ${btoa("x".repeat(100))}`].join("\n"),
    "half a line": (lines) => lines.join("\n").slice(0, 60),
    "a refusal": () => refusal(403, "Cannot get log of Pod apps/x: forbidden"),
    "a node that is gone": () => new TypeError("no route to host"),
  };
  for (const [name, log] of Object.entries(cases)) {
    const stage = new CatalogStage();
    assert.ok(await stage.lists(entries(0, 2)), name);
    stage.writesToBackups();
    assert.ok(await stage.lists(entries(2, 4), { log }), name);
    assert.equal(stage.status.phase, "Ready", name);
    assert.deepEqual(stage.writesToBackups(), [], name);
    const reported = "False UnexpectedOutput: The listing of the snapshots could not be read";
    assert.equal(stage.condition("CatalogRead"), reported, name);
    assert.ok(await stage.lists(entries(2, 4), { log }), name);
    const events = stage.kube.events.filter(({ reason }) => reason === "UnexpectedOutput");
    assert.equal(events.length, 1, name);
    assert.match(events[0]?.note ?? "", /^Cannot read the listing of the snapshots: /, name);
    assert.deepEqual(stage.kube.list(JOB), [], name);
    assert.ok(stage.status.catalog?.lastRefreshAt.startsWith("2026-01-02T03:"), name);
    assert.ok(await stage.lists(entries(0, 3)), name);
    assert.match(stage.condition("CatalogRead") ?? "", /^True /, name);
    assert.deepEqual(stage.discovered(), namesOf(0, 1, 2), name);
  }
});

Deno.test("a catalog is read although its log arrives a moment after the end of its pod", async () => {
  const stage = new CatalogStage();
  await stage.bootstraps(entries(0, 2), { log: () => new TypeError("the node does not answer") });
  await stage.pass();
  assert.deepEqual(await stage.pass(), { kind: "after", seconds: 5 });
  assert.equal(stage.condition("CatalogRead"), undefined);
  await stage.bootstraps(entries(0, 2));
  assert.ok(await stage.settles());
  assert.deepEqual(stage.discovered(), namesOf(0, 1));
});

Deno.test("a catalog whose pod or Job is gone is said to be lost", async () => {
  for (const resource of [POD, JOB]) {
    const stage = new CatalogStage();
    await stage.bootstraps(entries(0, 2));
    await stage.pass();
    assert.equal(stage.status.bootstrap?.listing, "Pending");
    for (const object of stage.kube.list(resource)) stage.kube.delete(object);
    stage.restart();
    assert.ok(await stage.settles());
    assert.match(stage.condition("CatalogRead") ?? "", /^False UnexpectedOutput/);
    assert.equal(stage.status.bootstrap?.listing, undefined);
    assert.equal(stage.status.phase, "Ready");
    assert.deepEqual(stage.discovered(), []);
  }
});

Deno.test("a catalog is not believed from a pod that is not the Job's own", async () => {
  const stage = new CatalogStage();
  await stage.bootstraps(entries(0, 2));
  await stage.pass();
  const [pod] = stage.kube.list(POD);
  assert.ok(pod !== undefined);
  const owner = { apiVersion: "batch/v1", kind: "Job", name: "other", uid: "other", controller: true };
  stage.kube.put({ ...pod, metadata: { ...pod.metadata, ownerReferences: [owner] } });
  assert.ok(await stage.settles());
  assert.deepEqual(stage.discovered(), []);
});

Deno.test("a catalog of another repository than before leads to nothing but its refusal", async () => {
  const stage = new CatalogStage();
  stage.kube.put(aRun("ours", [9]));
  assert.ok(await stage.lists([...entries(0, 3), anEntry(9)]));
  stage.writesToBackups();
  await stage.lists(entries(20, 22), { uniqueId: "ffff" });
  assert.equal(stage.status.phase, "Failed");
  assert.match(stage.condition("Ready") ?? "", /^False RepositoryReplaced/);
  assert.deepEqual(stage.writesToBackups(), []);
  assert.deepEqual(stage.discovered(), namesOf(0, 1, 2));
  assert.equal(stage.kube.logsRead, 1);
});

Deno.test("a catalog of five thousand goes in small steps, also across a restart in the middle", async () => {
  const stage = new CatalogStage({ catalog: { retain: { perIdentity: 5000 } } });
  const all = entries(0, CATALOG_MAX_SNAPSHOTS);
  await stage.bootstraps(all);
  await stage.pass();
  for (let turn = 0; turn < 40; turn++) {
    const before = stage.kube.writes.length;
    await stage.pass();
    assert.ok(stage.kube.writes.length - before <= 54, `${stage.kube.writes.length - before}`);
  }
  assert.equal(stage.discovered().length, 2000);
  assert.equal(stage.kube.logsRead, 1);
  stage.restart();
  assert.ok(await stage.settles());
  assert.equal(stage.discovered().length, CATALOG_MAX_SNAPSHOTS);
  assert.equal(stage.kube.logsRead, 2);
  assert.equal(stage.status.catalog?.discoveredBackupCount, CATALOG_MAX_SNAPSHOTS);
  const applied = stage.kube.writes.filter((write) => write.startsWith("create Backup "));
  assert.equal(new Set(applied).size, applied.length);
});

Deno.test("a catalog's Backup that the API server refuses is said, and is no failure of the Repository", async () => {
  const stage = new CatalogStage();
  const [, name = ""] = namesOf(0, 1, 2).toReversed();
  await stage.bootstraps(entries(0, 3));
  stage.kube.failNext("create", refusal(403, "Cannot create Backup: exceeded quota: backups"), name);
  assert.ok(await stage.settles());
  assert.equal(stage.status.phase, "Ready");
  assert.match(stage.condition("Ready") ?? "", /^True/);
  assert.equal(
    stage.condition("CatalogRead"),
    "False Forbidden: Cannot create Backup: exceeded quota: backups",
  );
  assert.equal(stage.status.catalog?.discoveredBackupCount, stage.discovered().length);
  assert.ok(stage.discovered().length < 3);
  assert.equal(stage.kube.events.filter(({ reason }) => reason === "Forbidden").length, 1);
  assert.ok(await stage.lists(entries(0, 3)));
  assert.equal(stage.discovered().length, 3);
  assert.match(stage.condition("CatalogRead") ?? "", /^True/);
});

Deno.test("a catalog never takes the name of a Backup that is somebody else's, and skips what no Backup can show", async () => {
  const stage = new CatalogStage();
  const [name = ""] = namesOf(0);
  stage.kube.put(aBackup({ name }));
  const twin = anEntry(1, { id: `${idOf(2).slice(0, 16)}0000` });
  assert.ok(await stage.lists([anEntry(0), anEntry(2), twin, anEntry(4, { path: `/${"x".repeat(5000)}` })]));
  assert.deepEqual(stage.discovered(), namesOf(2));
  assert.deepEqual(backup(stage, name).spec, aBackup().spec);
  assert.match(stage.condition("CatalogRead") ?? "", /can be made for 3 of the snapshots$/);
});

Deno.test("a catalog tells runs that found nothing changed when the snapshot they stand on is gone", async () => {
  const stage = new CatalogStage();
  const standsOn = (number: number) => ({
    status: { snapshots: [{ phase: "Succeeded", unchanged: true, unchangedSince: idOf(number) }] },
  });
  stage.kube.put(
    aRun("first", [1]),
    aRun("second", [], standsOn(1)),
    aRun("third", [], standsOn(1)),
    aRun("fine", [], standsOn(0)),
  );
  assert.ok(await stage.lists([...entries(0, 1), ...entries(2, 6)]));
  const note = { at: "2026-01-02T03:05:00.000Z", ids: [idOf(1)] };
  for (const name of ["first", "second", "third"]) assert.deepEqual(notedMissing(stage, name), note, name);
  assert.equal(notedMissing(stage, "fine"), undefined);
  // It is one snapshot, however many stand on it; and that of nobody here is still discovered.
  assert.equal(stage.status.catalog?.missingSnapshotCount, 1);
  assert.deepEqual(stage.discovered(), namesOf(0, 2, 3, 4, 5));
});

Deno.test("a catalog waits with snapshots since the oldest of several runs that are under way", async () => {
  const running = (name: string, startTime: string) =>
    aRun(name, [], { status: { phase: "Running", timing: { startTime }, snapshots: [] } });
  for (const order of [["older", "newer"], ["newer", "older"]] as const) {
    const stage = new CatalogStage();
    for (const name of order) {
      stage.kube.put(running(name, name === "older" ? "2026-01-01T00:10:00Z" : "2026-01-01T00:20:00Z"));
    }
    assert.ok(await stage.lists([anEntry(8), anEntry(15), anEntry(25)]));
    assert.deepEqual(stage.discovered(), namesOf(8), order.join());
  }
});
