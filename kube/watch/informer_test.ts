import assert from "node:assert/strict";
import { FakeClock, settle, startTelemetryProbe } from "../../tests/support/mod.ts";
import { FakeTransport, FakeWatch, refusalOf } from "../transport/fake_transport.ts";
import { type Change, type InformerOptions, ListWatchInformer } from "./informer.ts";
import { RESOURCES } from "../resources.ts";

function pod(name: string, resourceVersion: string, labels: Record<string, string> = {}) {
  return { metadata: { name, namespace: "a", resourceVersion, uid: name, labels } };
}

/** An informer over a server that is played by the test: lists are answered from `items`, watches are held. */
function setUp(options: Partial<InformerOptions> = {}) {
  const clock = new FakeClock();
  const probe = startTelemetryProbe(clock);
  const stop = new AbortController();
  const server = {
    items: [pod("x", "1"), pod("y", "2")],
    version: "10",
    watches: [] as FakeWatch[],
    refuse: undefined as Error | undefined,
  };
  const transport = new FakeTransport((request, signal) => {
    if (server.refuse !== undefined) throw server.refuse;
    if (request.verb === "list") {
      return { metadata: { resourceVersion: server.version }, items: structuredClone(server.items) };
    }
    const watch = new FakeWatch(signal);
    server.watches.push(watch);
    return watch.stream;
  });
  const changes: string[] = [];
  const informer = new ListWatchInformer({
    resource: RESOURCES.pod,
    onChange: (change) => void changes.push(describe(change)),
    ...options,
  }, { transport, clock, random: () => 0.5, log: probe.telemetry.log, metrics: probe.telemetry.metrics });
  probe.telemetry.state.registerProcess(() => informer.samples());
  return {
    clock,
    probe,
    server,
    transport,
    informer,
    /** What was told since the last call. */
    reported: () => changes.splice(0),
    async start() {
      informer.start(stop.signal);
      await settle();
    },
    async end() {
      stop.abort();
      await informer.ended;
      assert.equal(clock.pending, 0, "timers are left");
    },
    /** The watch that is open now. */
    watch() {
      const open = server.watches.at(-1);
      assert.ok(open !== undefined);
      return open;
    },
    async reasons() {
      const lines = await probe.series("kopiur_watch_restarts_total");
      return lines.map((line) => line.replace(/^.*reason="([^"]*)"\} /, "$1 "));
    },
  };
}

function describe({ old, new: next, cause }: Change): string {
  const sign = old === undefined ? "+" : next === undefined ? "-" : "~";
  return `${cause} ${sign}${(next ?? old)?.metadata.name}@${(next ?? old)?.metadata.resourceVersion}`;
}

Deno.test("ListWatchInformer lists, then follows the watch", async () => {
  const t = setUp();
  assert.equal(t.informer.synced(), false);
  const synced = t.informer.whenSynced(new AbortController().signal);
  await t.start();
  await synced;
  assert.deepEqual(t.reported(), ["list +x@1", "list +y@2"]);
  t.watch().event("ADDED", pod("z", "11"));
  t.watch().event("MODIFIED", pod("x", "12"));
  t.watch().event("DELETED", pod("y", "13"));
  await settle();
  assert.deepEqual(t.reported(), ["watch +z@11", "watch ~x@12", "watch -y@2"]);
  assert.deepEqual(t.informer.store.list().map((each) => each.metadata.name).sort(), ["x", "z"]);
  assert.equal(t.transport.requests[1]?.query?.resourceVersion, "10");
  assert.equal(t.transport.requests[1]?.query?.timeoutSeconds, "450");
  assert.equal(t.transport.requests[1]?.query?.allowWatchBookmarks, "true");
  await t.end();
});

