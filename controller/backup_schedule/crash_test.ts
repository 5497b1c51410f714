import assert from "node:assert/strict";
import fc from "fast-check";
import { StalledError, TransientError } from "../../api/mod.ts";
import type { Reader } from "../../kube/types.ts";
import { aBackupConfig, Mortality, readerOver, refusal } from "../../tests/support/mod.ts";
import { slotOfRun } from "./run_name.ts";
import { SAVED, ScheduleStage } from "./stage_test.ts";

Deno.test("BackupSchedule makes one Backup and tells it once when the status that notes it is refused", async () => {
  const stage = new ScheduleStage();
  await stage.liveUntil("2026-01-01T02:59:59Z");
  await stage.clock.advance(1000);
  stage.kube.failNext("status", refusal(409, "Cannot change BackupSchedule: it changed meanwhile"));
  assert.deepEqual(await stage.pass(), { kind: "again" });
  assert.deepEqual([stage.backups.length, stage.status.lastSchedule, stage.eventsOf("BackupCreated")], [
    1,
    undefined,
    [],
  ]);
  await stage.clock.advance(10_000);
  await stage.pass();
  await stage.pass();
  assert.deepEqual(stage.made, ["nightly-20260101030000"]);
  assert.equal(stage.status.lastSchedule?.at, "2026-01-01T03:00:00Z");
  assert.equal(stage.eventsOf("BackupCreated").length, 1);
  assert.equal(await stage.counter("kopiur_schedule_backups_created_total"), 1);
});

Deno.test("BackupSchedule finds the Backup of a controller that died, whatever was edited or went meanwhile", async () => {
  const meanwhile: Readonly<Record<string, (stage: ScheduleStage) => void>> = {
    "nothing": () => {},
    "the template was edited": (stage) =>
      stage.edit({ spec: { backupTemplate: { tags: { other: "tag" } } } }),
    "the BackupConfig went": (stage) => stage.kube.delete(aBackupConfig()),
    "the deadline passed": (stage) => stage.setTime("2026-01-01T20:00:00Z"),
  };
  for (const [what, happens] of Object.entries(meanwhile)) {
    const mortality = new Mortality();
    const stage = new ScheduleStage({
      schedule: { startingDeadlineSeconds: 3600 },
      writer: (kube) => mortality.writer(kube),
    });
    await stage.liveUntil("2026-01-01T03:00:00Z");
    const [name = ""] = stage.made;
    stage.kube.put({
      ...stage.object,
      status: { ...stage.status, lastSchedule: undefined, handledUntil: "2026-01-01T00:00:01Z" },
    });
    const before = JSON.stringify(stage.backup(name)["spec"]);
    happens(stage);
    await stage.pass();
    assert.deepEqual([stage.made, stage.status.lastSchedule?.backupRef.name], [[name], name], what);
    assert.equal(JSON.stringify(stage.backup(name)["spec"]), before, what);
    assert.deepEqual(stage.status.skippedSlots?.startingDeadline, 0, what);
  }
});

Deno.test("BackupSchedule notes nothing of a slot whose Backup could not be made, and makes it later", async () => {
  const stage = new ScheduleStage();
  await stage.liveUntil("2026-01-01T02:59:59Z");
  await stage.clock.advance(1000);
  stage.kube.failNext("create", new StalledError("Forbidden", "Cannot create Backup: a quota is used up"));
  await stage.pass();
  assert.match(stage.ready, /^False Forbidden: /);
  assert.deepEqual([stage.status.lastSchedule, stage.status.handledUntil], [
    undefined,
    "2026-01-01T00:00:01Z",
  ]);
  assert.deepEqual(stage.eventsOf("BackupCreated"), []);
  await stage.clock.advance(300_000);
  await stage.pass();
  assert.deepEqual(stage.made, ["nightly-20260101030000"]);
  assert.equal(stage.eventsOf("BackupCreated").length, 1);
});

