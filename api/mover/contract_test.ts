import assert from "node:assert/strict";
import fc from "fast-check";
import { CONTRACT_VERSION, parseMoverResult, workSpec } from "./contract.ts";

const result = {
  version: CONTRACT_VERSION,
  operation: "SnapshotDelete",
  durationSeconds: 1.5,
  snapshotDelete: { deleted: 1, alreadyGone: 0 },
};

Deno.test("parseMoverResult() reads a result, and every truncation of it is unreadable, never an error", () => {
  const text = JSON.stringify(result);
  const whole = parseMoverResult(text);
  assert.equal(whole.kind, "result");
  for (let length = 0; length < text.length; length += 1) {
    assert.equal(parseMoverResult(text.slice(0, length)).kind, "unreadable");
  }
});

Deno.test("parseMoverResult() survives whatever a pod wrote", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    assert.ok(["result", "unreadable"].includes(parseMoverResult(text).kind));
  }));
  assert.equal(parseMoverResult(undefined).kind, "unreadable");
});

Deno.test("parseMoverResult() refuses another version of the contract", () => {
  assert.equal(parseMoverResult(JSON.stringify({ ...result, version: 2 })).kind, "unreadable");
});

Deno.test("workSpec refuses unknown versions, unknown operations and two operations at once", () => {
  const spec = {
    version: CONTRACT_VERSION,
    operation: { bootstrap: {} },
    identity: { username: "u", hostname: "h" },
    repository: { filesystem: { path: "/r" } },
    target: { kind: "Repository", namespace: "n", name: "r" },
    limits: {},
    cache: {},
  };
  assert.equal(workSpec.safeParse(spec).success, true);
  assert.equal(workSpec.safeParse({ ...spec, version: 2 }).success, false);
  assert.equal(workSpec.safeParse({ ...spec, operation: { format: {} } }).success, false);
  assert.equal(
    workSpec.safeParse({
      ...spec,
      operation: { bootstrap: {}, snapshotDelete: { runId: "x", snapshots: [] } },
    }).success,
    false,
  );
});
