import assert from "node:assert/strict";
import { SAVED, ScheduleStage } from "./stage_test.ts";

Deno.test("BackupSchedule makes up for the newest slot only when the controller was down over ten of them", async () => {
  const stage = new ScheduleStage({ schedule: { cron: "0 * * * *" } });
  await stage.liveUntil("2026-01-01T01:30:00Z");
  stage.setPhase("nightly-20260101010000", "Succeeded", SAVED);
  stage.setTime("2026-01-01T11:20:00Z");
  await stage.pass();
  assert.deepEqual(stage.made, ["nightly-20260101010000", "nightly-20260101110000"]);
  assert.deepEqual(stage.status.missedSlots, { total: 9, lastAt: "2026-01-01T10:00:00Z" });
  assert.deepEqual(stage.eventsOf("MissedSchedule"), [
    "Warning MissedSchedule: 9 slots from 2026-01-01T02:00:00Z to 2026-01-01T10:00:00Z passed without a Backup: " +
    "the controller or the BackupConfig was not there in time. Only the newest slot is made up for",
  ]);
  assert.match(
    stage.eventsOf("BackupCreated").at(-1) ?? "",
    /for the slot 2026-01-01T11:00:00Z, 1200 seconds late$/,
  );
  assert.equal(await stage.counter("kopiur_schedule_missed_total"), 9);
  assert.equal(await stage.counter("kopiur_schedule_backups_created_total"), 2);
  stage.setPhase("nightly-20260101110000", "Succeeded", SAVED);
  await stage.liveUntil("2026-01-01T12:30:00Z");
  assert.equal(stage.made.length, 3);
  assert.equal(stage.status.missedSlots?.total, 9);
});

Deno.test("BackupSchedule says one missed slot as one", async () => {
  const stage = new ScheduleStage();
  await stage.pass();
  stage.setTime("2026-01-02T12:00:00Z");
  await stage.pass();
  assert.match(
    stage.eventsOf("MissedSchedule")[0] ?? "",
    /: The slot 2026-01-01T03:00:00Z passed without a Backup: /,
  );
});

Deno.test("BackupSchedule that was made while the controller was down makes up for the slot since", async () => {
  const stage = new ScheduleStage({ start: "2026-01-01T04:00:00Z" });
  await stage.pass();
  assert.deepEqual(stage.made, ["nightly-20260101030000"]);
  assert.equal(stage.status.missedSlots?.total, 0);
});

Deno.test("BackupSchedule counts a thousand slots of a long absence one by one, and says that there were more", async () => {
  const stage = new ScheduleStage({ schedule: { cron: "* * * * *" } });
  await stage.pass();
  stage.setTime("2026-03-01T00:00:30Z");
  await stage.pass();
  assert.deepEqual(stage.made, ["nightly-20260301000000"]);
  assert.deepEqual(stage.status.missedSlots, { total: 1000, lastAt: "2026-02-28T23:59:00Z" });
  assert.match(
    stage.eventsOf("MissedSchedule")[0] ?? "",
    /More than 1000 slots from 2026-01-01T00:01:00Z to 2026-02-28T23:59:00Z/,
  );
  assert.equal(await stage.counter("kopiur_schedule_missed_total"), 1000);
  await stage.clock.advance(10_000);
  await stage.pass();
  assert.equal(stage.status.missedSlots?.total, 1000);
});

