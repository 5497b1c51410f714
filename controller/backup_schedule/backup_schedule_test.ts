import assert from "node:assert/strict";
import { ANNOTATION, API_VERSION, LABEL } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { aBackup, aBackupConfig } from "../../tests/support/mod.ts";
import { labelValue } from "../shared/mod.ts";
import { aBackupSchedule, SAVED, ScheduleStage, type StageParts, UNCHANGED } from "./stage_test.ts";

Deno.test("BackupSchedule makes a Backup for each slot, by label and without an owner", async () => {
  const stage = new ScheduleStage({
    spec: { backupTemplate: { tags: { team: "db" }, description: "by night", deletionPolicy: "Retain" } },
  });
  await stage.liveUntil("2026-01-01T12:00:00Z");
  assert.deepEqual(stage.backups, ["nightly-20260101030000"]);
  const { metadata, spec } = stage.backup("nightly-20260101030000");
  assert.deepEqual(metadata.labels, {
    [LABEL.origin]: "scheduled",
    [LABEL.schedule]: "nightly",
    [LABEL.config]: "recipe",
  });
  assert.equal(metadata.ownerReferences, undefined);
  assert.deepEqual(spec, {
    configRef: { name: "recipe" },
    tags: { team: "db" },
    description: "by night",
    deletionPolicy: "Retain",
  });
  stage.setPhase("nightly-20260101030000", "Succeeded", SAVED);
  await stage.liveUntil("2026-01-03T12:00:00Z");
  stage.setPhase("nightly-20260102030000", "Succeeded", SAVED);
  assert.deepEqual(stage.made, ["nightly-20260101030000", "nightly-20260102030000"]);
});

Deno.test("BackupSchedule fires at its slot to the second, and says what was and what comes", async () => {
  const stage = new ScheduleStage();
  await stage.liveUntil("2026-01-01T02:59:59Z");
  assert.deepEqual(stage.backups, []);
  assert.equal(stage.ready, "True Ready: The next Backup is made at 2026-01-01T03:00:00Z");
  await stage.clock.advance(1000);
  assert.deepEqual(await stage.pass(), { kind: "after", seconds: 3600 });
  assert.deepEqual(stage.status.lastSchedule, {
    at: "2026-01-01T03:00:00Z",
    backupRef: { name: "nightly-20260101030000" },
  });
  assert.deepEqual(stage.status.nextSchedule, {
    at: "2026-01-02T03:00:00Z",
    startAt: "2026-01-02T03:00:00Z",
    backupRef: { name: "nightly-20260102030000" },
  });
  assert.deepEqual(stage.status.resolved, { cron: "0 3 * * *", timezone: "UTC", intervalSeconds: 86400 });
  assert.equal(stage.ready, "True Ready: The next Backup is made at 2026-01-02T03:00:00Z");
  assert.deepEqual(stage.eventsOf("BackupCreated"), [
    'Normal BackupCreated: Made Backup "nightly-20260101030000" for the slot 2026-01-01T03:00:00Z',
  ]);
  assert.equal(await stage.counter("kopiur_schedule_backups_created_total"), 1);
});

Deno.test("BackupSchedule writes nothing on a pass that finds nothing new", async () => {
  const stage = new ScheduleStage();
  await stage.liveUntil("2026-01-01T04:00:00Z");
  stage.setPhase("nightly-20260101030000", "Succeeded", SAVED);
  await stage.pass();
  const writes = stage.kube.writes.length;
  await stage.liveUntil("2026-01-02T02:59:00Z");
  assert.equal(stage.kube.writes.length, writes);
});

Deno.test("BackupSchedule waits exactly for its next slot, an hour at most and a second at least", async () => {
  const stage = new ScheduleStage({ start: "2026-01-01T00:30:00Z" });
  assert.deepEqual(await stage.pass(), { kind: "after", seconds: 3600 });
  stage.setTime("2026-01-01T02:29:30.250Z");
  assert.deepEqual(await stage.pass(), { kind: "after", seconds: 1829.75 });
  stage.setTime("2026-01-01T02:59:59.999Z");
  assert.deepEqual(await stage.pass(), { kind: "after", seconds: 1 });
});

