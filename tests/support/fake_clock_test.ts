import assert from "node:assert/strict";
import { FakeClock } from "./fake_clock.ts";

Deno.test("FakeClock.advance() fires timers in order, each at its own time", async () => {
  const clock = new FakeClock("2026-01-01T00:00:00Z");
  const fired: string[] = [];
  clock.setTimer(2000, () => fired.push(`b ${clock.now().toISOString()}`));
  clock.setTimer(1000, () => {
    fired.push(`a ${clock.now().toISOString()}`);
    clock.setTimer(500, () => fired.push(`c ${clock.now().toISOString()}`));
  });
  await clock.advance(1999);
  assert.deepEqual(fired, ["a 2026-01-01T00:00:01.000Z", "c 2026-01-01T00:00:01.500Z"]);
  await clock.advance(1);
  assert.equal(fired.at(-1), "b 2026-01-01T00:00:02.000Z");
});

Deno.test("FakeClock.sleep() ends with the signal and leaves no timer", async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const slept = clock.sleep(1000, controller.signal);
  controller.abort(new Error("enough"));
  await assert.rejects(slept, /enough/);
  assert.equal(clock.pending, 0);
});