Deno.test("ListWatchInformer logs each event of a watch at trace", async () => {
  const t = setUp();
  await t.start();
  t.watch().event("ADDED", pod("z", "11"));
  t.watch().event("DELETED", pod("y", "13"));
  t.watch().event("BOOKMARK", { metadata: { resourceVersion: "14" } });
  await settle();
  const lines = t.probe.lines().filter(({ message }) => message === "watch event");
  assert.deepEqual(lines.map(({ level, fields }) => [level, fields]), [
    ["TRACE", { resource: "pods", event: "changed", object: "a/z", version: "11" }],
    ["TRACE", { resource: "pods", event: "deleted", object: "a/y", version: "13" }],
    ["TRACE", { resource: "pods", event: "bookmark", version: "14" }],
  ]);
  await t.end();
});

Deno.test("ListWatchInformer goes on from the last version when the server ends the watch, without a pause", async () => {
  const t = setUp();
  await t.start();
  t.watch().event("MODIFIED", pod("x", "12"));
  t.watch().event("BOOKMARK", { metadata: { resourceVersion: "40" } });
  await settle();
  t.watch().end();
  await settle();
  assert.equal(t.server.watches.length, 2);
  assert.equal(t.transport.requests.at(-1)?.query?.resourceVersion, "40");
  assert.deepEqual(t.transport.requests.map((each) => each.verb), ["list", "watch", "watch"]);
  assert.deepEqual(await t.reasons(), ["ended 1"]);
  assert.equal(t.informer.lastError(), undefined);
  await t.end();
});

Deno.test("ListWatchInformer goes on after a cut connection, and waits longer while it cannot", async () => {
  const t = setUp();
  await t.start();
  t.watch().event("MODIFIED", pod("x", "12"));
  await settle();
  t.server.refuse = new TypeError("connection refused");
  t.watch().cut();
  await settle();
  const waits: number[] = [];
  for (let turn = 0; turn < 7; turn++) {
    const before = t.transport.requests.length;
    let seconds = 0;
    for (; t.transport.requests.length === before; seconds += 0.1) await t.clock.advance(100);
    waits.push(Math.round(seconds * 10) / 10);
  }
  assert.deepEqual(waits, [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30]);
  assert.match(t.informer.lastError()?.message ?? "", /connection refused/);
  t.server.refuse = undefined;
  await t.clock.advance(30_000);
  assert.equal(t.transport.requests.at(-1)?.query?.resourceVersion, "12");
  assert.equal(t.informer.lastError(), undefined);
  assert.equal(t.informer.stalenessSeconds() < 31, true);
  t.watch().event("MODIFIED", pod("x", "13"));
  await settle();
  assert.deepEqual(t.reported().slice(2), ["watch ~x@12", "watch ~x@13"]);
  await t.end();
});

for (const how of ["an ERROR event", "the answer"] as const) {
  Deno.test(`ListWatchInformer lists again when ${how} says the version has expired, and tells what it missed`, async () => {
    const t = setUp();
    await t.start();
    t.reported();
    t.server.items = [pod("x", "1"), pod("z", "20")];
    t.server.version = "21";
    if (how === "an ERROR event") {
      t.watch().event("ERROR", { kind: "Status", code: 410, reason: "Expired" });
    } else {
      t.watch().event("BOOKMARK", { metadata: { resourceVersion: "11" } });
      t.server.refuse = refusalOf(410);
      t.watch().end();
    }
    await settle();
    // Until the new list is there the old objects answer.
    assert.equal(t.informer.store.size, 2);
    t.server.refuse = undefined;
    await t.clock.advance(5000);
    assert.deepEqual(t.reported(), ["list +z@20", "list -y@2"]);
    assert.equal(t.transport.requests.at(-1)?.query?.resourceVersion, "21");
    assert.ok((await t.reasons()).includes("expired 1"));
    await t.end();
  });
}

Deno.test("ListWatchInformer lists again when the server went back in time", async () => {
  const t = setUp();
  await t.start();
  t.watch().event("BOOKMARK", { metadata: { resourceVersion: "9" } });
  await t.clock.advance(5000);
  assert.deepEqual(t.transport.requests.map((each) => each.verb), ["list", "watch", "list", "watch"]);
  await t.end();
});

