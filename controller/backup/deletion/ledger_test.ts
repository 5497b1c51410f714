import assert from "node:assert/strict";
import { DeletionLedger } from "./ledger.ts";

const NOW = new Date("2026-01-02T03:04:05Z");
const nowSecond = NOW.getTime() / 1000;

function aDeletion(id: string, atSecond = nowSecond) {
  return { id, recipe: "r", atSecond, count: 1 };
}

function ids(ledger: DeletionLedger, repository: string, namespace: string): readonly (string | undefined)[] {
  return ledger.elsewhere(repository, namespace, NOW).map(({ id }) => id).toSorted();
}

Deno.test("DeletionLedger tells a namespace what others deleted from the same repository, each once", () => {
  const ledger = new DeletionLedger();
  for (
    const [namespace, repository, id] of [
      ["apps", "id 1", "a"],
      ["media", "id 1", "b"],
      ["media", "id 1", "b"],
      ["media", "id 2", "c"],
    ] as const
  ) ledger.note({ namespace, repository }, aDeletion(id), 600);
  assert.deepEqual(ids(ledger, "id 1", "apps"), ["b"]);
  assert.deepEqual(ids(ledger, "id 1", "media"), ["a"]);
  assert.deepEqual(ids(ledger, "id 1", "other"), ["a", "b"]);
  assert.deepEqual(ids(ledger, "id 3", "other"), []);
});

Deno.test("DeletionLedger counts what a clock that was ahead wrote as if it were of now", () => {
  const ledger = new DeletionLedger();
  ledger.note({ namespace: "media", repository: "id 1" }, aDeletion("ahead", nowSecond + 31_536_000), 600);
  for (const times of [1, 2]) {
    const [{ atSecond } = aDeletion("none")] = ledger.elsewhere("id 1", "apps", NOW);
    assert.equal(atSecond, nowSecond, `asked ${times} times`);
  }
  const later = new Date(NOW.getTime() + 3_600_000);
  assert.deepEqual(ledger.elsewhere("id 1", "apps", later).map((each) => each.atSecond), [nowSecond]);
});

Deno.test("DeletionLedger stays small, and forgets who deleted least lately", () => {
  const ledger = new DeletionLedger();
  for (let round = 0; round < 300; round++) {
    ledger.note({ namespace: "busy", repository: "id 1" }, aDeletion(`busy-${round}`), 600);
  }
  assert.ok(ledger.elsewhere("id 1", "apps", NOW).length <= 200);
  assert.equal(ledger.elsewhere("id 1", "apps", NOW).reduce((sum, { count }) => sum + count, 0), 300);
  ledger.note({ namespace: "first", repository: "id 1" }, aDeletion("first"), 600);
  ledger.note({ namespace: "busy", repository: "id 1" }, aDeletion("again"), 600);
  for (let at = 0; at < 998; at++) {
    ledger.note({ namespace: `ns-${at}`, repository: "id 2" }, aDeletion(`x${at}`), 600);
  }
  assert.ok(ids(ledger, "id 1", "apps").includes("first"));
  ledger.note({ namespace: "one-more", repository: "id 2" }, aDeletion("y"), 600);
  assert.equal(ids(ledger, "id 1", "apps").includes("first"), false);
  assert.ok(ids(ledger, "id 1", "apps").includes("again"));
});

Deno.test("DeletionLedger begins once, and anew where the clock is set back", () => {
  const ledger = new DeletionLedger();
  assert.equal(ledger.begin(NOW), nowSecond);
  assert.equal(ledger.begin(new Date(NOW.getTime() + 3_600_000)), nowSecond);
  assert.equal(ledger.begin(new Date(NOW.getTime() - 3_600_000)), nowSecond - 3600);
});
