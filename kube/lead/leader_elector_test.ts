import assert from "node:assert/strict";
import { FakeClock, settle, startTelemetryProbe } from "../../tests/support/mod.ts";
import type { KubeClock } from "../clock.ts";
import { FakeTransport, refusalOf } from "../transport/fake_transport.ts";
import { LeaseElector } from "./leader_elector.ts";
import { isRecord } from "../received_object.ts";

interface Stored {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string };
  readonly spec: Record<string, unknown>;
}

/** A server that holds one lease, refuses what is out of date, and can be cut off. */
class LeaseServer {
  lease: Stored | undefined;
  isCutOff = false;
  isStuck = false;
  /** What the answer to a write waits for after it was stored. */
  delay: Promise<void> | undefined;
  readonly transport = new FakeTransport((request, signal) => {
    if (this.isStuck) {
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }
    if (this.isCutOff) throw new TypeError("connection refused");
    if (request.verb === "get") return this.#found();
    const { metadata, spec } = isRecord(request.body) ? request.body : {};
    if (!isRecord(metadata) || !isRecord(spec)) throw new TypeError("no lease");
    if (request.verb === "create" && this.lease !== undefined) throw refusalOf(409);
    if (request.verb === "update" && metadata.resourceVersion !== this.#found().metadata.resourceVersion) {
      throw refusalOf(409);
    }
    this.set(spec);
    if (this.delay === undefined) return this.lease;
    const broken = new Promise((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason), { once: true })
    );
    return Promise.race([this.delay, broken]).then(() => this.lease);
  });
  #version = 0;

  set(spec: Record<string, unknown>): void {
    this.lease = { metadata: { uid: "u", resourceVersion: String(++this.#version) }, spec };
  }

  get holder(): unknown {
    return this.lease?.spec.holderIdentity;
  }

  #found(): Stored {
    if (this.lease === undefined) throw refusalOf(404);
    return this.lease;
  }
}

function setUp(server = new LeaseServer(), identity = "a", fake = new FakeClock(), skewMs = 0) {
  let sleptMs = 0;
  let jumpedMs = 0;
  const clock: KubeClock = {
    epochMs: () => fake.epochMs() + skewMs + jumpedMs,
    monotonicMs: () => fake.epochMs() + sleptMs,
    setTimer: (delayMs, callback) => fake.setTimer(delayMs, callback),
  };
  const probe = startTelemetryProbe(fake);
  const stop = new AbortController();
  const options = { key: { namespace: "kopiur", name: "controller" }, identity };
  const elector = new LeaseElector(options, {
    transport: server.transport,
    clock,
    random: () => 0.5,
    log: probe.telemetry.log,
  });
  probe.telemetry.state.registerProcess(() => elector.samples());
  let lost: Error | undefined;
  void elector.lost.then((reason) => lost = reason);
  /** As after SIGSTOP and SIGCONT: time has passed and no timer has run. */
  const sleep = (ms: number) => void (sleptMs += ms);
  /** As after the machine was suspended: its monotonic clock stood still. Also: the wall clock was set. */
  const jump = (ms: number) => void (jumpedMs += ms);
  return { server, clock: fake, elector, probe, stop, sleep, jump, lost: () => lost };
}

Deno.test("LeaseElector makes the lease, keeps it, and releases it when it is stopped", async () => {
  const t = setUp();
  t.elector.start(t.stop.signal);
  await t.elector.whenLeader(t.stop.signal);
  assert.deepEqual([t.elector.isLeader(), t.server.holder], [true, "a"]);
  assert.deepEqual(await t.probe.series("kopiur_leader"), ["kopiur_leader 1"]);
  await t.clock.advance(120_000);
  assert.equal(t.elector.isLeader(), true);
  assert.equal(t.server.lease?.spec.leaseTransitions, 0);
  t.stop.abort();
  await t.elector.ended;
  assert.deepEqual([t.elector.isLeader(), t.server.holder, t.lost()], [false, "", undefined]);
  assert.deepEqual(await t.probe.series("kopiur_leader"), ["kopiur_leader 0"]);
  assert.equal(t.clock.pending, 0);
});

Deno.test("LeaseElector lets one of two lead, and the other as soon as it is released", async () => {
  const a = setUp();
  const b = setUp(a.server, "b", a.clock);
  a.elector.start(a.stop.signal);
  await settle();
  b.elector.start(b.stop.signal);
  await a.clock.advance(60_000);
  assert.deepEqual([a.elector.isLeader(), b.elector.isLeader()], [true, false]);
  a.stop.abort();
  await a.elector.ended;
  await a.clock.advance(4000);
  assert.deepEqual([b.elector.isLeader(), a.server.holder, a.server.lease?.spec.leaseTransitions], [
    true,
    "b",
    1,
  ]);
  b.stop.abort();
  await b.elector.ended;
});

for (const skewMs of [-3_600_000, 3_600_000]) {
  Deno.test(`LeaseElector waits for a holder that fell silent, whatever the clocks say (${skewMs / 1000} s)`, async () => {
    const a = setUp();
    const b = setUp(a.server, "b", a.clock, skewMs);
    a.server.set({
      holderIdentity: "gone",
      leaseDurationSeconds: 15,
      renewTime: "2026-01-02T03:04:05.000000Z",
      leaseTransitions: 0,
    });
    b.elector.start(b.stop.signal);
    await b.clock.advance(14_900);
    assert.equal(b.elector.isLeader(), false);
    await b.clock.advance(4000);
    assert.equal(b.elector.isLeader(), true);
    b.stop.abort();
    await b.elector.ended;
  });
}

Deno.test("LeaseElector tells that the lease is lost when it cannot be renewed in time, before another may take it", async () => {
  for (const how of ["isCutOff", "isStuck"] as const) {
    const t = setUp();
    t.elector.start(t.stop.signal);
    await t.clock.advance(10_000);
    t.server[how] = true;
    await t.clock.advance(8000);
    assert.equal(t.lost(), undefined, "a short break is borne");
    await t.clock.advance(6900);
    assert.match(t.lost()?.message ?? "", /it was not renewed for 1\d/);
    assert.equal(t.elector.isLeader(), false);
    await t.elector.ended;
    assert.equal(t.clock.pending, 0);
  }
});

Deno.test("LeaseElector bears a short break", async () => {
  const t = setUp();
  t.elector.start(t.stop.signal);
  await t.clock.advance(10_000);
  t.server.isCutOff = true;
  await t.clock.advance(7000);
  t.server.isCutOff = false;
  await t.clock.advance(60_000);
  assert.deepEqual([t.elector.isLeader(), t.lost()], [true, undefined]);
  t.stop.abort();
  await t.elector.ended;
});

Deno.test("LeaseElector tells that the lease is lost when somebody else has it", async () => {
  const t = setUp();
  t.elector.start(t.stop.signal);
  await t.clock.advance(10_000);
  t.server.set({ holderIdentity: "thief", leaseDurationSeconds: 15, leaseTransitions: 7 });
  await t.clock.advance(2000);
  assert.match(t.lost()?.message ?? "", /"thief" holds the lease/);
  assert.equal(t.elector.isLeader(), false);
  await t.elector.ended;
  assert.equal(t.server.holder, "thief", "what is not ours is not released");
});

Deno.test("LeaseElector goes on when its write was stored though the answer was lost, and when the lease was deleted", async () => {
  const t = setUp();
  t.elector.start(t.stop.signal);
  await t.clock.advance(10_000);
  t.server.set({ ...t.server.lease?.spec });
  await t.clock.advance(5000);
  assert.equal(t.elector.isLeader(), true);
  t.server.lease = undefined;
  await t.clock.advance(5000);
  assert.deepEqual([t.elector.isLeader(), t.server.holder, t.lost()], [true, "a", undefined]);
  t.stop.abort();
  await t.elector.ended;
});

Deno.test("LeaseElector that is stopped while its claim is on its way releases the lease", async () => {
  const t = setUp();
  const answer = Promise.withResolvers<void>();
  t.server.delay = answer.promise;
  t.elector.start(t.stop.signal);
  await settle();
  assert.deepEqual([t.elector.isLeader(), t.server.holder], [false, "a"]);
  t.stop.abort();
  await settle();
  answer.resolve();
  await t.elector.ended;
  assert.deepEqual([t.elector.isLeader(), t.server.holder], [false, ""]);
  assert.equal(t.clock.pending, 0);
});

Deno.test("LeaseElector that is stopped before it knows whether its claim was stored looks and releases the lease", async () => {
  const t = setUp();
  t.server.delay = Promise.reject(new TypeError("connection reset"));
  t.elector.start(t.stop.signal);
  await settle();
  t.server.delay = undefined;
  assert.deepEqual([t.elector.isLeader(), t.server.holder], [false, "a"]);
  t.stop.abort();
  await t.elector.ended;
  assert.equal(t.server.holder, "");
});

Deno.test("LeaseElector that is stopped while the server does not answer its claim ends in time", async () => {
  const t = setUp();
  t.server.delay = new Promise(() => {});
  t.elector.start(t.stop.signal);
  await settle();
  t.stop.abort();
  let hasEnded = false;
  void t.elector.ended.then(() => hasEnded = true);
  await t.clock.advance(4000);
  assert.equal(hasEnded, false, "it looks whether the claim was stored, and gives it back");
  await t.clock.advance(4000);
  assert.equal(hasEnded, true);
});

Deno.test("LeaseElector.isLeader() is false at once in a process that slept too long", async () => {
  const t = setUp();
  t.elector.start(t.stop.signal);
  await t.clock.advance(10_000);
  t.sleep(15_000);
  assert.equal(t.elector.isLeader(), false);
  t.stop.abort();
  await t.elector.ended;
});

Deno.test("LeaseElector.isLeader() is false at once on a machine that was suspended, until the lease is renewed", async () => {
  const t = setUp();
  t.elector.start(t.stop.signal);
  await t.clock.advance(10_000);
  t.jump(15_000);
  assert.equal(t.elector.isLeader(), false);
  await t.clock.advance(2000);
  assert.deepEqual([t.elector.isLeader(), t.lost()], [true, undefined]);
  t.jump(-3_600_000);
  assert.equal(t.elector.isLeader(), true, "a wall clock that is put back says nothing");
  t.sleep(15_000);
  assert.equal(t.elector.isLeader(), false);
  t.stop.abort();
  await t.elector.ended;
});

Deno.test("LeaseElector refuses durations that do not fit", () => {
  const clock = new FakeClock();
  const parts = {
    transport: new LeaseServer().transport,
    clock,
    random: () => 0,
    log: startTelemetryProbe(clock).telemetry.log,
  };
  const key = { namespace: "a", name: "b" };
  assert.throws(
    () => new LeaseElector({ key, identity: "x", renewDeadlineSeconds: 15 }, parts),
    /expected lease > renewal > retry/,
  );
});