Deno.test("BackupSchedule shows its counters at 0 from its first pass, until it is gone", async () => {
  const stage = new ScheduleStage();
  await stage.pass();
  const mine = () =>
    stage.probe.series("kopiur_schedule_").then((all) => all.filter((line) => line.includes("_total")));
  assert.deepEqual((await mine()).toSorted(), [
    'kopiur_schedule_backups_created_total{namespace="apps",name="nightly"} 0',
    'kopiur_schedule_missed_total{namespace="apps",name="nightly"} 0',
    'kopiur_schedule_skipped_total{namespace="apps",name="nightly",reason="Forbid"} 0',
    'kopiur_schedule_skipped_total{namespace="apps",name="nightly",reason="StartingDeadline"} 0',
  ]);
  stage.kube.delete(stage.object);
  await stage.pass();
  assert.deepEqual(await mine(), []);
});

Deno.test("BackupSchedule that is deleted deletes no Backup and makes none", async () => {
  const stage = new ScheduleStage();
  await stage.liveUntil("2026-01-01T12:00:00Z");
  stage.kube.put({
    ...stage.object,
    metadata: { ...stage.object.metadata, finalizers: ["other.example/holds"] },
  });
  stage.kube.delete(stage.object);
  stage.setTime("2026-01-02T12:00:00Z");
  await stage.pass();
  assert.deepEqual(stage.backups, ["nightly-20260101030000"]);
  assert.ok(!stage.kube.writes.some((write) => write.startsWith("remove")));
});

Deno.test("BackupSchedule with runOnCreate makes one Backup at once, named by its creation, and never again", async () => {
  const stage = new ScheduleStage({ schedule: { runOnCreate: true } });
  await stage.pass();
  assert.deepEqual(stage.made, ["nightly-20260101000001"]);
  stage.setPhase("nightly-20260101000001", "Succeeded", SAVED);
  await stage.liveUntil("2026-01-01T12:00:00Z");
  assert.deepEqual(stage.made, ["nightly-20260101000001", "nightly-20260101030000"]);
  stage.edit({ schedule: { cron: "0 5 * * *" } });
  await stage.liveUntil("2026-01-02T04:00:00Z");
  assert.equal(stage.made.length, 2);
});

Deno.test("BackupSchedule does not make up for its creation when runOnCreate is set later", async () => {
  const stage = new ScheduleStage();
  await stage.pass();
  stage.edit({ schedule: { runOnCreate: true } });
  await stage.liveUntil("2026-01-01T02:00:00Z");
  assert.deepEqual(stage.made, []);
});

Deno.test("BackupSchedule that is created suspended runs on resume what runOnCreate asks for", async () => {
  const stage = new ScheduleStage({ schedule: { runOnCreate: true, suspend: true } });
  await stage.liveUntil("2026-01-04T12:00:00Z");
  assert.deepEqual(stage.made, []);
  stage.edit({ schedule: { suspend: false } });
  await stage.pass();
  assert.deepEqual(stage.made, ["nightly-20260101000001"]);
  assert.equal(stage.status.missedSlots?.total, 0);
});

Deno.test("BackupSchedule that is suspended makes nothing, misses nothing, and makes up for nothing", async () => {
  const stage = new ScheduleStage();
  await stage.liveUntil("2026-01-01T12:00:00Z");
  stage.setPhase("nightly-20260101030000", "Succeeded", SAVED);
  stage.edit({ schedule: { suspend: true } });
  assert.deepEqual(await stage.pass(), { kind: "forget" });
  assert.match(stage.ready, /^False Suspended: /);
  assert.equal(stage.status.nextSchedule, undefined);
  assert.equal(stage.status.suspendedSince, "2026-01-01T12:00:00Z");
  assert.deepEqual(stage.eventsOf("Suspended").length, 1);
  stage.setTime("2026-01-05T12:00:00Z");
  await stage.pass();
  assert.equal(stage.status.suspendedSince, "2026-01-01T12:00:00Z");
  stage.edit({ schedule: { suspend: false } });
  await stage.liveUntil("2026-01-06T12:00:00Z");
  assert.deepEqual(stage.made, ["nightly-20260101030000", "nightly-20260106030000"]);
  assert.equal(stage.status.missedSlots?.total, 0);
  assert.equal(stage.status.suspendedSince, undefined);
  assert.deepEqual(stage.eventsOf("Suspended").length, 1);
  assert.deepEqual(stage.eventsOf("MissedSchedule"), []);
});

