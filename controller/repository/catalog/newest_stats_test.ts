import assert from "node:assert/strict";
import type { KubeObject } from "../../../kube/types.ts";
import { aRepository } from "../../../tests/support/mod.ts";
import { BACKUP } from "./backups_seen.ts";
import { aRun, CatalogStage, entries, UNIQUE_ID } from "./stage_test.ts";
import { keysOfStaleStats, takeNewest } from "./newest_stats.ts";
import { aNamespaceInMemory } from "../stage_test.ts";

const known = { snapshotCount: 3, totalSizeBytes: 100, lastObservedAt: "2026-01-02T03:00:00Z" };

/** A run that saw so many snapshots then. */
function aSeeingRun(
  name: string,
  observedAt: string,
  snapshotCount: number,
  phase = "Succeeded",
): KubeObject {
  const repository = { snapshotCount, totalSizeBytes: snapshotCount * 10, observedAt };
  return aRun(name, [], { status: { phase, repository } });
}

/** Ids of the repositories a Backup wakes. */
function wokenBy(backup: KubeObject, storageStats: unknown = known): readonly string[] {
  const kube = aNamespaceInMemory(
    aRepository({ status: { uniqueId: UNIQUE_ID, storageStats } }),
    aRepository({ name: "another", status: { uniqueId: "another", storageStats } }),
  );
  return keysOfStaleStats(backup, kube).map(({ name }) => name);
}

Deno.test("takeNewest() takes what a run saw, no sooner than ten seconds after the last time", () => {
  const newest = { snapshotCount: 4, totalSizeBytes: 200, observedAt: "2026-01-02T03:00:08Z" };
  const at = (time: string, seen: typeof newest | undefined = newest) =>
    takeNewest(known, seen, new Date(time));
  assert.deepEqual(at("2026-01-02T03:00:08Z"), { recheckAfterSeconds: 2 });
  assert.deepEqual(at("2026-01-02T03:00:10Z"), {
    storageStats: { snapshotCount: 4, totalSizeBytes: 200, lastObservedAt: "2026-01-02T03:00:08Z" },
    recheckAfterSeconds: 10,
  });
  assert.deepEqual(takeNewest(known, undefined, new Date("2026-01-02T03:00:05Z")), {
    recheckAfterSeconds: 5,
  });
  assert.deepEqual(takeNewest(known, undefined, new Date("2026-01-02T03:00:11Z")), {});
  assert.deepEqual(takeNewest(undefined, newest, new Date("2026-01-02T03:00:11Z")), {});
});

Deno.test("takeNewest() takes nothing that is older, from the future, or no time", () => {
  const now = new Date("2026-01-02T03:00:20Z");
  for (const observedAt of ["2026-01-02T03:00:00Z", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "soon"]) {
    assert.deepEqual(
      takeNewest(known, { snapshotCount: 9, totalSizeBytes: 9, observedAt }, now),
      {},
      observedAt,
    );
  }
});

Deno.test("keysOfStaleStats() wakes the repository a run wrote to, once its numbers are ten seconds old", () => {
  assert.deepEqual(wokenBy(aSeeingRun("run", "2026-01-02T03:00:10Z", 4)), ["repo"]);
  assert.deepEqual(wokenBy(aSeeingRun("run", "2026-01-02T03:00:10Z", 4, "Failed")), ["repo"]);
  assert.deepEqual(wokenBy(aSeeingRun("run", "2026-01-02T03:00:09Z", 4)), []);
  assert.deepEqual(wokenBy(aSeeingRun("run", "2026-01-02T03:00:10Z", 4, "Running")), []);
  assert.deepEqual(wokenBy(aSeeingRun("run", "yesterday", 4)), []);
  assert.deepEqual(wokenBy(aSeeingRun("run", "2026-01-02T03:00:10Z", 4), null), []);
  assert.deepEqual(wokenBy(aRun("run", [1])), []);
});

Deno.test("a Repository shows what the newest run saw", async () => {
  const stage = new CatalogStage();
  assert.ok(await stage.lists(entries(0, 3)));
  assert.equal(stage.status.storageStats?.snapshotCount, 3);
  await stage.clock.advance(1_500_000);
  stage.kube.put(
    aSeeingRun("newer", "2026-01-02T03:25:00Z", 5),
    aSeeingRun("newest", "2026-01-02T03:28:00Z", 6),
    aSeeingRun("older", "2026-01-02T03:10:00Z", 4),
    aSeeingRun("running", "2026-01-02T03:29:00Z", 7, "Running"),
  );
  await stage.pass();
  const seen = { snapshotCount: 6, totalSizeBytes: 60, lastObservedAt: "2026-01-02T03:28:00Z" };
  assert.deepEqual(stage.status.storageStats, seen);
  const writes = stage.kube.writes.length;
  await stage.pass();
  assert.equal(stage.kube.writes.length, writes);
  assert.ok((await stage.probe.series("kopiur_repo")).length === 0);
  assert.equal(stage.status.lastInit?.status, "Succeeded");
});

Deno.test("a Repository shows what killed uploads left until a reading finds it no longer", async () => {
  const stage = new CatalogStage();
  const unfinished = { snapshotCount: 2, sizeBytes: 300, oldestTime: "2026-01-01T00:00:00.000Z" };
  assert.ok(await stage.lists(entries(0, 3), { unfinished }));
  assert.deepEqual(stage.status.storageStats?.unfinished, unfinished);
  await stage.clock.advance(1_500_000);
  stage.kube.put(aSeeingRun("newer", "2026-01-02T03:25:00Z", 5));
  await stage.pass();
  assert.equal(stage.status.storageStats?.snapshotCount, 5);
  assert.deepEqual(stage.status.storageStats?.unfinished, unfinished, "a run does not count it");
  assert.ok(await stage.lists(entries(0, 3)));
  assert.equal(stage.status.storageStats?.unfinished, undefined);
});

Deno.test("a Repository writes its numbers once in ten seconds while a thousand runs end within a minute", async () => {
  const stage = new CatalogStage();
  assert.ok(await stage.lists(entries(0, 3)));
  await stage.clock.advance(60_000);
  stage.kube.writes.splice(0);
  let due = 0;
  const startMs = stage.clock.epochMs();
  const pass = async () => {
    const action = await stage.pass();
    due = stage.clock.epochMs() + (action.kind === "after" ? action.seconds * 1000 : 0);
  };
  for (let run = 0; run < 1000; run++) {
    await stage.clock.advance(60);
    const at = new Date(stage.clock.epochMs()).toISOString();
    const backup = stage.kube.put(aSeeingRun(`run-${run}`, at, 3 + run));
    if (stage.wakes(backup) || stage.clock.epochMs() >= due) await pass();
  }
  const writes = stage.kube.writes.filter((write) => write.startsWith("status Repository"));
  assert.ok(writes.length >= 4 && writes.length <= 7, String(writes.length));
  assert.equal(stage.clock.epochMs() - startMs, 60_000);
  // The last ones wake nobody, and are seen all the same.
  for (let turn = 0; turn < 3; turn++) {
    await stage.clock.advance(Math.max(0, due - stage.clock.epochMs()));
    await pass();
  }
  assert.equal(stage.status.storageStats?.snapshotCount, 3 + 999);
  assert.equal(stage.kube.list(BACKUP).length, 1003);
});
