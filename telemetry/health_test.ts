import assert from "node:assert/strict";
import { formatHealth, HealthChecks, Heartbeat } from "./health.ts";

const good = () => ({ ok: true, reason: "listed" });
const bad = () => ({ ok: false, reason: "waiting for the first list of backups" });

Deno.test("Health is not ready before anybody said what ready means, but alive", () => {
  const health = new HealthChecks();
  assert.equal(health.read("ready").ok, false);
  assert.equal(health.read("live").ok, true);
});

Deno.test("Health is ok when every check is, and says why not", () => {
  const health = new HealthChecks();
  health.register("ready", "informers", bad);
  health.register("ready", "lease", good);
  assert.equal(
    formatHealth(health.read("ready")),
    "not ok\n[-] informers: waiting for the first list of backups\n[+] lease: listed\n",
  );
  assert.equal(health.read("live").ok, true);
});

Deno.test("Health counts a check that throws as not ok", () => {
  const health = new HealthChecks();
  health.register("live", "loop", () => {
    throw new Error("line one\nline two");
  });
  assert.equal(formatHealth(health.read("live")), "not ok\n[-] loop: the check failed: line one line two\n");
});

Deno.test("register() returns the way out and refuses a name that is taken", () => {
  const health = new HealthChecks();
  const unregister = health.register("ready", "lease", bad);
  assert.throws(() => health.register("ready", "lease", good), /Cannot register the ready check "lease"/);
  unregister();
  health.register("ready", "lease", good);
  assert.equal(health.read("ready").ok, true);
});

Deno.test("Heartbeat is ok until the silence exceeds its limit, and again after the next beat", () => {
  const heartbeat = new Heartbeat(60_000, 1000);
  assert.equal(heartbeat.check(61_000).ok, true);
  assert.deepEqual(heartbeat.check(62_000), {
    ok: false,
    reason: "no beat for 61 s, expected one within 60 s",
  });
  heartbeat.beat(62_000);
  assert.deepEqual(heartbeat.check(63_000), { ok: true, reason: "beat 1 s ago" });
});

Deno.test("Heartbeat takes a clock that was set back for no silence", () => {
  assert.equal(new Heartbeat(1000, 500_000).check(0).ok, true);
});
