import assert from "node:assert/strict";
import type { QueueItem } from "../../kube/mod.ts";
import { FakeClock, settle, startTelemetryProbe } from "../../tests/support/mod.ts";
import { Guard } from "./guard.ts";
import type { QueueAction } from "./pass/report.ts";
import { WorkerPool } from "./worker_pool.ts";

const key = { namespace: "apps", name: "run" };

function aPool(pass: (item: QueueItem, signal: AbortSignal) => Promise<QueueAction>, concurrency = 2) {
  const clock = new FakeClock();
  const probe = startTelemetryProbe(clock);
  const { telemetry } = probe;
  const options = { name: "Backup", concurrency, pass, clock, random: () => 0.5, telemetry };
  return { clock, probe, pool: new WorkerPool({ ...options, guard: new Guard(telemetry) }) };
}

/** Passes that end as listed, then forget; with the seconds at which they ran. */
function aScript(actions: readonly QueueAction[]) {
  const ran: string[] = [];
  const left = [...actions];
  let nowMs: () => number = () => 0;
  return {
    ran,
    timedBy: (clock: FakeClock) => {
      const startMs = clock.monotonicMs();
      nowMs = () => clock.monotonicMs() - startMs;
    },
    pass: ({ trigger }: QueueItem): Promise<QueueAction> => {
      ran.push(`${nowMs() / 1000} ${trigger}`);
      return Promise.resolve(left.shift() ?? { kind: "forget" });
    },
  };
}

async function runsOf(...actions: readonly QueueAction[]): Promise<readonly string[]> {
  const script = aScript(actions);
  const { clock, pool } = aPool(script.pass);
  script.timedBy(clock);
  pool.start();
  pool.add(key, "spec");
  await clock.advance(3_600_000);
  await pool.drain(AbortSignal.abort());
  return script.ran;
}

Deno.test("WorkerPool comes back to a key when its pass asked for it, and never after forget", async () => {
  assert.deepEqual(await runsOf({ kind: "forget" }), ["0 spec"]);
  assert.deepEqual(await runsOf({ kind: "after", seconds: 60 }), ["0 spec", "60 requeue"]);
});

Deno.test("WorkerPool backs off longer with each failure and starts anew after a success", async () => {
  const backoff = { kind: "backoff" } as const;
  const after = { kind: "after", seconds: 1 } as const;
  assert.deepEqual(await runsOf(backoff, backoff, after, backoff), [
    "0 spec",
    "5 requeue",
    "15 requeue",
    "16 requeue",
    "21 requeue",
  ]);
});

Deno.test("WorkerPool passes again at once after a conflict, then later each time, then like a failure", async () => {
  const again = Array.from({ length: 6 }, () => ({ kind: "again" }) as const);
  assert.deepEqual(await runsOf(...again), [
    "0 spec",
    "0 requeue",
    "0.05 requeue",
    "0.15 requeue",
    "0.35 requeue",
    "0.75 requeue",
    "5.75 requeue",
  ]);
});

Deno.test("WorkerPool goes on after a pass that throws, counts it and backs off", async () => {
  let calls = 0;
  const { clock, pool, probe } = aPool(() => {
    calls += 1;
    return calls === 1
      ? Promise.reject(new TypeError("x is undefined"))
      : Promise.resolve({ kind: "forget" });
  });
  pool.start();
  pool.add(key, "spec");
  await clock.advance(10_000);
  assert.equal(calls, 2);
  const series = await probe.series('kopiur_controller_panics_total{kind="Backup",where="pass"}');
  assert.deepEqual(series, ['kopiur_controller_panics_total{kind="Backup",where="pass"} 1']);
  assert.equal(probe.lines().some(({ fields }) => fields["error"] === "x is undefined"), true);
  await pool.drain(AbortSignal.abort());
});

Deno.test("WorkerPool.check() is content while idle, for however long", async () => {
  const { clock, pool } = aPool(() => Promise.resolve({ kind: "forget" }));
  pool.start();
  await clock.advance(86_400_000);
  assert.deepEqual(pool.check(), { ok: true, reason: "no key waits" });
  await pool.drain(AbortSignal.abort());
});

Deno.test("WorkerPool.check() complains of a pass that takes more than ten minutes, and only then", async () => {
  const release = Promise.withResolvers<void>();
  const { clock, pool } = aPool(async () => {
    await release.promise;
    return { kind: "forget" };
  });
  pool.start();
  pool.add(key, "spec");
  await clock.advance(600_000);
  assert.equal(pool.check().ok, true);
  await clock.advance(1000);
  assert.deepEqual(pool.check(), { ok: false, reason: "works on apps/run for 601 s" });
  release.resolve();
  await settle();
  assert.equal(pool.check().ok, true);
  await pool.drain(AbortSignal.abort());
});

Deno.test("WorkerPool.drain() lets what runs end and takes nothing more", async () => {
  const release = Promise.withResolvers<void>();
  const ended: string[] = [];
  const { pool } = aPool(async (item) => {
    await release.promise;
    ended.push(item.key.name);
    return { kind: "forget" };
  }, 1);
  pool.start();
  pool.add(key, "spec");
  await settle();
  pool.add({ ...key, name: "next" }, "spec");
  const drained = pool.drain(new AbortController().signal);
  release.resolve();
  await drained;
  assert.deepEqual(ended, ["run"]);
});

Deno.test("WorkerPool.drain() breaks off what does not end in time", async () => {
  const limit = new AbortController();
  const reasons: unknown[] = [];
  const { pool } = aPool((_item, signal) =>
    new Promise((resolve) =>
      signal.addEventListener("abort", () => {
        reasons.push(signal.reason.message);
        resolve({ kind: "forget" });
      })
    )
  );
  pool.start();
  pool.add(key, "spec");
  await settle();
  const drained = pool.drain(limit.signal);
  await settle();
  assert.deepEqual(reasons, []);
  limit.abort();
  await drained;
  assert.deepEqual(reasons, ["The process is ending"]);
});
