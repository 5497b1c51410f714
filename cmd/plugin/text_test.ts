import { equal } from "node:assert/strict";
import { ageText, bytesText, durationText, expectedNames, quotedNames } from "./text.ts";

Deno.test("bytesText() prints at most three digits and the unit", () => {
  const cases: readonly [number, string][] = [
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [10 * 1024, "10 KiB"],
    [1024 ** 2 - 1, "1.0 MiB"],
    [1.5 * 1024 ** 3, "1.5 GiB"],
    [Number.MAX_SAFE_INTEGER, "8.0 PiB"],
  ];
  for (const [bytes, want] of cases) equal(bytesText(bytes), want);
});

Deno.test("durationText() prints one unit, the largest that is still precise", () => {
  const cases: readonly [number, string][] = [
    [-3, "0s"],
    [119.9, "119s"],
    [120, "2m"],
    [7199, "119m"],
    [7200, "2h"],
    [172_799, "47h"],
    [172_800, "2d"],
  ];
  for (const [seconds, want] of cases) equal(durationText(seconds), want);
});

Deno.test("ageText() looks back and ahead, and takes a clock that is a little off for the present", () => {
  const now = new Date("2026-01-01T12:00:00Z");
  const cases: readonly [string, string | undefined][] = [
    ["2026-01-01T03:00:00Z", "9h ago"],
    ["2026-01-01T12:00:03Z", "0s ago"],
    ["2026-01-01T15:00:00Z", "in 3h"],
    ["yesterday", undefined],
  ];
  for (const [time, want] of cases) equal(ageText(time, now), want);
});

Deno.test("quotedNames() shows ten names and counts the rest", () => {
  equal(quotedNames(["a", "b"]), '"a", "b"');
  const many = Array.from({ length: 12 }, (_, index) => `n${index}`);
  equal(quotedNames(many).endsWith('"n9" and 2 more'), true);
});

Deno.test("expectedNames() speaks of none, one and several", () => {
  equal(expectedNames("Cat", []), "expected a Cat to be there, but there is none: is it another namespace?");
  equal(expectedNames("Cat", ["tom"]), 'expected "tom"');
  equal(expectedNames("Cat", ["tom", "kit"]), 'expected one of "tom", "kit"');
});