Deno.test("BackupSchedule takes an edit of its cron from then on", async () => {
  const stage = new ScheduleStage();
  await stage.liveUntil("2026-01-01T12:00:00Z");
  // 09:00 is over: it was no slot when it was.
  stage.edit({ schedule: { cron: "0 9 * * *" } });
  await stage.liveUntil("2026-01-02T08:00:00Z");
  assert.deepEqual(stage.made, ["nightly-20260101030000"]);
  assert.equal(stage.status.nextSchedule?.at, "2026-01-02T09:00:00Z");
  stage.edit({ schedule: { timezone: "Europe/Berlin" } });
  await stage.pass();
  assert.equal(stage.status.nextSchedule?.at, "2026-01-03T08:00:00Z");
  assert.equal(stage.status.missedSlots?.total, 0);
});

Deno.test("BackupSchedule keeps a slot whose jitter runs when something else of it is edited", async () => {
  const stage = new ScheduleStage({ schedule: { jitter: "2h" } });
  await stage.liveUntil("2026-01-01T02:00:00Z");
  const startAt = stage.status.nextSchedule?.startAt ?? assert.fail();
  assert.match(startAt, /^2026-01-01T0[34]:/);
  assert.notEqual(startAt, "2026-01-01T03:00:00Z");
  await stage.liveUntil("2026-01-01T03:00:01Z");
  stage.edit({ spec: { backupTemplate: { description: "new" } } });
  await stage.pass();
  assert.deepEqual([stage.made, stage.status.nextSchedule?.startAt], [[], startAt]);
  await stage.liveUntil(startAt);
  await stage.pass();
  assert.deepEqual(stage.made, ["nightly-20260101030000"]);
  assert.equal(stage.status.lastSchedule?.at, "2026-01-01T03:00:00Z");
});

const senseless: Readonly<Record<string, { schedule: Readonly<Record<string, unknown>>; ready: RegExp }>> = {
  "a cron of six fields": {
    schedule: { cron: "0 0 3 * * *" },
    ready:
      /^False InvalidSpec: Cannot read the cron expression "0 0 3 \* \* \*": it has 6 fields, expected five/,
  },
  "a minute there is not": {
    schedule: { cron: "75 3 * * *" },
    ready: /^False InvalidSpec: .*minute is "75", expected a number from 0 to 59/,
  },
  "an unknown zone": {
    schedule: { timezone: "Europe/Atlantis" },
    ready:
      /^False InvalidSpec: Cannot read the time zone "Europe\/Atlantis": it is not known, expected an IANA name/,
  },
  "an abbreviated zone": {
    schedule: { timezone: "BST" },
    ready: /^False InvalidSpec: Cannot read the time zone "BST"/,
  },
  "a jitter longer than the period": {
    schedule: { cron: "*/10 * * * *", jitter: "11m" },
    ready:
      /^False InvalidSpec: Cannot spread the slots of .* over "11m": two of them may be only 600 seconds apart/,
  },
  "an endless jitter": {
    schedule: { jitter: "9999999999999999999h" },
    ready: /^False InvalidSpec: Cannot read the jitter/,
  },
  "a jitter that is none": {
    schedule: { jitter: "soon" },
    ready: /^False InvalidSpec: Cannot read BackupSchedule "nightly": spec.schedule.jitter/,
  },
  "a day there never is": {
    schedule: { cron: "0 0 30 2 *" },
    ready: /^False NeverDue: Cannot make Backups by "0 0 30 2 \*": there is no such day in any year/,
  },
};
for (const [what, { schedule, ready }] of Object.entries(senseless)) {
  Deno.test(`BackupSchedule with ${what} is stalled with a sentence, and goes on from where it was mended`, async () => {
    const stage = new ScheduleStage({ schedule });
    assert.deepEqual(await stage.pass(), { kind: "forget" });
    assert.match(stage.ready, ready);
    assert.deepEqual([stage.made, stage.status.nextSchedule], [[], undefined]);
    stage.setTime("2026-01-05T12:00:00Z");
    stage.kube.put({ ...aBackupSchedule({ schedule: { jitter: "10m" } }), status: stage.object["status"] });
    await stage.pass();
    assert.match(stage.ready, /^True Ready/);
    assert.deepEqual([stage.made, stage.status.missedSlots?.total], [[], 0]);
    assert.equal(stage.status.nextSchedule?.at, "2026-01-06T03:00:00Z");
  });
}