Deno.test("BackupSchedule tells a deletion once when the status that notes it is refused", async () => {
  const stage = new ScheduleStage({ spec: { failedJobsHistoryLimit: 1 } });
  for (const day of ["01", "02", "03"]) stage.putRun(`202512${day}030000`, "Failed");
  await stage.pass();
  stage.kube.failNext("status", refusal(409, "Cannot change BackupSchedule: it changed meanwhile"));
  await stage.pass();
  assert.equal(stage.backups.length, 1);
  assert.deepEqual([stage.status.removedRuns?.total, stage.eventsOf("HistoryLimited")], [0, []]);
  for (let turn = 0; turn < 3; turn++) await stage.pass();
  // What went untold is not told later by guessing.
  assert.deepEqual([stage.status.removedRuns?.total, stage.eventsOf("HistoryLimited")], [0, []]);
});

Deno.test("BackupSchedule makes its Backups, and notes it, while no run can be deleted", async () => {
  const denied: string[] = [];
  const stage = new ScheduleStage({
    schedule: { cron: "0 * * * *" },
    spec: { failedJobsHistoryLimit: 0 },
    writer: (kube) => ({
      ...new Mortality().writer(kube),
      remove: ({ key }) => {
        denied.push(key.name);
        return Promise.reject(refusal(403, "Cannot delete Backup: not allowed"));
      },
    }),
  });
  stage.putRun("20251201030000", "Failed");
  for (let minute = 0; minute < 190; minute++) {
    await stage.pass();
    await stage.clock.advance(60_000);
    for (const name of stage.made) stage.setPhase(name, "Succeeded", SAVED);
  }
  assert.deepEqual(stage.made.length, 3);
  assert.equal(stage.status.lastSchedule?.at, "2026-01-01T03:00:00Z");
  assert.ok(denied.length > 100);
  assert.match(stage.ready, /^False Forbidden/);
  assert.equal(stage.status.missedSlots?.total, 0);
  assert.deepEqual(stage.eventsOf("HistoryLimited"), []);
});

Deno.test("BackupSchedule counts a deleted run once while the cache still shows it", async () => {
  let lagging: Reader | undefined;
  const stage = new ScheduleStage({
    spec: { failedJobsHistoryLimit: 0 },
    reader: (kube) =>
      readerOver(kube, {
        list: (resource, query) => (lagging ?? kube).list(resource, query),
        count: (resource, query) => (lagging ?? kube).count(resource, query),
      }),
  });
  stage.putRun("20251201030000", "Failed");
  const seen = stage.kube.list(stage.kind.watches[1]?.resource ?? assert.fail());
  lagging = { ...emptyReader, list: () => seen };
  for (let turn = 0; turn < 3; turn++) await stage.pass();
  assert.deepEqual([stage.status.removedRuns?.total, stage.status.consecutiveFailures], [1, 1]);
  assert.equal(stage.eventsOf("HistoryLimited").length, 1);
  lagging = undefined;
  await stage.pass();
  assert.deepEqual([stage.status.removedRuns?.total, stage.status.consecutiveFailures], [1, 1]);
});

const emptyReader: Reader = {
  get: () => undefined,
  list: () => [],
  count: () => 0,
  read: () => Promise.resolve(undefined),
  readLog: () => Promise.resolve(undefined),
  serverNow: () => undefined,
};

Deno.test("BackupSchedule under Replace ends with the same Backups when the controller dies at any write", async () => {
  for (let deathAt = 0; deathAt < 4; deathAt++) {
    const mortality = new Mortality();
    const stage = new ScheduleStage({
      schedule: { cron: "0 * * * *", concurrencyPolicy: "Replace" },
      writer: (kube) => mortality.writer(kube),
    });
    await stage.liveUntil("2026-01-01T01:30:00Z");
    await stage.liveUntil("2026-01-01T01:59:59Z");
    await stage.clock.advance(1000);
    mortality.writesLeft = deathAt;
    await stage.pass();
    mortality.writesLeft = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < 3; turn++) await stage.pass();
    assert.deepEqual(
      stage.made,
      ["nightly-20260101010000", "nightly-20260101020000"],
      `died at write ${deathAt}`,
    );
    assert.ok(stage.isCancelled("nightly-20260101010000"));
    assert.ok(!stage.isCancelled("nightly-20260101020000"), "the new run is not taken for an old one");
    assert.equal(stage.eventsOf("BackupCreated").length, 2);
  }
});

