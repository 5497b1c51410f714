import assert from "node:assert/strict";
import fc from "fast-check";
import { type CronZone, cronZone, instantOfWall } from "./zone.ts";

function zoneOf(name: string): CronZone {
  return cronZone(name) ?? assert.fail(`${name} is not known`);
}

Deno.test("cronZone() knows IANA names and refuses what is none", () => {
  for (const name of ["UTC", "GMT", "Etc/UTC", "Europe/Berlin", "America/Argentina/Ushuaia", "Etc/GMT+5"]) {
    assert.equal(cronZone(name)?.name, name);
  }
  // Abbreviations: BST is British summer to some, Dhaka to the library.
  for (
    const name of [
      "",
      "BST",
      "EST",
      "PST8PDT",
      "Local",
      "+02:00",
      "Mars/Phobos",
      "../etc/passwd",
      "Europe/",
      "UTC ",
    ]
  ) {
    assert.equal(cronZone(name), undefined, name);
  }
});

const walls: readonly (readonly [zone: string, wall: string, instant: string])[] = [
  ["UTC", "2026-03-29T02:30:00Z", "2026-03-29T02:30:00Z"],
  ["Europe/Berlin", "2026-01-15T03:00:00Z", "2026-01-15T02:00:00Z"],
  ["Europe/Berlin", "2026-07-15T03:00:00Z", "2026-07-15T01:00:00Z"],
  // Put forward at 01:00Z: 02:00 to 03:00 is left out.
  ["Europe/Berlin", "2026-03-29T01:59:00Z", "2026-03-29T00:59:00Z"],
  ["Europe/Berlin", "2026-03-29T02:00:00Z", "2026-03-29T01:00:00Z"],
  ["Europe/Berlin", "2026-03-29T02:30:00Z", "2026-03-29T01:00:00Z"],
  ["Europe/Berlin", "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z"],
  ["Europe/Berlin", "2026-03-29T03:01:00Z", "2026-03-29T01:01:00Z"],
  // Put back at 01:00Z: 02:00 to 03:00 comes twice.
  ["Europe/Berlin", "2026-10-25T02:00:00Z", "2026-10-25T00:00:00Z"],
  ["Europe/Berlin", "2026-10-25T02:59:00Z", "2026-10-25T00:59:00Z"],
  ["Europe/Berlin", "2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z"],
  ["America/New_York", "2026-03-08T02:30:00Z", "2026-03-08T07:00:00Z"],
  ["America/New_York", "2026-11-01T01:30:00Z", "2026-11-01T05:30:00Z"],
  ["America/New_York", "2026-11-01T02:00:00Z", "2026-11-01T07:00:00Z"],
  // Half an hour, at 15:30Z and 15:00Z.
  ["Australia/Lord_Howe", "2026-10-04T02:10:00Z", "2026-10-03T15:30:00Z"],
  ["Australia/Lord_Howe", "2026-10-04T02:30:00Z", "2026-10-03T15:30:00Z"],
  ["Australia/Lord_Howe", "2026-04-05T01:30:00Z", "2026-04-04T14:30:00Z"],
  ["Australia/Lord_Howe", "2026-04-05T02:00:00Z", "2026-04-04T15:30:00Z"],
  // A whole day was left out.
  ["Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T10:00:00Z"],
  // Put forward at midnight.
  ["Africa/Cairo", "2026-04-24T00:30:00Z", "2026-04-23T22:00:00Z"],
];
for (const [zone, wall, instant] of walls) {
  Deno.test(`instantOfWall() of ${wall.slice(0, 16)} in ${zone} is ${instant}`, () => {
    assert.equal(
      new Date(instantOfWall(Date.parse(wall), zoneOf(zone))).toISOString().replace(".000Z", "Z"),
      instant,
    );
  });
}

const anyZone = fc.constantFrom(
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "America/St_Johns",
  "Africa/Casablanca",
  "Pacific/Apia",
  "Asia/Tehran",
).map(zoneOf);
const anyMoment = fc.integer({ min: Date.parse("2010-01-01") / 1000, max: Date.parse("2060-01-01") / 1000 })
  .map((seconds) => seconds * 1000);

Deno.test("instantOfWall() is never after the moment whose wall time it is given, and shows the same time", () => {
  fc.assert(fc.property(anyZone, anyMoment, (zone, moment) => {
    const wall = zone.wallAt(moment);
    const instant = instantOfWall(wall, zone);
    assert.ok(instant <= moment);
    assert.equal(zone.wallAt(instant), wall);
  }));
});

Deno.test("instantOfWall() never goes back when the wall time goes on", () => {
  fc.assert(fc.property(anyZone, anyMoment, fc.integer({ min: 1, max: 200_000 }), (zone, wall, seconds) => {
    assert.ok(instantOfWall(wall, zone) <= instantOfWall(wall + seconds * 1000, zone));
  }));
});
