import assert from "node:assert/strict";
import fc from "fast-check";
import { type Cron, parseCron } from "./cron.ts";
import { cronInterval } from "./interval.ts";
import { cronZone, instantOfWall } from "./zone.ts";
import { type CronSlots, slotsOfCron } from "./slots.ts";

function cronOf(text: string, uid = "uid"): Cron {
  const reading = parseCron(text, uid);
  return reading.kind === "cron" ? reading.cron : assert.fail(reading.why);
}

function slotsOf(text: string, zone = "UTC"): CronSlots {
  return slotsOfCron(cronOf(text), cronZone(zone) ?? assert.fail(zone));
}

function shown(timeMs: number | undefined): string {
  return timeMs === undefined ? "none" : new Date(timeMs).toISOString().replace(":00.000Z", "Z");
}

/** Worked out by hand: the slots after a moment, in order. */
const tables: readonly {
  readonly cron: string;
  readonly zone?: string;
  readonly from: string;
  readonly slots: readonly string[];
}[] = [
  { cron: "30 3 * * *", from: "2026-01-02T03:29:59Z", slots: ["2026-01-02T03:30Z", "2026-01-03T03:30Z"] },
  { cron: "30 3 * * *", from: "2026-01-02T03:30:00Z", slots: ["2026-01-03T03:30Z"] },
  {
    cron: "*/20 9-10 * * MON-FRI",
    from: "2026-01-02T10:20:00Z",
    slots: ["2026-01-02T10:40Z", "2026-01-05T09:00Z", "2026-01-05T09:20Z"],
  },
  // Either the first of the month or a Monday.
  {
    cron: "0 0 1 * MON",
    from: "2026-01-26T00:00:00Z",
    slots: ["2026-02-01T00:00Z", "2026-02-02T00:00Z", "2026-02-09T00:00Z"],
  },
  // Mondays on odd days.
  { cron: "0 0 */2 * MON", from: "2026-01-01T00:00:00Z", slots: ["2026-01-05T00:00Z", "2026-01-19T00:00Z"] },
  { cron: "0 12 29 2 *", from: "2026-01-01T00:00:00Z", slots: ["2028-02-29T12:00Z", "2032-02-29T12:00Z"] },
  { cron: "0 0 29 2 *", from: "2096-03-01T00:00:00Z", slots: ["2104-02-29T00:00Z"] },
  { cron: "0 0 31 * *", from: "2026-01-31T00:00:00Z", slots: ["2026-03-31T00:00Z", "2026-05-31T00:00Z"] },
  {
    cron: "30 2 * * *",
    zone: "Europe/Berlin",
    from: "2026-03-27T12:00:00Z",
    slots: ["2026-03-28T01:30Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z"],
  },
  {
    cron: "*/30 * * * *",
    zone: "Europe/Berlin",
    from: "2026-03-29T00:15:00Z",
    slots: ["2026-03-29T00:30Z", "2026-03-29T01:00Z", "2026-03-29T01:30Z"],
  },
  {
    cron: "30 2 * * *",
    zone: "Europe/Berlin",
    from: "2026-10-24T12:00:00Z",
    slots: ["2026-10-25T00:30Z", "2026-10-26T01:30Z"],
  },
  // The clock shows 02:10 for the second time: nothing until 03:00.
  { cron: "*/30 * * * *", zone: "Europe/Berlin", from: "2026-10-25T01:10:00Z", slots: ["2026-10-25T02:00Z"] },
  {
    cron: "30 2 * * *",
    zone: "America/New_York",
    from: "2026-03-07T12:00:00Z",
    slots: ["2026-03-08T07:00Z", "2026-03-09T06:30Z"],
  },
  {
    cron: "30 1 * * *",
    zone: "America/New_York",
    from: "2026-10-31T12:00:00Z",
    slots: ["2026-11-01T05:30Z", "2026-11-02T06:30Z"],
  },
  {
    cron: "15 2 * * *",
    zone: "Australia/Lord_Howe",
    from: "2026-10-02T20:00:00Z",
    slots: ["2026-10-03T15:30Z", "2026-10-04T15:15Z"],
  },
  {
    cron: "45 1 * * *",
    zone: "Australia/Lord_Howe",
    from: "2026-04-03T20:00:00Z",
    slots: ["2026-04-04T14:45Z", "2026-04-05T15:15Z"],
  },
  {
    cron: "0 12 * * *",
    zone: "Pacific/Apia",
    from: "2011-12-29T23:00:00Z",
    slots: ["2011-12-30T10:00Z", "2011-12-30T22:00Z"],
  },
  { cron: "0 0 30 2 *", from: "2026-01-01T00:00:00Z", slots: ["none"] },
];
for (const { cron, zone = "UTC", from, slots } of tables) {
  Deno.test(`slotsOfCron() of "${cron}" in ${zone} after ${from}`, () => {
    const table = slotsOf(cron, zone);
    let moment: number | undefined = Date.parse(from);
    for (const slot of slots) {
      moment = moment === undefined ? undefined : table.after(moment);
      assert.equal(shown(moment), slot);
      if (moment === undefined) continue;
      assert.equal(shown(table.upTo(moment)), slot, "up to the slot itself");
      assert.equal(shown(table.upTo(moment + 1)), slot, "a moment later");
    }
  });
}