Deno.test("BackupSchedule skips the newest slot as well when it is later than startingDeadlineSeconds", async () => {
  const stage = new ScheduleStage({ schedule: { cron: "0 * * * *", startingDeadlineSeconds: 600 } });
  await stage.pass();
  stage.setTime("2026-01-01T05:10:01Z");
  await stage.pass();
  assert.deepEqual(stage.made, []);
  assert.deepEqual(stage.status.skippedSlots, {
    forbid: 0,
    startingDeadline: 1,
    lastAt: "2026-01-01T05:00:00Z",
    lastReason: "StartingDeadline",
  });
  assert.equal(stage.status.missedSlots?.total, 4);
  assert.equal(
    stage.eventsOf("MissedSchedule").at(-1),
    "Warning MissedSchedule: The slot 2026-01-01T05:00:00Z is left out: it is 601 seconds late, more than " +
      "startingDeadlineSeconds (600)",
  );
  assert.equal(await stage.counter("kopiur_schedule_skipped_total", ',reason="StartingDeadline"'), 1);
  assert.match(stage.ready, /^True Ready: The next Backup is made at 2026-01-01T06:00:00Z/);
});

Deno.test("BackupSchedule starts a slot that is just within startingDeadlineSeconds, counted from its jitter on", async () => {
  const stage = new ScheduleStage({ schedule: { jitter: "1h", startingDeadlineSeconds: 0 } });
  await stage.pass();
  const startAt = stage.status.nextSchedule?.startAt ?? assert.fail();
  stage.setTime(startAt);
  await stage.clock.advance(900);
  await stage.pass();
  assert.deepEqual(stage.made, ["nightly-20260101030000"]);
});

Deno.test("BackupSchedule takes a clock that jumped forward for one absence, and waits for no future when it is put back", async () => {
  const stage = new ScheduleStage();
  await stage.liveUntil("2026-01-01T04:00:00Z");
  stage.setPhase("nightly-20260101030000", "Succeeded", SAVED);
  stage.setTime("2026-02-01T12:00:00Z");
  await stage.pass();
  assert.deepEqual(stage.made, ["nightly-20260101030000", "nightly-20260201030000"]);
  assert.equal(stage.status.missedSlots?.total, 30);
  stage.setPhase("nightly-20260201030000", "Succeeded", SAVED);
  await stage.pass();
  assert.equal(stage.status.lastSuccessfulSchedule?.at, "2026-02-01T03:00:00Z");

  stage.setTime("2026-01-01T12:10:00Z");
  await stage.pass();
  assert.equal(stage.status.nextSchedule?.at, "2026-01-02T03:00:00Z");
  assert.equal(stage.status.lastSuccessfulSchedule?.at, "2026-01-01T03:00:00Z");
  await stage.liveUntil("2026-01-02T12:00:00Z");
  assert.equal(stage.made.at(-1), "nightly-20260102030000");
  assert.equal(stage.status.missedSlots?.total, 30);
});

Deno.test("BackupSchedule makes no second Backup for a slot that comes again because the clock was put back", async () => {
  const stage = new ScheduleStage();
  await stage.liveUntil("2026-01-01T04:00:00Z");
  stage.setPhase("nightly-20260101030000", "Succeeded", SAVED);
  stage.setTime("2026-01-01T02:00:00Z");
  await stage.liveUntil("2026-01-01T04:00:00Z");
  assert.deepEqual(stage.made, ["nightly-20260101030000"]);
  // Not even when its Backup was deleted meanwhile.
  stage.kube.delete(stage.backup("nightly-20260101030000"));
  stage.setTime("2026-01-01T02:00:00Z");
  await stage.liveUntil("2026-01-01T04:00:00Z");
  assert.deepEqual(stage.made, ["nightly-20260101030000"]);
  assert.equal(stage.eventsOf("BackupCreated").length, 1);
  assert.equal(await stage.counter("kopiur_schedule_backups_created_total"), 1);
  assert.match(stage.ready, /2026-01-02T03:00:00Z$/);
});

Deno.test("BackupSchedule is not confused by replicas whose clocks differ by some seconds", async () => {
  const stage = new ScheduleStage();
  await stage.liveUntil("2026-01-01T03:00:01Z");
  const before = stage.kube.writes.length;
  stage.setTime("2026-01-01T02:59:57Z");
  await stage.pass();
  assert.deepEqual([stage.kube.writes.length, stage.made], [before, ["nightly-20260101030000"]]);
});
