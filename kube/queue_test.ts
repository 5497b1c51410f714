import assert from "node:assert/strict";
import fc from "fast-check";
import { FakeClock, startTelemetryProbe } from "../tests/support/mod.ts";
import { Queue, RETRY_BACKOFF, type Trigger } from "./queue.ts";
import type { ObjectKey } from "./types.ts";

const never = new AbortController().signal;

function key(name: string): ObjectKey {
  return { namespace: "apps", name };
}

function setUp(random = 0.5) {
  const clock = new FakeClock();
  const probe = startTelemetryProbe(clock);
  const metrics = probe.telemetry.metrics;
  const queue = new Queue({ name: "Backup", clock, random: () => random, backoff: RETRY_BACKOFF, metrics });
  probe.telemetry.state.registerProcess(() => queue.samples());
  return { clock, queue, probe };
}

/** The names that can be taken without waiting, given back at once. */
async function drain(queue: Queue): Promise<readonly string[]> {
  const names: string[] = [];
  while (queue.depth > 0) {
    const item = await queue.take(never);
    if (item === undefined) break;
    names.push(item.key.name);
    queue.done(item.key);
  }
  return names;
}

Deno.test("Queue counts from 0, so that the first retry is an increase", async () => {
  const { probe } = setUp();
  assert.deepEqual(await probe.series("kopiur_workqueue_retries_total"), [
    'kopiur_workqueue_retries_total{kind="Backup"} 0',
  ]);
});

Deno.test("Queue holds a key once however often it is added", async () => {
  const { queue } = setUp();
  for (const name of ["a", "b", "a", "a"]) queue.add(key(name), "spec");
  assert.deepEqual(await drain(queue), ["a", "b"]);
});

Deno.test("Queue.take() never hands out a key that is worked on, and hands it out again when it was added meanwhile", async () => {
  const { queue } = setUp();
  queue.add(key("a"), "spec");
  await queue.take(never);
  queue.add(key("a"), "owned");
  queue.add(key("a"), "owned");
  assert.equal(queue.depth, 0);
  queue.done(key("a"));
  assert.deepEqual(await queue.take(never), { key: key("a"), trigger: "owned" });
  queue.done(key("a"));
  assert.equal(queue.depth, 0);
});

Deno.test("Queue.take() waits for a key, and rejects when its signal aborts", async () => {
  const { queue } = setUp();
  const controller = new AbortController();
  const [given, aborted] = [queue.take(never), queue.take(controller.signal)];
  controller.abort(new Error("stop"));
  await assert.rejects(aborted, /stop/);
  queue.add(key("a"), "spec");
  assert.equal((await given)?.key.name, "a");
});

Deno.test("Queue puts changes of users before resyncs, and promotes a key that changes", async () => {
  const { queue } = setUp();
  for (const name of ["a", "b", "c"]) queue.add(key(name), "resync");
  queue.add(key("d"), "owned");
  queue.add(key("c"), "spec");
  assert.deepEqual(await drain(queue), ["d", "c", "a", "b"]);
});

Deno.test("Queue lets a resync through while changes do not end", async () => {
  const { queue } = setUp();
  queue.add(key("resync"), "resync");
  const taken: string[] = [];
  for (let turn = 0; turn < 40 && !taken.includes("resync"); turn++) {
    queue.add(key(`change-${turn}`), "spec");
    const item = await queue.take(never);
    taken.push(item?.key.name ?? "");
    queue.done(item?.key ?? key(""));
  }
  assert.equal(taken.at(-1), "resync");
});

Deno.test("Queue.addAfter() waits; of several delays the earliest counts", async () => {
  const { clock, queue } = setUp();
  queue.addAfter(key("a"), 60);
  queue.addAfter(key("a"), 30);
  queue.addAfter(key("a"), 90);
  await clock.advance(29_999);
  assert.equal(queue.depth, 0);
  await clock.advance(1);
  assert.deepEqual(await queue.take(never), { key: key("a"), trigger: "requeue" });
  queue.done(key("a"));
  await clock.advance(200_000);
  assert.equal(queue.depth, 0);
  assert.equal(clock.pending, 0);
});

Deno.test("Queue.add() supersedes a delay, and a delay does not supersede it", async () => {
  const { clock, queue } = setUp();
  queue.addAfter(key("a"), 10);
  queue.add(key("a"), "spec");
  queue.addAfter(key("a"), 5);
  assert.deepEqual(await drain(queue), ["a"]);
  await clock.advance(60_000);
  assert.equal(queue.depth, 0);
});

Deno.test("Queue.addAfter() of a key that is worked on counts after it was given back", async () => {
  const { clock, queue } = setUp();
  queue.add(key("a"), "spec");
  await queue.take(never);
  queue.addAfter(key("a"), 10);
  await clock.advance(20_000);
  assert.equal(queue.depth, 0, "it is still worked on");
  queue.done(key("a"));
  assert.deepEqual(await drain(queue), ["a"]);
});

Deno.test("Queue.addAfter() bears delays of any number and order", async () => {
  const { clock, queue } = setUp();
  const seconds = [9, 3, 7, 1, 8, 2, 6, 4, 5];
  for (const each of seconds) queue.addAfter(key(String(each)), each);
  await clock.advance(10_000);
  assert.deepEqual(await drain(queue), [...seconds].sort().map(String));
});