Deno.test("BackupSchedule takes a jitter as long as the period", async () => {
  const stage = new ScheduleStage({ schedule: { cron: "*/10 * * * *", jitter: "10m" } });
  await stage.pass();
  assert.match(stage.ready, /^True Ready/);
});

Deno.test("BackupSchedule waits for a BackupConfig that comes later, and makes up for the newest slot only", async () => {
  const stage = new ScheduleStage({ withoutConfig: true });
  await stage.liveUntil("2026-01-01T02:00:00Z");
  assert.match(
    stage.ready,
    /^Unknown ConfigNotFound: BackupConfig "recipe" does not exist in namespace "apps"/,
  );
  await stage.liveUntil("2026-01-03T12:00:00Z");
  assert.deepEqual(stage.made, []);
  assert.equal(stage.status.pendingSlot, "2026-01-03T03:00:00Z");
  assert.deepEqual(stage.status.missedSlots, { total: 2, lastAt: "2026-01-02T03:00:00Z" });
  assert.equal(stage.status.nextSchedule?.backupRef.name, "nightly-20260103030000");
  assert.equal(stage.eventsOf("ConfigNotFound").length, 1);
  stage.kube.put(aBackupConfig());
  await stage.pass();
  assert.deepEqual(stage.made, ["nightly-20260103030000"]);
  assert.match(stage.ready, /^True Ready/);
  assert.equal(stage.status.pendingSlot, undefined);
  assert.equal(await stage.counter("kopiur_schedule_missed_total"), 2);
});

Deno.test("BackupSchedule makes no Backup while its BackupConfig is being deleted, and goes on when it is back", async () => {
  const stage = new ScheduleStage();
  await stage.liveUntil("2026-01-01T12:00:00Z");
  stage.setPhase("nightly-20260101030000", "Succeeded", SAVED);
  stage.kube.put(
    aBackupConfig({ metadata: { deletionTimestamp: "2026-01-01T12:00:00Z", finalizers: ["x"] } }),
  );
  await stage.liveUntil("2026-01-02T12:00:00Z");
  assert.deepEqual(stage.made, ["nightly-20260101030000"]);
  stage.kube.put(aBackupConfig());
  await stage.pass();
  assert.deepEqual(stage.made, ["nightly-20260101030000", "nightly-20260102030000"]);
});

Deno.test("BackupSchedule skips the slot its BackupConfig missed when the deadline is over", async () => {
  const stage = new ScheduleStage({ withoutConfig: true, schedule: { startingDeadlineSeconds: 3600 } });
  await stage.liveUntil("2026-01-01T05:00:00Z");
  stage.kube.put(aBackupConfig());
  await stage.pass();
  assert.deepEqual(stage.made, []);
  assert.equal(stage.status.skippedSlots?.startingDeadline, 1);
});

