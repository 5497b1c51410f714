import assert from "node:assert/strict";
import { aSavedRun } from "../../../tests/support/config_stage.ts";
import { doubtOf, newestSeen } from "./active.ts";
import { type RunFacts, runFacts } from "../../shared/mod.ts";

const now = new Date("2026-01-02T03:00:00Z");
const FIVE_MINUTES_MS = 300_000;

function after(ms: number): string {
  return new Date(now.getTime() + ms).toISOString();
}

function aRun(name: string, endTime: string, creationTimestamp = endTime): RunFacts {
  return runFacts(aSavedRun(name, endTime, { metadata: { creationTimestamp } }));
}

Deno.test("newestSeen() remembers an end that is as far ahead as clocks may differ, and forgets one beyond", () => {
  const runs = [aRun("there", after(-1000))];
  const seen = (endTime: string) => newestSeen({ runs, remembered: { name: "gone", endTime }, now })?.name;
  assert.equal(seen(after(FIVE_MINUTES_MS)), "gone");
  assert.equal(seen(after(FIVE_MINUTES_MS + 1)), "there");
  assert.equal(seen(after(-1000)), "there");
  assert.equal(seen(after(-999)), "gone");
  assert.equal(newestSeen({ runs: [], remembered: undefined, now }), undefined);
});

Deno.test("doubtOf() doubts an end that lies further ahead, or before the making, than clocks may differ", () => {
  const doubt = (run: RunFacts) =>
    doubtOf({ runs: [run], remembered: undefined, now, comingBack: [] }) !== undefined;
  assert.ok(!doubt(aRun("ahead", after(FIVE_MINUTES_MS))));
  assert.ok(doubt(aRun("ahead", after(FIVE_MINUTES_MS + 1))));
  assert.ok(!doubt(aRun("early", after(-FIVE_MINUTES_MS), after(0))));
  assert.ok(doubt(aRun("early", after(-FIVE_MINUTES_MS - 1), after(0))));
});

Deno.test("doubtOf() doubts the order while the newest Backup is gone, and a stopped one does not stand for it", () => {
  const remembered = { name: "gone", endTime: after(-1000) };
  const older = aRun("older", after(-2000));
  const stopped = { ...aRun("stopped", after(-500)), hasFailed: true };
  assert.match(
    doubtOf({ runs: [stopped, older], remembered, now, comingBack: [] }) ?? "",
    /^Backup "gone" .* was the newest/,
  );
  assert.equal(doubtOf({ runs: [], remembered, now, comingBack: [] }), undefined);
  assert.equal(
    doubtOf({ runs: [aRun("newer", after(-900)), older], remembered, now, comingBack: [] }),
    undefined,
  );
});