Deno.test("BackupSchedule makes one Backup when two controllers work on the same slot", async () => {
  const stage = new ScheduleStage();
  await stage.liveUntil("2026-01-01T02:59:59Z");
  await stage.clock.advance(1000);
  const both = await Promise.all([stage.pass(), stage.pass()]);
  assert.deepEqual(both.map(({ kind }) => kind).toSorted(), ["after", "again"]);
  await stage.pass();
  assert.deepEqual(stage.made, ["nightly-20260101030000"]);
  assert.equal(stage.eventsOf("BackupCreated").length, 1);
  assert.equal(await stage.counter("kopiur_schedule_backups_created_total"), 1);
});

/** What may happen to a schedule, and for how many minutes it then goes on. */
const anyLife = fc.array(
  fc.record({
    what: fc.constantFrom(
      "nothing",
      "die",
      "jump",
      "back",
      "succeed",
      "fail",
      "run",
      "config goes",
      "config comes",
      "suspend",
      "resume",
      "status refused",
      "create refused",
    ),
    minutes: fc.integer({ min: 1, max: 200 }),
  }),
  { minLength: 1, maxLength: 14 },
);

Deno.test("BackupSchedule never makes two Backups for a slot, and never one without a BackupConfig or while suspended, whatever happens", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyLife,
      fc.constantFrom("Forbid", "Allow", "Replace"),
      async (life, concurrencyPolicy) => {
        const mortality = new Mortality();
        const stage = new ScheduleStage({
          schedule: { cron: "0 * * * *", jitter: "20m", concurrencyPolicy },
          spec: { failedJobsHistoryLimit: 1 },
          writer: (kube) => mortality.writer(kube),
        });
        let mayMake = true;
        let isSuspended = false;
        let before = 0;
        for (const { what, minutes } of life) {
          happen(what);
          // Let a controller that died be replaced, and one that was refused try again.
          await stage.pass();
          mortality.writesLeft = Number.POSITIVE_INFINITY;
          await stage.pass();
          await stage.liveUntil(new Date(stage.clock.epochMs() + minutes * 60_000).toISOString());
          if (!mayMake || isSuspended) assert.equal(stage.made.length, before, what);
          before = stage.made.length;
          assert.equal(new Set(stage.made).size, stage.made.length, `made twice: ${stage.made}`);
        }
        assert.ok(stage.eventsOf("BackupCreated").length <= stage.made.length, "told more than was made");
        assert.equal(
          await stage.counter("kopiur_schedule_backups_created_total") ?? 0,
          stage.eventsOf("BackupCreated").length,
        );
        for (const name of stage.made) assert.equal(new Date(slotOfRun(name) ?? 1).getUTCMinutes(), 0);

        function happen(what: string): void {
          const active = stage.backups.filter((name) => stage.backup(name)["status"] === undefined);
          const [first] = active;
          switch (what) {
            case "die":
              mortality.writesLeft = 1;
              return;
            case "jump":
              return stage.setTime(new Date(stage.clock.epochMs() + 26 * 3_600_000).toISOString());
            case "back":
              return stage.setTime(new Date(stage.clock.epochMs() - 5 * 3_600_000).toISOString());
            case "succeed":
              return first === undefined ? undefined : stage.setPhase(first, "Succeeded", SAVED);
            case "fail":
              // One that holds something, so that it stays: of a run that went nobody knows that it was there.
              return first === undefined ? undefined : stage.setPhase(first, "Failed", SAVED);
            case "run":
              return first === undefined ? undefined : stage.setPhase(first, "Running");
            case "config goes":
              mayMake = false;
              before = stage.made.length;
              return stage.kube.delete(aBackupConfig());
            case "config comes":
              mayMake = true;
              return void stage.kube.put(aBackupConfig());
            case "suspend":
            case "resume":
              isSuspended = what === "suspend";
              before = stage.made.length;
              return stage.edit({ schedule: { suspend: isSuspended } });
            case "status refused":
              return stage.kube.failNext("status", refusal(409, "Cannot change it: it changed meanwhile"));
            case "create refused":
              return stage.kube.failNext("create", new TransientError("KubeApiError", "no answer"));
          }
        }
      },
    ),
    { numRuns: 25 },
  );
});