Deno.test("BackupSchedule under Forbid skips each slot at its time while a run has not ended, and tells each once", async () => {
  const stage = new ScheduleStage({ schedule: { cron: "0 * * * *" } });
  await stage.liveUntil("2026-01-01T01:30:00Z");
  stage.setPhase("nightly-20260101010000", "Running");
  await stage.liveUntil("2026-01-01T03:30:00Z");
  assert.deepEqual(stage.made, ["nightly-20260101010000"]);
  assert.deepEqual(stage.status.skippedSlots, {
    forbid: 2,
    startingDeadline: 0,
    lastAt: "2026-01-01T03:00:00Z",
    lastReason: "Forbid",
  });
  assert.deepEqual(stage.eventsOf("SkippedSchedule"), [
    'Warning SkippedSchedule: The slot 2026-01-01T02:00:00Z is left out: Backup "nightly-20260101010000" has not ended',
    'Warning SkippedSchedule: The slot 2026-01-01T03:00:00Z is left out: Backup "nightly-20260101010000" has not ended',
  ]);
  assert.match(stage.ready, /^True Ready/);
  // The old slots do not fire once it is free.
  stage.setPhase("nightly-20260101010000", "Succeeded", SAVED);
  await stage.liveUntil("2026-01-01T04:30:00Z");
  assert.deepEqual(stage.made, ["nightly-20260101010000", "nightly-20260101040000"]);
  assert.equal(await stage.counter("kopiur_schedule_skipped_total", ',reason="Forbid"'), 2);
  assert.equal(await stage.counter("kopiur_schedule_missed_total"), 0);
});

const notActive: Readonly<Record<string, (stage: ScheduleStage) => void>> = {
  "failed": (stage) => stage.setPhase("nightly-20260101010000", "Failed"),
  "is being deleted": (stage) => {
    const backup = stage.backup("nightly-20260101010000");
    stage.kube.put({
      ...backup,
      metadata: { ...backup.metadata, deletionTimestamp: "2026-01-01T01:30:00Z" },
    });
  },
  "was deleted": (stage) => stage.kube.delete(stage.backup("nightly-20260101010000")),
  "is another schedule's": (stage) => {
    stage.setPhase("nightly-20260101010000", "Succeeded", SAVED);
    stage.kube.put(
      aBackup({ metadata: { labels: { [LABEL.schedule]: "other" } }, status: { phase: "Running" } }),
    );
  },
};
for (const [what, happens] of Object.entries(notActive)) {
  Deno.test(`BackupSchedule under Forbid makes a Backup when the one before ${what}`, async () => {
    const stage = new ScheduleStage({ schedule: { cron: "0 * * * *" } });
    await stage.liveUntil("2026-01-01T01:30:00Z");
    happens(stage);
    await stage.liveUntil("2026-01-01T02:30:00Z");
    assert.equal(stage.made.at(-1), "nightly-20260101020000");
  });
}

Deno.test("BackupSchedule under Allow lets runs overlap", async () => {
  const stage = new ScheduleStage({ schedule: { cron: "0 * * * *", concurrencyPolicy: "Allow" } });
  await stage.liveUntil("2026-01-01T03:30:00Z");
  assert.equal(stage.made.length, 3);
  assert.ok(stage.made.every((name) => !stage.isCancelled(name)));
});

Deno.test("BackupSchedule under Replace makes the new one, and then stops every older run that has not ended", async () => {
  const stage = new ScheduleStage({ schedule: { cron: "0 * * * *", concurrencyPolicy: "Replace" } });
  await stage.liveUntil("2026-01-01T01:30:00Z");
  stage.setPhase("nightly-20260101010000", "Running");
  const pending = stage.putRun("20260101013000", "Pending");
  const ended = stage.putRun("20260101003000", "Succeeded", SAVED);
  await stage.liveUntil("2026-01-01T02:00:00Z");
  assert.deepEqual([stage.made.length, stage.isCancelled(pending)], [2, false]);
  await stage.liveUntil("2026-01-01T02:00:01Z");
  assert.ok(stage.isCancelled("nightly-20260101010000"));
  assert.ok(stage.isCancelled(pending));
  assert.ok(!stage.isCancelled(ended));
  assert.ok(!stage.isCancelled("nightly-20260101020000"));
  assert.match(
    stage.eventsOf("BackupCreated").at(-1) ?? "",
    /"nightly-20260101020000".*in the place of .*"nightly-20260101010000"/,
  );
});

