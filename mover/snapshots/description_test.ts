import assert from "node:assert/strict";
import { fittingDescription } from "./description.ts";

function logInto(lines: string[]): { warn(message: string): void } {
  return { warn: (message) => void lines.push(message) };
}

Deno.test("fittingDescription() leaves alone what kopia takes", () => {
  const lines: string[] = [];
  for (const text of ["before the upgrade", "é".repeat(512)]) {
    assert.equal(fittingDescription(logInto(lines), text), text);
  }
  assert.equal(fittingDescription(logInto(lines), ""), undefined);
  assert.equal(fittingDescription(logInto(lines), undefined), undefined);
  assert.deepEqual(lines, []);
});

Deno.test("fittingDescription() cuts between characters what is too long in bytes, and says so", () => {
  const lines: string[] = [];
  assert.equal(fittingDescription(logInto(lines), `a${"😀".repeat(512)}`), `a${"😀".repeat(255)}`);
  assert.equal(lines.length, 1);
});
