import assert from "node:assert/strict";
import fc from "fast-check";
import { type Period, periodOf } from "./periods.ts";

const moment = fc.integer({ min: Date.UTC(1800, 0, 1), max: Date.UTC(2400, 0, 1) });

Deno.test("periodOf() numbers months and years as the calendar does, leap years and centuries included", () => {
  fc.assert(fc.property(moment, (timeMs) => {
    const date = new Date(timeMs);
    assert.equal(periodOf("year", timeMs), date.getUTCFullYear());
    assert.equal(periodOf("month", timeMs), date.getUTCFullYear() * 12 + date.getUTCMonth());
  }));
});

Deno.test("periodOf() gives later moments no smaller numbers", () => {
  const periods: readonly Period[] = ["hour", "day", "week", "month", "year"];
  fc.assert(fc.property(moment, moment, fc.constantFrom(...periods), (a, b, period) => {
    const [early, late] = a < b ? [a, b] : [b, a];
    assert.ok(periodOf(period, early) <= periodOf(period, late));
  }));
});

const borders: Readonly<Record<Period, readonly string[]>> = {
  hour: ["2026-03-29T01:00:00.000Z", "2026-01-01T00:00:00.000Z"],
  day: ["2024-02-29T00:00:00.000Z", "2026-12-31T00:00:00.000Z"],
  // 2026-W01 began on 29 December 2025; 2021-W01 on 4 January, for 2020 had 53 weeks.
  week: ["2025-12-29T00:00:00.000Z", "2021-01-04T00:00:00.000Z", "1969-12-29T00:00:00.000Z"],
  month: ["2024-03-01T00:00:00.000Z", "2100-03-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z"],
  year: ["2026-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z"],
};
for (const [period, starts] of Object.entries(borders)) {
  Deno.test(`periodOf() begins a new ${period} in UTC, at the millisecond`, () => {
    for (const start of starts) {
      const ms = Date.parse(start);
      const at = (timeMs: number) => periodOf(period as Period, timeMs);
      assert.equal(at(ms), at(ms - 1) + 1, start);
      assert.equal(at(ms), at(ms + 1), start);
    }
  });
}
