import assert from "node:assert/strict";
import fc from "fast-check";
import { cronText, openApiSchema } from "../mod.ts";
import { type Cron, parseCron } from "./cron.ts";
import { cronInterval } from "./interval.ts";

const seed = "6f1d1c6e-7c86-4d0e-9d0e-0f6a3a1b2c3d";

function cronOf(text: string, uid = seed): Cron {
  const reading = parseCron(text, uid);
  assert.equal(reading.kind, "cron", reading.kind === "senseless" ? reading.why : "");
  return reading.kind === "cron" ? reading.cron : assert.fail();
}

function span(first: number, last: number, step = 1): readonly number[] {
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);
}

const understood: Readonly<Record<string, Partial<Cron>>> = {
  "30 3 * * *": { minutes: [30], hours: [3], daysOfMonth: span(1, 31), daysOfWeek: span(0, 6), days: "both" },
  "*/15 8-18/2 * * *": { minutes: [0, 15, 30, 45], hours: [8, 10, 12, 14, 16, 18] },
  "5/20 0 * * *": { minutes: [5, 25, 45] },
  "10,5,5 0 * * *": { minutes: [5, 10] },
  "0 0 1,15 * MON": { daysOfMonth: [1, 15], daysOfWeek: [1], days: "either" },
  "0 0 */2 * MON": { daysOfMonth: span(1, 31, 2), daysOfWeek: [1], days: "both" },
  "0 0 * jan-mar,DEC mon-fri": { months: [1, 2, 3, 12], daysOfWeek: [1, 2, 3, 4, 5] },
  "0 0 * * 7": { daysOfWeek: [0] },
  "0 0 * * 5-7": { daysOfWeek: [0, 5, 6] },
  "0 0 * * 0-7": { daysOfWeek: span(0, 6) },
  "0 0 * * 7-7": { daysOfWeek: [0] },
  "0 0 * * 7-2": { daysOfWeek: [0, 1, 2] },
  "0 0 * * FRI-SUN": { daysOfWeek: [0, 5, 6] },
  "0 0 * * 1/2": { daysOfWeek: [1, 3, 5] },
  "\t 0  0 * * * ": { minutes: [0], text: "0 0 * * *" },
  "00 05 01 * *": { minutes: [0], hours: [5], daysOfMonth: [1] },
};
for (const [text, expected] of Object.entries(understood)) {
  Deno.test(`parseCron() understands "${text.trim()}"`, () => {
    const cron = cronOf(text);
    for (const [field, value] of Object.entries(expected)) {
      assert.deepEqual(cron[field as keyof Cron], value, field);
    }
  });
}

