import assert from "node:assert/strict";
import type { SlotWait } from "./types.ts";
import { slotRecheckSeconds, slotWaitText } from "./wait_text.ts";

function aWait(parts: Partial<SlotWait> = {}): SlotWait {
  return {
    movers: 1,
    place: 3,
    of: 12,
    waitedSeconds: 0,
    used: 20,
    limit: 20,
    scope: "cluster",
    kept: 0,
    ...parts,
  };
}

Deno.test("slotWaitText() says the place, and whose limit is reached", () => {
  assert.equal(
    slotWaitText(aWait(), "repo"),
    "Waits for a mover slot: 3rd of 12; 20 of 20 slots of the cluster are taken",
  );
  assert.equal(
    slotWaitText(aWait({ place: 1, used: 2, limit: 2, scope: "repository" }), "repo"),
    'Waits for a mover slot: 1st of 12; 2 of 2 slots of Repository "repo" are taken',
  );
});

Deno.test("slotWaitText() says for whom the slots are that are free", () => {
  assert.equal(
    slotWaitText(aWait({ used: 18, kept: 2 }), "repo"),
    "Waits for a mover slot: 3rd of 12; 18 of 20 slots of the cluster are taken, the last 2 are kept for namespaces that have none",
  );
  assert.match(
    slotWaitText(aWait({ used: 1, limit: 2, kept: 1 }), "repo", "slot"),
    /^Waits for a slot: .*, the last one is kept for/,
  );
});

Deno.test("slotWaitText() counts as people do", () => {
  const places = [1, 2, 3, 4, 10, 11, 12, 13, 21, 22, 23, 101, 111, 112, 1013, 1022];
  const reported = places.map((place) => /: (\S+) of/.exec(slotWaitText(aWait({ place }), ""))?.[1]);
  assert.deepEqual(reported, [
    ...["1st", "2nd", "3rd", "4th", "10th", "11th", "12th", "13th", "21st", "22nd", "23rd"],
    ...["101st", "111th", "112th", "1013th", "1022nd"],
  ]);
});

Deno.test("slotRecheckSeconds() is never below half a minute, and longer for those far behind", () => {
  const seconds = [1, 30, 31, 200, 300, 5000].map((place) => slotRecheckSeconds(aWait({ place })));
  assert.deepEqual(seconds, [30, 30, 31, 200, 300, 300]);
});

Deno.test("slotRecheckSeconds() is longer for those that have waited long", () => {
  const seconds = [0, 119, 120, 240, 1199, 1200, 86_400].map((waitedSeconds) =>
    slotRecheckSeconds(aWait({ waitedSeconds }))
  );
  assert.deepEqual(seconds, [30, 30, 30, 60, 299, 300, 300]);
});