Deno.test("BackupSchedule under Replace leaves the word of a person on a run that is being stopped already", async () => {
  const stage = new ScheduleStage({ schedule: { cron: "0 * * * *", concurrencyPolicy: "Replace" } });
  const running = stage.putRun("20260101000000", "Running", {}, {
    annotations: { [ANNOTATION.cancelRun]: "by hand" },
  });
  await stage.liveUntil("2026-01-01T01:30:00Z");
  assert.equal(stage.backup(running).metadata.annotations?.[ANNOTATION.cancelRun], "by hand");
  assert.deepEqual(stage.made, ["nightly-20260101010000"]);
});

Deno.test("BackupSchedule remembers successes and counts failures in a row, also of runs that are deleted meanwhile", async () => {
  const stage = new ScheduleStage({ schedule: { cron: "0 * * * *" }, spec: { failedJobsHistoryLimit: 2 } });
  for (let hour = 1; hour <= 9; hour++) {
    await stage.liveUntil(`2026-01-01T0${hour}:10:00Z`);
    stage.setPhase(
      `nightly-202601010${hour}0000`,
      hour === 2 ? "Succeeded" : "Failed",
      hour === 2 ? SAVED : {},
    );
    for (let turn = 0; turn < 2; turn++) await stage.pass();
  }
  assert.equal(stage.status.lastSuccessfulSchedule?.at, "2026-01-01T02:00:00Z");
  assert.equal(stage.status.consecutiveFailures, 7);
  assert.deepEqual(stage.backups, [
    "nightly-20260101020000",
    "nightly-20260101080000",
    "nightly-20260101090000",
  ]);
  stage.kube.delete(stage.backup("nightly-20260101020000"));
  await stage.pass();
  assert.equal(stage.status.lastSuccessfulSchedule?.backupRef.name, "nightly-20260101020000");
  assert.equal(stage.status.consecutiveFailures, 7);
  await stage.liveUntil("2026-01-01T10:10:00Z");
  stage.setPhase("nightly-20260101100000", "Succeeded", SAVED);
  await stage.pass();
  assert.equal(stage.status.consecutiveFailures, 0);
  assert.equal(stage.status.lastSuccessfulSchedule?.at, "2026-01-01T10:00:00Z");
  await stage.liveUntil("2026-01-01T11:10:00Z");
  stage.setPhase("nightly-20260101110000", "Failed");
  await stage.pass();
  assert.equal(stage.status.consecutiveFailures, 1);
});

Deno.test("BackupSchedule deletes Failed and Unchanged runs over its limits, ten in a pass, with the word that it is routine", async () => {
  const stage = new ScheduleStage({ start: "2026-01-01T00:00:02Z" });
  for (let index = 0; index < 30; index++) {
    const slot = `202512${String(index + 1).padStart(2, "0")}03`;
    stage.putRun(`${slot}0000`, "Failed");
    stage.putRun(`${slot}0001`, "Succeeded", UNCHANGED);
    stage.putRun(`${slot}0002`, "Succeeded", SAVED);
  }
  const words = new Set<string>();
  const stop = stage.kube.subscribe(({ old, new: current }) => {
    if (old?.kind === "Backup" && current === undefined) {
      words.add(`${old.metadata.name.slice(-1)} ${old.metadata.annotations?.[ANNOTATION.deletedBy]}`);
    }
  });
  await stage.pass();
  assert.deepEqual(await stage.pass(), { kind: "after", seconds: 1 });
  assert.equal(stage.backups.length, 80);
  for (let turn = 0; turn < 7; turn++) await stage.pass();
  stop();
  assert.deepEqual([...words].toSorted(), ["0 history", "1 history"]);
  assert.deepEqual(stage.backups.filter((name) => !name.endsWith("2")), [
    "nightly-20251228030000",
    "nightly-20251228030001",
    "nightly-20251229030000",
    "nightly-20251229030001",
    "nightly-20251230030000",
    "nightly-20251230030001",
  ]);
  assert.equal(stage.backups.filter((name) => name.endsWith("2")).length, 30);
  assert.equal(stage.status.removedRuns?.total, 54);
  assert.equal(stage.eventsOf("HistoryLimited").length, 6);
  assert.match(
    stage.eventsOf("HistoryLimited")[0] ?? "",
    /^Normal HistoryLimited: Deleted 10 old runs without a snapshot: "nightly-20251201030000", /,
  );
  assert.deepEqual(await stage.probe.series('kopiur_backup_pruned_total{namespace="apps",name="recipe"'), [
    'kopiur_backup_pruned_total{namespace="apps",name="recipe",by="history"} 54',
  ]);
  assert.equal(stage.status.consecutiveFailures, 0);
});