const refused: Readonly<Record<string, RegExp>> = {
  "": /it is empty, expected five/,
  "* * * *": /it has 4 fields, expected five/,
  "0 0 3 * * *": /it has 6 fields/,
  "@daily": /it has 1 fields, expected five: minute, hour, day of month, month, day of week/,
  "60 * * * *": /minute is "60", expected a number from 0 to 59/,
  "* 24 * * *": /hour is "24", expected a number from 0 to 23/,
  "* * 0 * *": /day of month is "0"/,
  "* * 32 * *": /day of month is "32"/,
  "* * * 13 *": /month is "13", expected a number from 1 to 12 or JAN to DEC/,
  "* * * * 8": /day of week is "8"/,
  "* * * * XYZ": /day of week is "XYZ", expected a number from 0 to 6 or SUN to SAT/,
  "30-10 * * * *": /minute is "30-10", expected a range that begins before it ends/,
  "* * * * FRI-TUE": /expected a range that begins before it ends/,
  "*/0 * * * *": /minute has the step "0", expected one from 1 to 60/,
  "*/90 * * * *": /minute has the step "90", expected one from 1 to 60/,
  "* H(3-30) * * *": /hour is "30"/,
  "H(9-3) * * * *": /begins before it ends/,
  "H(1) * * * *": /minute is "H\(1\)", expected \*, H, a value or a range/,
  "* * L * *": /day of month is "L"/,
  "* * 15W * *": /day of month is "15W"/,
  "* * * * MON#2": /day of week is "MON#2"/,
  "? * * * *": /minute is "\?"/,
  "1,,2 * * * *": /minute is ""/,
  "-1 * * * *": /minute is "-1"/,
  "1.5 * * * *": /minute is "1.5"/,
  "1e1 * * * *": /minute is "1E1"/,
  "٣ * * * *": /minute is "٣"/,
};
for (const [text, why] of Object.entries(refused)) {
  Deno.test(`parseCron() refuses "${text}" with a sentence`, () => {
    const reading = parseCron(text, seed);
    assert.equal(reading.kind, "senseless");
    assert.match(reading.kind === "senseless" ? reading.why : "", why);
    assert.match(reading.kind === "senseless" ? reading.why : "", /^Cannot read the cron expression "/);
  });
}

Deno.test("parseCron() refuses any text or understands it, and never throws", () => {
  const token = fc.constantFrom(
    "*",
    "H",
    "H(1-5)",
    "0",
    "7",
    "31",
    "-",
    "/",
    ",",
    "MON",
    "DEC",
    " ",
    "5",
    "(",
    "é",
  );
  const texts = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.array(token, { maxLength: 40 }).map((all) => all.join("")),
  );
  fc.assert(fc.property(texts, (text) => {
    const reading = parseCron(text, seed);
    if (reading.kind === "senseless") return reading.why.length < 600;
    return parseCron(reading.cron.text, "another").kind === "cron";
  }));
});

Deno.test("parseCron() writes H out, so that the text alone means the same for any seed", () => {
  const tokens = fc.constantFrom("H", "H/15", "H(0-29)", "H(3-20)/7", "H,30", "*");
  fc.assert(fc.property(fc.uuid(), tokens, tokens, (uid, minute, day) => {
    const written = cronOf(`${minute} H(0-6) ${day.replaceAll(/30|0-29|3-20/g, "1-9")} H H`, uid);
    assert.doesNotMatch(written.text, /H/);
    assert.deepEqual(cronOf(written.text, "someone else"), written);
  }));
});

Deno.test("parseCron() takes H from within its range and always the same for a seed", () => {
  fc.assert(fc.property(fc.uuid(), (uid) => {
    const cron = cronOf("H H H H H", uid);
    const [minute = -1, hour = -1, day = -1, month = -1, weekday = -1] = [
      cron.minutes,
      cron.hours,
      cron.daysOfMonth,
      cron.months,
      cron.daysOfWeek,
    ].map(([value]) => value ?? -1);
    assert.ok(minute >= 0 && minute <= 59 && hour >= 0 && hour <= 23 && day >= 1 && day <= 28, cron.text);
    assert.ok(month >= 1 && month <= 12 && weekday >= 0 && weekday <= 6, cron.text);
    assert.deepEqual(cronOf("H H H H H", uid), cron);
    const within = cronOf("H(10-19) H(22-23)/5 * * *", uid);
    assert.ok(within.minutes.length === 1 && within.minutes.every((value) => value >= 10 && value <= 19));
    assert.ok(within.hours.length === 1 && within.hours.every((value) => value === 22 || value === 23));
  }));
});

Deno.test("parseCron() begins H/n with one of the first n values and goes on to the end of the range", () => {
  fc.assert(fc.property(fc.uuid(), fc.integer({ min: 1, max: 60 }), (uid, step) => {
    const { minutes } = cronOf(`H/${step} * * * *`, uid);
    const [first = -1] = minutes;
    assert.ok(first >= 0 && first < step);
    assert.deepEqual(minutes, span(first, 59, step));
  }));
});

