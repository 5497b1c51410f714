import assert from "node:assert/strict";
import fc from "fast-check";
import { ANNOTATION, backupKind, StalledError, TransientError } from "../../api/mod.ts";
import type { KubeObject, Reader } from "../../kube/types.ts";
import { FakeKube, Mortality, readerOver } from "../../tests/support/mod.ts";
import { resourceOf } from "../shared/mod.ts";
import { slotOfRun } from "./run_name.ts";
import { SAVED, ScheduleStage, type StageParts, UNCHANGED } from "./stage_test.ts";

const BACKUP = resourceOf(backupKind);
const HOURLY = { cron: "0 * * * *", concurrencyPolicy: "Replace" } as const;

/** A cache that can be made to lag: what it lists is what there was then. */
class Lag {
  #kube: FakeKube | undefined;
  #seen: readonly KubeObject[] | undefined;

  reader(kube: FakeKube): Reader {
    this.#kube = kube;
    return readerOver(kube, {
      list: (resource, query) =>
        this.#seen === undefined || resource.kind !== "Backup" ? kube.list(resource, query) : this.#seen,
    });
  }

  begin(): void {
    this.#seen ??= this.#kube?.list(BACKUP) ?? [];
  }

  end(): void {
    this.#seen = undefined;
  }
}

function aStage(parts: StageParts) {
  const lag = new Lag();
  return { stage: new ScheduleStage({ ...parts, reader: (kube) => lag.reader(kube) }), lag };
}

/** A pinned, relabelled or otherwise changed Backup. */
function change(stage: ScheduleStage, name: string, parts: Partial<KubeObject>): void {
  const current = stage.backup(name);
  stage.kube.put({ ...current, ...parts, metadata: { ...current.metadata, ...parts.metadata } });
}

Deno.test("BackupSchedule under Replace lets the run go on while the new Backup cannot be made, and stops it once it is", async () => {
  const quota = new StalledError("Forbidden", "Cannot create Backup: exceeded quota");
  let isFull = true;
  const stage = new ScheduleStage({
    schedule: HOURLY,
    writer: (kube) => ({
      ...new Mortality().writer(kube),
      create: (object, signal) => isFull ? Promise.reject(quota) : kube.create(object, signal),
    }),
  });
  const old = stage.putRun("20260101000000", "Running");
  await stage.liveUntil("2026-01-01T01:59:00Z");
  assert.deepEqual([stage.backups, stage.isCancelled(old)], [[old], false]);
  assert.match(stage.ready, /^False Forbidden/);
  isFull = false;
  await stage.liveUntil("2026-01-01T01:59:30Z");
  assert.deepEqual(stage.backups, [old, "nightly-20260101010000"]);
  assert.ok(stage.isCancelled(old));
  assert.equal(stage.eventsOf("BackupCreated").length, 1);
});

const unfit: Readonly<Record<string, (stage: ScheduleStage, name: string) => void>> = {
  "was deleted": (stage, name) => stage.kube.delete(stage.backup(name)),
  "is being deleted": (stage, name) => {
    change(stage, name, { metadata: { name, namespace: "apps", finalizers: ["theirs"] } });
    stage.kube.delete(stage.backup(name));
  },
  "has failed": (stage, name) => stage.setPhase(name, "Failed"),
  "is not of this schedule any more": (stage, name) =>
    change(stage, name, { metadata: { name, namespace: "apps", labels: {} } }),
};
for (const [what, happens] of Object.entries(unfit)) {
  Deno.test(`BackupSchedule under Replace lets the run go on when the new Backup ${what}, also while the cache shows it`, async () => {
    for (const lags of [false, true]) {
      const { stage, lag } = aStage({ schedule: HOURLY });
      const old = stage.putRun("20260101000000", "Running");
      await stage.liveUntil("2026-01-01T00:59:59Z");
      await stage.clock.advance(1000);
      await stage.pass();
      if (lags) lag.begin();
      happens(stage, stage.made[0] ?? assert.fail());
      for (let turn = 0; turn < 3; turn++) await stage.pass();
      assert.deepEqual([stage.made.length, stage.isCancelled(old)], [1, false], `${lags}`);
    }
  });
}

