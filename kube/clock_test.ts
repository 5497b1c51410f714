import assert from "node:assert/strict";
import { FakeClock } from "../tests/support/mod.ts";
import { elapsedMs, microTime, momentOf, sleep, systemKubeClock } from "./clock.ts";
import { DeadlinePassed, startDeadline } from "./deadline.ts";

Deno.test("sleep() resolves after its delay, and rejects when its signal aborts", async () => {
  const clock = new FakeClock();
  let isOver = false;
  const over = sleep(clock, 1000, new AbortController().signal).then(() => isOver = true);
  await clock.advance(999);
  assert.equal(isOver, false);
  await clock.advance(1);
  await over;
  const controller = new AbortController();
  const aborted = assert.rejects(sleep(clock, 1000, controller.signal), /stop/);
  controller.abort(new Error("stop"));
  await aborted;
  await assert.rejects(sleep(clock, 1000, controller.signal), /stop/);
  assert.equal(clock.pending, 0);
});

Deno.test("systemKubeClock().setTimer() keeps a delay no timer of the runtime can hold", async () => {
  const clock = systemKubeClock();
  let fired = false;
  const cancel = clock.setTimer(30 * 24 * 3600 * 1000, () => fired = true);
  await sleep(clock, 20, new AbortController().signal);
  cancel();
  assert.equal(fired, false);
});

Deno.test("startDeadline() aborts at its limit unless it is lifted, and with the other signal in any case", async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const [bound, lifted, ended] = [1, 2, 3].map(() => startDeadline(clock, 1000, controller.signal));
  assert.ok(bound !== undefined && lifted !== undefined && ended !== undefined);
  lifted.lift();
  ended.end();
  await clock.advance(1000);
  assert.ok(bound.signal.reason instanceof DeadlinePassed);
  assert.equal(lifted.signal.aborted, false);
  controller.abort(new Error("stop"));
  assert.match(String(lifted.signal.reason), /stop/);
  assert.equal(ended.signal.aborted, false);
  assert.match(String(startDeadline(clock, 1000, controller.signal).signal.reason), /stop/);
});

Deno.test("elapsedMs() says what the clock says that went further", () => {
  const at = (epochMs: number, monotonicMs: number) => ({
    ...new FakeClock(),
    epochMs: () => epochMs,
    monotonicMs: () => monotonicMs,
  });
  const since = momentOf(at(1000, 10));
  assert.equal(elapsedMs(at(1005, 15), since), 5);
  assert.equal(elapsedMs(at(9000, 15), since), 8000);
  assert.equal(elapsedMs(at(0, 40), since), 30);
});

Deno.test("microTime() writes six digits", () => {
  assert.equal(microTime(0), "1970-01-01T00:00:00.000000Z");
  assert.equal(microTime(1.001), "1970-01-01T00:00:00.001000Z");
});