Deno.test("parseCron() spreads the H of a thousand schedules over the hour and the day", () => {
  const minutes = new Map<number, number>();
  const hours = new Set<number>();
  for (let index = 0; index < 1000; index++) {
    const cron = cronOf("H H * * *", `${index.toString(16).padStart(8, "0")}-7c86-4d0e-9d0e-0f6a3a1b2c3d`);
    const [minute = -1] = cron.minutes;
    minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
    hours.add(cron.hours[0] ?? -1);
  }
  assert.ok(minutes.size >= 58, `${minutes.size} minutes`);
  assert.ok(Math.max(...minutes.values()) <= 40, `${Math.max(...minutes.values())} in one minute`);
  assert.equal(hours.size, 24);
});

Deno.test("parseCron() draws each H by itself: every time of day may come, and every day with every time", () => {
  const seeds = Array.from({ length: 3000 }, (_, index) => `${index.toString(16)}-4d0e-9d0e-0f6a3a1b2c3d`);
  for (const text of ["H H * * *", "H 3 H * *", "H 3 * * H", "0 H H * *", "0 H * * H", "0 3 H H *"]) {
    const crons = seeds.map((seed) => cronOf(text, seed));
    const drawn = new Set(crons.map((cron) => cron.text)).size;
    const fields = ["minutes", "hours", "daysOfMonth", "months", "daysOfWeek"] as const;
    const possible = fields.map((field) => new Set(crons.map((cron) => cron[field].join())).size)
      .reduce((all, each) => all * each, 1);
    // So many of them chance alone would have drawn.
    const expected = possible * (1 - Math.exp(-seeds.length / possible));
    assert.ok(drawn > expected * 0.95, `${text}: ${drawn} of ${possible}, by chance ${Math.round(expected)}`);
  }
});

Deno.test("cronText lets through what parseCron() understands, and stops what it refuses unless only a parser can see it", () => {
  const rules = (openApiSchema(cronText)["x-kubernetes-validations"] as readonly { rule: string }[])
    .map(({ rule }) =>
      [...rule.matchAll(/self\.matches\(r'(.*?)'\)/g)].map(([, source = ""]) =>
        source.startsWith("(?i)") ? new RegExp(source.slice(4), "i") : new RegExp(source)
      )
    );
  // A rule is one pattern, or `not the first, or the second`.
  const passes = (text: string) =>
    rules.every(([first, second]) =>
      second === undefined ? first?.test(text) : !first?.test(text) || second.test(text)
    );
  for (const text of Object.keys(understood)) assert.ok(passes(text), text);
  for (const text of ["H H(0-5) * * *", "H/15 * * * *", "H(0-29)/10 H H * H"]) assert.ok(passes(text), text);
  const onlyParser = [
    "30-10 * * * *",
    "* * * * FRI-TUE",
    "*/90 * * * *",
    "* H(3-30) * * *",
    "H(9-3) * * * *",
  ];
  for (const text of Object.keys(refused)) assert.equal(passes(text), onlyParser.includes(text), text);
});

const day = 86_400;
const intervals: Readonly<Record<string, readonly [shortest: number, longest: number] | undefined>> = {
  "* * * * *": [60, 60],
  "0 3 * * *": [day, day],
  "0 3,5 * * *": [2 * 3600, 22 * 3600],
  "0 23,1 * * *": [2 * 3600, 22 * 3600],
  "0 3 * * MON": [7 * day, 7 * day],
  "0 3 * * 1-5": [day, 3 * day],
  "0 0 1 * *": [28 * day, 31 * day],
  "0 0 31 * *": [31 * day, 61 * day],
  "0 0 29 2 *": [1461 * day, 1461 * day],
  "0 0 13 * FRI": [day, 7 * day],
  "55 23 1 1 *": [365 * day, 366 * day],
  "0 0 30 2 *": undefined,
  "0 0 31 4,6,9,11 *": undefined,
};
for (const [text, expected] of Object.entries(intervals)) {
  Deno.test(`cronInterval() of "${text}" is ${expected ?? "none"}`, () => {
    const interval = cronInterval(cronOf(text));
    assert.deepEqual(
      interval === undefined ? undefined : [interval.shortestSeconds, interval.longestSeconds],
      expected,
    );
  });
}
