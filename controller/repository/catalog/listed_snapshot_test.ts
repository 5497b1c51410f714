import assert from "node:assert/strict";
import { anEntry, entries, idOf, namesOf } from "./stage_test.ts";
import { idsByRun, listedSnapshots } from "./listed_snapshot.ts";

Deno.test("listedSnapshots() keeps the order, and says of each what every pass asks", () => {
  const listed = listedSnapshots([anEntry(7), anEntry(3, { path: "/photos" })], "repo");
  assert.deepEqual([...listed.keys()], [idOf(7), idOf(3)]);
  const first = listed.get(idOf(7));
  assert.deepEqual([first?.name], namesOf(7));
  assert.equal(first?.startMs, Date.UTC(2026, 0, 1, 0, 7));
  assert.notEqual(first?.source, listed.get(idOf(3))?.source);
});

Deno.test("listedSnapshots() holds a snapshot once that a listing shows twice", () => {
  assert.equal(listedSnapshots([anEntry(1), anEntry(2), anEntry(1)], "repo").size, 2);
});

Deno.test("idsByRun() holds the snapshots of each run, and none that no run made", () => {
  const ids = idsByRun([...entries(0, 2, { runId: "a" }), anEntry(2), anEntry(3, { runId: "b" })]);
  assert.deepEqual([...ids], [["a", [idOf(0), idOf(1)]], ["b", [idOf(3)]]]);
});