Deno.test("Queue.retry() waits longer with each failure until forget()", async () => {
  const { clock, queue } = setUp(1);
  assert.deepEqual([queue.retry(key("a")), queue.retry(key("a")), queue.retry(key("b"))].map(Math.round), [
    6,
    11,
    6,
  ]);
  await clock.advance(5499);
  assert.equal(queue.depth, 0);
  await clock.advance(1);
  assert.deepEqual(await drain(queue), ["a", "b"]);
  queue.forget(key("a"));
  assert.equal(Math.round(queue.retry(key("a"))), 6);
});

Deno.test("Queue.shutdown() wakes who waits, forgets what waits, and resolves when work is given back", async () => {
  const { clock, queue } = setUp();
  queue.add(key("a"), "spec");
  await queue.take(never);
  queue.addAfter(key("c"), 5);
  const waiting = queue.take(never);
  let isDown = false;
  const down = queue.shutdown(never).then(() => isDown = true);
  assert.equal(await waiting, undefined);
  queue.add(key("d"), "spec");
  queue.add(key("a"), "spec");
  await clock.advance(10_000);
  assert.deepEqual([queue.depth, isDown], [0, false]);
  queue.done(key("a"));
  await down;
  assert.equal(await queue.take(never), undefined);
  assert.equal(queue.depth, 0);
});

Deno.test("Queue.shutdown() gives up on work when its signal aborts", async () => {
  const { queue } = setUp();
  queue.add(key("a"), "spec");
  await queue.take(never);
  const controller = new AbortController();
  const down = queue.shutdown(controller.signal);
  controller.abort();
  await down;
});

Deno.test("Queue measures what waits, what is worked on and how long", async () => {
  const { clock, queue, probe } = setUp();
  queue.addAfter(key("a"), 10);
  queue.add(key("b"), "spec");
  await queue.take(never);
  await clock.advance(12_000);
  queue.add(key("c"), "spec");
  assert.deepEqual(await probe.series("kopiur_workqueue_depth"), ['kopiur_workqueue_depth{kind="Backup"} 2']);
  assert.deepEqual(await probe.series("kopiur_workqueue_longest"), [
    'kopiur_workqueue_longest_running_processor_seconds{kind="Backup"} 12',
  ]);
  await queue.take(never);
  queue.done(key("b"));
  queue.retry(key("b"));
  // From when it was due, not from when it was delayed: 12 - 10 s.
  assert.deepEqual(await probe.series("kopiur_workqueue_queue_duration_seconds_sum"), [
    'kopiur_workqueue_queue_duration_seconds_sum{kind="Backup"} 2',
  ]);
  assert.deepEqual(await probe.series("kopiur_workqueue_work_duration_seconds_sum"), [
    'kopiur_workqueue_work_duration_seconds_sum{kind="Backup"} 12',
  ]);
  assert.deepEqual(await probe.series("kopiur_workqueue_adds_total"), [
    'kopiur_workqueue_adds_total{kind="Backup"} 3',
  ]);
  assert.deepEqual(await probe.series("kopiur_workqueue_retries_total"), [
    'kopiur_workqueue_retries_total{kind="Backup"} 1',
  ]);
  assert.deepEqual(await probe.series("kopiur_workqueue_unfinished"), [
    'kopiur_workqueue_unfinished_work_seconds{kind="Backup"} 0',
  ]);
});

Deno.test("Queue never gives one key to two workers and loses no change, whatever happens", async () => {
  const names = ["a", "b", "c"];
  const step = fc.oneof(
    fc.record({
      do: fc.constant("add" as const),
      name: fc.constantFrom(...names),
      trigger: fc.constantFrom<Trigger>("spec", "resync"),
    }),
    fc.record({
      do: fc.constant("after" as const),
      name: fc.constantFrom(...names),
      seconds: fc.integer({ min: 0, max: 20 }),
    }),
    fc.record({ do: fc.constant("retry" as const), name: fc.constantFrom(...names) }),
    fc.record({ do: fc.constant("take" as const) }),
    fc.record({ do: fc.constant("done" as const), name: fc.constantFrom(...names) }),
    fc.record({ do: fc.constant("wait" as const), seconds: fc.integer({ min: 0, max: 20 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const clock = new FakeClock();
      const metrics = { add: () => {}, record: () => {} };
      const queue = new Queue({ name: "x", clock, random: () => 0.5, backoff: RETRY_BACKOFF, metrics });
      const working = new Set<string>();
      const wanted = new Set<string>();
      for (const each of steps) {
        if (each.do === "add") queue.add(key(each.name), each.trigger);
        if (each.do === "after") queue.addAfter(key(each.name), each.seconds);
        if (each.do === "retry") queue.retry(key(each.name));
        if (each.do === "add" || each.do === "after" || each.do === "retry") wanted.add(each.name);
        if (each.do === "wait") await clock.advance(each.seconds * 1000);
        if (each.do === "done" && working.delete(each.name)) queue.done(key(each.name));
        if (each.do === "take" && queue.depth > 0) {
          const name = (await queue.take(never))?.key.name ?? "";
          assert.ok(!working.has(name), `"${name}" was handed out twice`);
          working.add(name);
          wanted.delete(name);
        }
      }
      for (const name of working) queue.done(key(name));
      await clock.advance(400_000);
      const left = await drain(queue);
      for (const name of wanted) assert.ok(left.includes(name), `"${name}" was lost`);
    }),
    { numRuns: 50 },
  );
});

Deno.test("Queue lets a resync through after exactly sixteen changes in a row", async () => {
  const { queue } = setUp();
  queue.add(key("resync"), "resync");
  for (let n = 0; n < 20; n++) queue.add(key(`spec-${n}`), "spec");
  assert.equal((await drain(queue)).indexOf("resync"), 16);
});
