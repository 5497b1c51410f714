import assert from "node:assert/strict";
import type { SlotWait } from "./slot_types.ts";
import { slotRecheckSeconds, slotWaitText } from "./slot_wait_text.ts";

function aWait(parts: Partial<SlotWait> = {}): SlotWait {
  return { movers: 1, place: 3, of: 12, used: 20, limit: 20, scope: "cluster", ...parts };
}

Deno.test("slotWaitText() says the place, and whose limit is reached", () => {
  assert.equal(
    slotWaitText(aWait(), "repo"),
    "Waits for a mover slot: 3rd of 12; 20 of 20 movers of the cluster work",
  );
  assert.equal(
    slotWaitText(aWait({ place: 1, used: 2, limit: 2, scope: "repository" }), "repo"),
    'Waits for a mover slot: 1st of 12; 2 of 2 movers of Repository "repo" work',
  );
});

Deno.test("slotWaitText() counts as people do", () => {
  const places = [1, 2, 3, 4, 10, 11, 12, 13, 21, 22, 23, 101, 111, 112, 1013, 1022];
  const told = places.map((place) => /: (\S+) of/.exec(slotWaitText(aWait({ place }), ""))?.[1]);
  assert.deepEqual(told, [
    ...["1st", "2nd", "3rd", "4th", "10th", "11th", "12th", "13th", "21st", "22nd", "23rd"],
    ...["101st", "111th", "112th", "1013th", "1022nd"],
  ]);
});

Deno.test("slotRecheckSeconds() is never below half a minute, and longer for those far behind", () => {
  const seconds = [1, 30, 31, 200, 300, 5000].map((place) => slotRecheckSeconds(aWait({ place })));
  assert.deepEqual(seconds, [30, 30, 31, 200, 300, 300]);
});