Deno.test("BackupSchedule under Replace stops nothing that ended or changed while the cache lagged", async () => {
  const { stage, lag } = aStage({ schedule: HOURLY });
  const [ended, running] = [
    stage.putRun("20260101000000", "Running"),
    stage.putRun("20260101000001", "Running"),
  ];
  await stage.liveUntil("2026-01-01T00:59:59Z");
  lag.begin();
  stage.setPhase(ended, "Succeeded", SAVED);
  await stage.liveUntil("2026-01-01T01:00:02Z");
  assert.deepEqual([stage.isCancelled(ended), stage.isCancelled(running)], [false, true]);
});

Deno.test("BackupSchedule under Replace says its word only to what it read", async () => {
  const stage = new ScheduleStage({ schedule: HOURLY });
  const old = stage.putRun("20260101000000", "Running");
  await stage.liveUntil("2026-01-01T00:59:59Z");
  await stage.clock.advance(1000);
  await stage.pass();
  const read = stage.kube.read.bind(stage.kube);
  stage.kube.read = async (resource, key, signal) => {
    const found = await read(resource, key, signal);
    // It ends right after it was read.
    if (key.name === old) stage.setPhase(old, "Succeeded", SAVED);
    return found;
  };
  assert.deepEqual(await stage.pass(), { kind: "again" });
  assert.equal(stage.isCancelled(old), false);
});

Deno.test("BackupSchedule under Replace leaves Backups alone that somebody put back", async () => {
  const stage = new ScheduleStage({ schedule: HOURLY });
  const restored = { creationTimestamp: "2026-01-01T00:00:02Z" };
  const names = ["20251201030000", "20251231200000", "20251231220000"].map((slot) =>
    stage.putRun(slot, "Pending", {}, restored)
  );
  await stage.liveUntil("2026-01-01T02:30:00Z");
  assert.deepEqual(names.filter((name) => stage.isCancelled(name)), []);
  assert.ok(stage.isCancelled("nightly-20260101010000"));
  // What runs a mover is no mere memory.
  stage.setPhase(names[0] ?? "", "Running");
  await stage.liveUntil("2026-01-01T03:30:00Z");
  assert.deepEqual(names.map((name) => stage.isCancelled(name)), [true, false, false]);
});

Deno.test("BackupSchedule under Replace stops many runs ten at a time", async () => {
  const stage = new ScheduleStage({ schedule: HOURLY });
  for (let n = 0; n < 30; n++) stage.putRun(`202512312300${String(n).padStart(2, "0")}`, "Running");
  await stage.liveUntil("2026-01-01T01:00:01Z");
  const cancelled = () => stage.backups.filter((name) => stage.isCancelled(name)).length;
  assert.equal(cancelled(), 10);
  await stage.liveUntil("2026-01-01T01:00:04Z");
  assert.equal(cancelled(), 30);
});

Deno.test("BackupSchedule under Replace never stops a run but for a newer one that stands, whatever happens", async () => {
  const anyStep = fc.record({
    what: fc.constantFrom("die", "lag", "catch up", "refuse", "delete", "fail", "succeed", "nothing"),
    minutes: fc.integer({ min: 0, max: 90 }),
    write: fc.integer({ min: 0, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 12 }), async (steps) => {
      const lag = new Lag();
      const mortality = new Mortality();
      const stage = new ScheduleStage({
        schedule: HOURLY,
        reader: (kube) => lag.reader(kube),
        writer: (kube) => mortality.writer(kube),
      });
      stage.putRun("20260101000000", "Running");
      stage.kube.subscribe(({ old, new: now }) => {
        const word = now?.metadata.annotations?.[ANNOTATION.cancelRun];
        if (word !== "Replaced" || old?.metadata.annotations?.[ANNOTATION.cancelRun] === word) return;
        const slot = slotOfRun(now?.metadata.name ?? "") ?? 0;
        const newer = stage.backups.filter((name) =>
          (slotOfRun(name) ?? 0) > slot && Object(stage.backup(name)["status"]).phase !== "Failed"
        );
        assert.ok(newer.length > 0, `${now?.metadata.name} was stopped for nothing`);
      });
      for (const { what, minutes, write } of steps) {
        const newest = stage.backups.at(-1);
        if (what === "die") mortality.writesLeft = write;
        if (what === "lag") lag.begin();
        if (what === "catch up") lag.end();
        if (what === "refuse") stage.kube.failNext("create", new TransientError("KubeApiError", "no answer"));
        if (newest !== undefined && what === "delete") stage.kube.delete(stage.backup(newest));
        if (newest !== undefined && what === "fail") stage.setPhase(newest, "Failed", SAVED);
        if (newest !== undefined && what === "succeed") stage.setPhase(newest, "Succeeded", SAVED);
        await stage.pass();
        mortality.writesLeft = Number.POSITIVE_INFINITY;
        await stage.liveUntil(new Date(stage.clock.epochMs() + minutes * 60_000).toISOString());
      }
    }),
    { numRuns: 60 },
  );
});

