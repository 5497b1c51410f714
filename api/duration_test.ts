import assert from "node:assert/strict";
import { parseDurationSeconds } from "./duration.ts";

Deno.test("parseDurationSeconds() reads Go style and whole seconds, and refuses the rest", () => {
  const cases: Readonly<Record<string, number | undefined>> = {
    "90": 90,
    "90s": 90,
    "1h30m": 5400,
    "2m5s": 125,
    "": undefined,
    "1d": undefined,
    "1.5h": undefined,
    "-1s": undefined,
    "h": undefined,
    "99999999999999999999h": undefined,
  };
  for (const [text, want] of Object.entries(cases)) assert.equal(parseDurationSeconds(text), want, text);
});