Deno.test("ListWatchInformer begins a silent watch anew, but not one that is told bookmarks", async () => {
  const t = setUp();
  await t.start();
  for (let minute = 0; minute < 5; minute++) {
    await t.clock.advance(60_000);
    t.watch().event("BOOKMARK", { metadata: { resourceVersion: String(11 + minute) } });
    await settle();
  }
  assert.equal(t.server.watches.length, 1);
  await t.clock.advance(89_000);
  assert.equal(t.server.watches.length, 1);
  assert.equal(t.informer.stalenessSeconds(), 89);
  assert.deepEqual(await t.probe.series("kopiur_informer_staleness"), [
    'kopiur_informer_staleness_seconds{resource="pods"} 89',
  ]);
  await t.clock.advance(5000);
  assert.equal(t.server.watches.length, 2);
  assert.deepEqual(await t.reasons(), ["silent 1"]);
  assert.equal(t.transport.requests.at(-1)?.query?.resourceVersion, "15");
  await t.end();
});

Deno.test("ListWatchInformer lists again after something that is no event", async () => {
  const t = setUp();
  await t.start();
  t.watch().text('{"type":"ADDED","object":null}\n');
  await t.clock.advance(5000);
  assert.deepEqual(t.transport.requests.map((each) => each.verb), ["list", "watch", "list", "watch"]);
  assert.deepEqual(await t.reasons(), ["garbled 1"]);
  await t.end();
});

Deno.test("ListWatchInformer does not ask in a loop when every watch ends at once", async () => {
  const t = setUp();
  await t.start();
  for (let turn = 0; turn < 20; turn++) {
    t.watch().end();
    await t.clock.advance(1000);
  }
  assert.ok(t.server.watches.length <= 8, `${t.server.watches.length} watches in 20 s`);
  await t.end();
});

Deno.test("ListWatchInformer stays unsynced while it cannot list, and says why", async () => {
  const t = setUp();
  t.server.refuse = refusalOf(403, { message: "pods is forbidden" });
  await t.start();
  await t.clock.advance(10_000);
  assert.equal(t.informer.synced(), false);
  assert.match(t.informer.lastError()?.message ?? "", /pods is forbidden/);
  assert.deepEqual(await t.probe.series("kopiur_informer_synced"), [
    'kopiur_informer_synced{resource="pods"} 0',
  ]);
  t.server.refuse = undefined;
  await t.clock.advance(30_000);
  assert.equal(t.informer.synced(), true);
  assert.deepEqual(await t.probe.series("kopiur_informer_synced"), [
    'kopiur_informer_synced{resource="pods"} 1',
  ]);
  await t.end();
});

Deno.test("ListWatchInformer survives an index and a handler that throw", async () => {
  const reported: string[] = [];
  const t = setUp({
    indexes: {
      config: (object) => {
        if (object.metadata.name === "x") throw new Error("no such field");
        return [object.metadata.name];
      },
    },
    onChange: (change) => {
      reported.push(describe(change));
      throw new Error("handler is broken");
    },
  });
  await t.start();
  assert.deepEqual(reported, ["list +x@1", "list +y@2"]);
  assert.equal(t.informer.store.list({ index: { name: "config", value: "y" } }).length, 1);
  assert.equal(t.informer.store.size, 2);
  assert.equal(t.probe.lines().filter((line) => line.level === "ERROR").length, 3);
  await t.end();
});

Deno.test("ListWatchInformer.whenSynced() rejects when its signal aborts", async () => {
  const t = setUp();
  const controller = new AbortController();
  const synced = t.informer.whenSynced(controller.signal);
  controller.abort(new Error("stop"));
  await assert.rejects(synced, /stop/);
  await assert.rejects(t.informer.whenSynced(controller.signal), /stop/);
});

Deno.test("ListWatchInformer has the watch of Events end before it counts as silent: they come without bookmarks", async () => {
  const resource = { group: "", version: "v1", kind: "Event", plural: "events", namespaced: true } as const;
  const t = setUp({ resource });
  await t.start();
  assert.equal(t.transport.requests[1]?.query?.timeoutSeconds, "60");
  await t.end();
});