const saving: Readonly<Record<string, (stage: ScheduleStage, name: string) => void>> = {
  "pinned it": (stage, name) => change(stage, name, { spec: { configRef: { name: "recipe" }, pin: true } }),
  "accepted it": (stage, name) =>
    change(stage, name, { spec: { configRef: { name: "recipe" }, accept: true } }),
  "took it out of the schedule": (stage, name) =>
    change(stage, name, { metadata: { name, namespace: "apps", labels: {} } }),
  "found a snapshot of it": (stage, name) => stage.setPhase(name, "Failed", SAVED),
  "made it run again": (stage, name) => stage.setPhase(name, "Running"),
};
for (const [what, happens] of Object.entries(saving)) {
  Deno.test(`BackupSchedule deletes no run for its limits when somebody ${what} and the cache does not know it yet`, async () => {
    const { stage, lag } = aStage({ spec: { failedJobsHistoryLimit: 0 } });
    const [kept, going] = [
      stage.putRun("20251201030000", "Failed"),
      stage.putRun("20251202030000", "Failed"),
    ];
    lag.begin();
    happens(stage, kept);
    for (let turn = 0; turn < 5; turn++) await stage.pass();
    assert.deepEqual(stage.backups, [kept]);
    assert.equal(stage.backup(kept).metadata.annotations?.[ANNOTATION.deletedBy], undefined);
    assert.deepEqual(stage.kube.writes.filter((write) => write.startsWith("remove")), [
      `remove Backup apps/${going}`,
    ]);
  });

  Deno.test(`BackupSchedule deletes no run for its limits when somebody ${what} right after it was read`, async () => {
    const stage = new ScheduleStage({ spec: { failedJobsHistoryLimit: 0 } });
    const kept = stage.putRun("20251201030000", "Failed");
    await stage.pass();
    const read = stage.kube.read.bind(stage.kube);
    stage.kube.read = async (resource, key, signal) => {
      const found = await read(resource, key, signal);
      stage.kube.read = read;
      happens(stage, kept);
      return found;
    };
    assert.deepEqual(await stage.pass(), { kind: "again" });
    for (let turn = 0; turn < 3; turn++) await stage.pass();
    assert.deepEqual(stage.backups, [kept]);
    assert.equal(stage.backup(kept).metadata.annotations?.[ANNOTATION.deletedBy], undefined);
    assert.equal(stage.status.removedRuns?.total, 0);
  });
}

Deno.test("BackupSchedule asks for no more runs in a pass than it may delete, and for none while there is nothing to do", async () => {
  const stage = new ScheduleStage({ spec: { failedJobsHistoryLimit: 1, successfulJobsHistoryLimit: 1 } });
  let reads = 0;
  const read = stage.kube.read.bind(stage.kube);
  stage.kube.read = (resource, key, signal) => {
    reads += 1;
    return read(resource, key, signal);
  };
  for (let n = 10; n < 30; n++) {
    stage.putRun(`202512${n}030000`, "Failed");
    stage.putRun(`202512${n}030001`, "Succeeded", UNCHANGED);
  }
  for (let turn = 0; turn < 10; turn++) {
    const before = reads;
    await stage.pass();
    assert.ok(reads - before <= 10);
  }
  assert.equal(stage.backups.length, 2);
  const before = reads;
  await stage.pass();
  assert.equal(reads, before);
});
