import assert from "node:assert/strict";
import fc from "fast-check";
import { type MoverResult, parseMoverResult, RESULT_MAX_BYTES } from "../api/mover/contract.ts";
import { FAILURE_CLASSES } from "../api/catalogs/reasons.ts";
import { exitCodeOf, renderResult } from "./report.ts";

function aFailure(parts: { readonly message?: string; readonly tail?: string }): MoverResult {
  return {
    version: 1,
    operation: "Backup",
    durationSeconds: 1.5,
    failure: { class: "Unknown", message: "It broke", tail: "", ...parts },
  };
}

function aBackup(paths: readonly string[]): MoverResult {
  return {
    version: 1,
    operation: "Backup",
    durationSeconds: 1.5,
    backup: {
      snapshotId: "f".repeat(128),
      startTime: "2026-11-21T08:03:15.907Z",
      endTime: "2026-11-21T08:03:16.908Z",
      sizeBytes: 1,
      files: 1,
      unreadable: { count: 1000, paths: [...paths] },
      reused: false,
    },
  };
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

function read(text: string): MoverResult {
  const parsed = parseMoverResult(text);
  assert.equal(parsed.kind, "result");
  if (parsed.kind !== "result") throw new Error("unreachable");
  return parsed.result;
}

Deno.test("renderResult() leaves a result that fits as it is", () => {
  for (const result of [aFailure({ tail: "a\nb" }), aBackup(["one", "two"])]) {
    assert.deepEqual(read(renderResult(result)), result);
  }
});

Deno.test("renderResult() keeps the end of a long tail and the whole message", () => {
  const tail = `${"x\n".repeat(5000)}the last line`;
  const rendered = renderResult(aFailure({ message: "m".repeat(900), tail }));
  const result = read(rendered);
  assert.ok("failure" in result);
  assert.equal(result.failure.message, "m".repeat(900));
  assert.ok(result.failure.tail.endsWith("the last line"));
  assert.ok(bytesOf(rendered) > RESULT_MAX_BYTES - 10, "as much as fits is kept");
});

Deno.test("renderResult() cuts a message that does not fit even without tail", () => {
  const result = read(renderResult(aFailure({ message: `begin ${"m".repeat(9000)}`, tail: "t" })));
  assert.ok("failure" in result);
  assert.match(result.failure.message, /^begin m+$/);
  assert.equal(result.failure.tail, "");
});

Deno.test("renderResult() drops the last paths and never the id or the count", () => {
  const paths = Array.from({ length: 10 }, (_, index) => `${index}${"p".repeat(700)}`);
  const result = read(renderResult(aBackup(paths)));
  assert.ok("backup" in result);
  assert.equal(result.backup.snapshotId, "f".repeat(128));
  assert.equal(result.backup.unreadable?.count, 1000);
  assert.deepEqual(result.backup.unreadable?.paths, paths.slice(0, 5));
});

Deno.test("renderResult() drops paths of the longest list first, so that each kind is named", () => {
  const paths = Array.from({ length: 10 }, (_, index) => `${index}${"p".repeat(250)}`);
  const result = aBackup(paths);
  assert.ok("backup" in result);
  const names = { lost: { count: 2, paths: paths.slice(0, 2) }, renamed: { count: 99, paths } };
  const rendered = read(renderResult({ ...result, backup: { ...result.backup, names } }));
  assert.ok("backup" in rendered);
  const { unreadable, names: { lost, renamed } = {} } = rendered.backup;
  assert.deepEqual([unreadable?.paths.length, lost?.paths.length, renamed?.paths.length], [6, 2, 6]);
  assert.deepEqual([lost?.count, renamed?.count], [2, 99]);
});

Deno.test("renderResult() drops a single path that is too long", () => {
  const result = read(renderResult(aBackup(["\u0001".repeat(4000)])));
  assert.ok("backup" in result);
  assert.deepEqual(result.backup.unreadable?.paths, []);
});

Deno.test("renderResult() is readable and at most 4096 bytes, whatever kopia said", () => {
  const text = fc.string({ unit: "binary", maxLength: 3000, size: "max" });
  fc.assert(
    fc.property(text, text, fc.array(text, { maxLength: 20 }), (message, tail, paths) => {
      for (const result of [aFailure({ message, tail }), aBackup(paths)]) {
        const rendered = renderResult(result);
        assert.ok(bytesOf(rendered) <= RESULT_MAX_BYTES);
        assert.equal(read(rendered).durationSeconds, 1.5);
        assert.ok(!/\\ud[89ab][0-9a-f]{2}(?!\\ud)/.test(rendered), "no half character");
      }
    }),
    { numRuns: 50 },
  );
});

Deno.test("exitCodeOf() agrees with the result", () => {
  assert.equal(exitCodeOf(aBackup([])), 0);
  for (const [failureClass, fate] of Object.entries(FAILURE_CLASSES)) {
    const result = aFailure({});
    assert.ok("failure" in result);
    const failure = { ...result.failure, class: failureClass as keyof typeof FAILURE_CLASSES };
    assert.equal(exitCodeOf({ ...result, failure }), fate === "retryable" ? 1 : 2);
  }
});