Deno.test("slotsOfCron() goes back over the hour that comes twice", () => {
  const table = slotsOf("*/30 * * * *", "Europe/Berlin");
  assert.equal(shown(table.upTo(Date.parse("2026-10-25T01:10:00Z"))), "2026-10-25T00:30Z");
  assert.equal(shown(table.upTo(Date.parse("2026-10-25T01:59:59Z"))), "2026-10-25T00:30Z");
  assert.equal(shown(table.upTo(Date.parse("2026-10-25T00:10:00Z"))), "2026-10-25T00:00Z");
});

const number = (low: number, high: number) => fc.integer({ min: low, max: high }).map(String);
const anyText = fc.tuple(
  fc.oneof(number(0, 59), fc.constantFrom("*", "*/7", "H", "H/15", "0,59", "10-20/5")),
  fc.oneof(number(0, 23), fc.constantFrom("*", "*/5", "H", "1-3")),
  fc.oneof(
    { weight: 3, arbitrary: fc.constant("*") },
    number(1, 28),
    fc.constantFrom("H", "1,15,31", "*/10"),
  ),
  fc.oneof({ weight: 3, arbitrary: fc.constant("*") }, number(1, 12), fc.constantFrom("H", "JAN,JUL", "2-4")),
  fc.oneof(
    { weight: 3, arbitrary: fc.constant("*") },
    number(0, 7),
    fc.constantFrom("H", "MON-FRI", "SAT,SUN"),
  ),
).map((fields) => fields.join(" "));
const anyZone = fc.constantFrom(
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
);
const anyMoment = fc.oneof(
  fc.integer({ min: Date.parse("2020-01-01") / 1000, max: Date.parse("2040-01-01") / 1000 }),
  // Around the nights that are special.
  fc.constantFrom(
    "2026-03-29T01:00Z",
    "2026-10-25T01:00Z",
    "2026-11-01T06:00Z",
    "2026-10-03T15:30Z",
    "2026-04-04T15:00Z",
  )
    .chain((night) =>
      fc.integer({ min: -7300, max: 7300 }).map((seconds) => Date.parse(night) / 1000 + seconds)
    ),
).map((seconds) => seconds * 1000);

Deno.test("slotsOfCron() finds the same slot from both sides, and none in between", () => {
  fc.assert(
    fc.property(anyText, anyZone, anyMoment, (text, zone, moment) => {
      const table = slotsOf(text, zone);
      const next = table.after(moment);
      const last = table.upTo(moment);
      if (next === undefined || last === undefined) return;
      assert.ok(last <= moment && moment < next, "on the right sides");
      assert.equal(table.after(last), next, "next(last)");
      assert.equal(table.upTo(next), next, "upTo(next)");
      assert.equal(table.upTo(next - 1), last, "last(next)");
      assert.equal(table.after(last - 1), last, "after(last)");
      assert.ok((table.after(next) ?? Number.POSITIVE_INFINITY) > next, "goes on");
    }),
    { numRuns: 200 },
  );
});

Deno.test("slotsOfCron() agrees with asking every minute of a day whether it matches", () => {
  fc.assert(
    fc.property(anyText, anyZone, anyMoment, (text, zone, moment) => {
      const start = Math.floor(moment / 60_000) * 60_000;
      const end = start + 26 * 3_600_000;
      const table = slotsOf(text, zone);
      const found: number[] = [];
      for (let slot = table.after(start - 1); slot !== undefined && slot < end; slot = table.after(slot)) {
        found.push(slot);
      }
      assert.deepEqual(found.map(shown), naively(cronOf(text), zone, start, end).map(shown));
    }),
    { numRuns: 60 },
  );
});

/** Every wall minute around is asked by itself; none of the product's search is used. */
function naively(cron: Cron, zoneName: string, start: number, end: number): readonly number[] {
  const zone = cronZone(zoneName) ?? assert.fail();
  const slots = new Set<number>();
  for (let wall = start - 86_400_000; wall < end + 86_400_000; wall += 60_000) {
    const date = new Date(wall);
    const inMonth = cron.daysOfMonth.includes(date.getUTCDate());
    const inWeek = cron.daysOfWeek.includes(date.getUTCDay());
    const isDay = cron.days === "both" ? inMonth && inWeek : inMonth || inWeek;
    if (!isDay || !cron.months.includes(date.getUTCMonth() + 1)) continue;
    if (!cron.hours.includes(date.getUTCHours()) || !cron.minutes.includes(date.getUTCMinutes())) continue;
    slots.add(instantOfWall(wall, zone));
  }
  return [...slots].filter((slot) => slot >= start && slot < end).toSorted((a, b) => a - b);
}

Deno.test("cronInterval() bounds the time between any two slots that follow each other in UTC", () => {
  fc.assert(
    fc.property(anyText, anyMoment, (text, moment) => {
      const interval = cronInterval(cronOf(text));
      const table = slotsOf(text);
      let slot = table.after(moment);
      assert.equal(interval === undefined, slot === undefined);
      for (let turn = 0; turn < 20 && slot !== undefined && interval !== undefined; turn++) {
        const next = table.after(slot);
        if (next === undefined) return;
        const seconds = (next - slot) / 1000;
        assert.ok(
          seconds >= interval.shortestSeconds && seconds <= interval.longestSeconds,
          `${text}: ${seconds}`,
        );
        slot = next;
      }
    }),
    { numRuns: 100 },
  );
});