Deno.test("BackupSchedule never deletes a run for its age that is pinned or holds a snapshot, or one of somebody else", async () => {
  const stage = new ScheduleStage({ spec: { failedJobsHistoryLimit: 0, successfulJobsHistoryLimit: 0 } });
  stage.putRun("20251201030000", "Failed", SAVED);
  stage.kube.put({
    ...stage.backup(stage.putRun("20251202030000", "Failed")),
    spec: { configRef: { name: "recipe" }, pin: true },
  });
  stage.putRun("20251203030000", "Running");
  stage.putRun("20251204030000", "Failed");
  stage.kube.put(aBackup({ name: "by-hand", status: { phase: "Failed" } }));
  for (let turn = 0; turn < 3; turn++) await stage.pass();
  assert.deepEqual(stage.backups, [
    "by-hand",
    "nightly-20251201030000",
    "nightly-20251202030000",
    "nightly-20251203030000",
  ]);
});

Deno.test("BackupSchedule never deletes a run for its age that was put back", async () => {
  const stage = new ScheduleStage({ spec: { failedJobsHistoryLimit: 0, successfulJobsHistoryLimit: 0 } });
  const restored = stage.backup(stage.putRun("20251202030000", "Failed"));
  const annotations = { ...restored.metadata.annotations, [ANNOTATION.ranAs]: "uid-production" };
  stage.kube.put({ ...restored, metadata: { ...restored.metadata, annotations } });
  stage.putRun("20251204030000", "Failed");
  for (let turn = 0; turn < 3; turn++) await stage.pass();
  assert.deepEqual(stage.backups, ["nightly-20251202030000"]);
});

Deno.test("BackupSchedule counts no run with a snapshot against its limit, and deletes one that saved nothing of use", async () => {
  const stage = new ScheduleStage({ spec: { failedJobsHistoryLimit: 1 } });
  stage.putRun("20251201030000", "Failed");
  stage.putRun("20251202030000", "Failed", {
    snapshots: [{ source: "data", phase: "Failed", kopiaSnapshotID: "k1" }],
  });
  stage.putRun("20251203030000", "Failed");
  stage.putRun("20251204030000", "Failed", SAVED);
  for (let turn = 0; turn < 3; turn++) await stage.pass();
  assert.deepEqual(stage.backups, ["nightly-20251203030000", "nightly-20251204030000"]);
  assert.equal(stage.status.consecutiveFailures, 4);
});

Deno.test("BackupSchedule goes on counting failures that retention deleted", async () => {
  const stage = new ScheduleStage();
  for (const day of ["01", "02", "03"]) stage.putRun(`202512${day}030000`, "Failed", SAVED);
  await stage.pass();
  for (const day of ["01", "02"]) stage.kube.delete(stage.backup(`nightly-202512${day}030000`));
  await stage.pass();
  assert.equal(stage.status.consecutiveFailures, 3);
  stage.putRun("20251204030000", "Failed", SAVED);
  await stage.pass();
  assert.equal(stage.status.consecutiveFailures, 4);
  stage.putRun("20251205030000", "Succeeded", SAVED);
  await stage.pass();
  assert.equal(stage.status.consecutiveFailures, 0);
});

Deno.test("BackupSchedule limits its history also while it is suspended or makes no sense", async () => {
  for (const schedule of [{ suspend: true }, { cron: "0 0 99 * *" }]) {
    const stage = new ScheduleStage({ schedule, spec: { failedJobsHistoryLimit: 1 } });
    stage.putRun("20251201030000", "Failed");
    stage.putRun("20251202030000", "Failed");
    const action = await stage.pass();
    assert.ok(action.kind === "after" && action.seconds < 2, JSON.stringify(action));
    await stage.pass();
    assert.deepEqual(stage.backups, ["nightly-20251202030000"]);
  }
});

