import assert from "node:assert/strict";
import fc from "fast-check";
import { parseGoTime } from "./time.ts";

const cases: Readonly<Record<string, readonly [string, string | undefined]>> = {
  "cuts nanoseconds to milliseconds": ["2026-11-21T08:03:15.907964006Z", "2026-11-21T08:03:15.907Z"],
  "pads a short fraction": ["2026-11-21T08:03:15.9Z", "2026-11-21T08:03:15.900Z"],
  "takes a time without fraction": ["2026-11-21T08:03:15Z", "2026-11-21T08:03:15.000Z"],
  "turns an offset into UTC": ["2026-11-21T08:03:15.5+02:00", "2026-11-21T06:03:15.500Z"],
  "turns an offset over midnight into UTC": ["2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00.000Z"],
  "takes Go's zero time": ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
  "refuses a time without zone": ["2026-11-21T08:03:15", undefined],
  "refuses February 30th": ["2026-02-30T00:00:00Z", undefined],
  "refuses hour 25": ["2026-02-03T25:00:00Z", undefined],
  "refuses a far offset": ["2026-02-03T00:00:00+99:99", undefined],
  "refuses other text": ["yesterday", undefined],
  "refuses what follows": ["2026-11-21T08:03:15Z; rm", undefined],
};

for (const [sentence, [given, want]] of Object.entries(cases)) {
  Deno.test(`parseGoTime() ${sentence}`, () => assert.equal(parseGoTime(given), want));
}

Deno.test("parseGoTime() reads back every time to the millisecond", () => {
  const years = {
    min: new Date("0001-01-01T00:00:00Z"),
    max: new Date("9999-12-31T00:00:00Z"),
    noInvalidDate: true,
  };
  fc.assert(fc.property(fc.date(years), fc.nat(999_999), (date, rest) => {
    const text = date.toISOString().replace("Z", `${String(rest).padStart(6, "0")}Z`);
    assert.equal(parseGoTime(text), date.toISOString());
  }));
});