Deno.test("BackupSchedule yields its gauges from the cache", async () => {
  const parts: StageParts = { schedule: { cron: "0 3 * * 1-5", jitter: "1h" } };
  const stage = new ScheduleStage(parts);
  const samples = () => [...stage.kind.samples(stage.kube, stage.clock.now())];
  assert.deepEqual(samples().map(({ name }) => name), ["kopiur_schedule_suspended"]);
  await stage.pass();
  const labels = { namespace: "apps", name: "nightly" };
  assert.deepEqual(samples(), [
    { name: "kopiur_schedule_suspended", labels, value: 0 },
    {
      name: "kopiur_schedule_expected_interval_seconds",
      labels: { ...labels, config: "recipe" },
      value: 3 * 86400,
    },
    {
      name: "kopiur_schedule_next_run_timestamp_seconds",
      labels,
      value: Date.parse(stage.status.nextSchedule?.startAt ?? "") / 1000,
    },
  ]);
  stage.edit({ schedule: { suspend: true } });
  await stage.pass();
  assert.deepEqual(samples(), [{ name: "kopiur_schedule_suspended", labels, value: 1 }]);
});

Deno.test("BackupSchedule is woken by its BackupConfig and by its runs that ended, and by no others", () => {
  const long = "n".repeat(70);
  const { kube, kind } = new ScheduleStage();
  kube.put(aBackupSchedule({ name: long, spec: { configRef: { name: "other" } } }));
  const wokenBy = (object: KubeObject) =>
    kind.watches.filter(({ resource }) => resource.kind === object.kind)
      .flatMap((watch) => watch.keys?.(object, kube) ?? []).map(({ name }) => name);
  const aRun = (label: string, phase: string) =>
    aBackup({ metadata: { labels: { [LABEL.schedule]: label } }, status: { phase } });
  assert.deepEqual(wokenBy(aBackupConfig()), ["nightly"]);
  assert.deepEqual(wokenBy(aBackupConfig({ namespace: "else" })), []);
  assert.deepEqual(wokenBy(aRun("nightly", "Succeeded")), ["nightly"]);
  assert.deepEqual(wokenBy(aRun("nightly", "Failed")), ["nightly"]);
  assert.deepEqual(wokenBy(aRun("nightly", "Running")), []);
  assert.deepEqual(wokenBy(aRun("other", "Succeeded")), []);
  assert.deepEqual(wokenBy(aBackup({ status: { phase: "Succeeded" } })), []);
  assert.deepEqual(wokenBy(aRun(labelValue(long), "Succeeded")), [long]);
});

Deno.test("BackupSchedule of a long name finds its runs by a label that fits, and makes names that fit", async () => {
  const name = `${"n".repeat(40)}.${"o".repeat(100)}`;
  const stage = new ScheduleStage({ name, schedule: { cron: "0 * * * *" } });
  await stage.liveUntil("2026-01-01T03:30:00Z");
  assert.equal(stage.made.length, 1);
  assert.match(stage.made[0] ?? "", /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])$/);
  assert.equal(stage.status.skippedSlots?.forbid, 2);
  assert.equal(
    stage.kube.find(API_VERSION, "Backup", { namespace: "apps", name: stage.made[0] ?? "" })
      ?.metadata.labels?.[LABEL.schedule]?.length,
    63,
  );
});

Deno.test("BackupSchedule reads the Backups of its own only", async () => {
  const asked: string[] = [];
  const stage = new ScheduleStage({
    reader: (kube) => ({
      get: (resource, key) => kube.get(resource, key),
      list: (resource, query = {}) => {
        asked.push(`${resource.plural} by ${query.index?.name} in ${query.namespace}`);
        return kube.list(resource, query);
      },
      count: () => assert.fail("nothing is counted"),
      read: () => assert.fail("nothing is read live"),
      readLog: () => assert.fail("no log is read"),
      serverNow: () => kube.serverNow(),
    }),
  });
  await stage.liveUntil("2026-01-01T03:30:00Z");
  assert.deepEqual([...new Set(asked)], ["backups by backupsBySchedule in apps"]);
});
