import assert from "node:assert/strict";
import { claimedLease, parseLease, releasedLease } from "./lease.ts";

const claim = { key: { namespace: "kopiur", name: "controller" }, holder: "a", durationSeconds: 15 };
const epochMs = Date.parse("2026-01-02T03:04:05.678Z") + 0.25;

Deno.test("parseLease() reads a lease, and one that nobody has held", () => {
  const metadata = { uid: "u", resourceVersion: "7" };
  const free = {
    uid: "u",
    resourceVersion: "7",
    holder: "",
    durationSeconds: 0,
    acquireTime: "",
    renewTime: "",
    transitions: 0,
  };
  assert.deepEqual(parseLease({ metadata }), free);
  assert.deepEqual(parseLease({ metadata, spec: { holderIdentity: null, leaseTransitions: "x" } }), free);
  for (const each of [null, {}, { metadata: {} }, { metadata: { uid: "u" } }]) {
    assert.equal(parseLease(each), undefined);
  }
});

Deno.test("claimedLease() counts a new holder and keeps when it began", () => {
  const spec = (before: Parameters<typeof claimedLease>[1]) =>
    JSON.parse(JSON.stringify(claimedLease(claim, before, epochMs))).spec;
  const now = "2026-01-02T03:04:05.678250Z";
  assert.deepEqual(spec(undefined), {
    holderIdentity: "a",
    leaseDurationSeconds: 15,
    acquireTime: now,
    renewTime: now,
    leaseTransitions: 0,
  });
  const before = {
    uid: "u",
    resourceVersion: "7",
    holder: "b",
    durationSeconds: 15,
    acquireTime: "then",
    renewTime: "then",
    transitions: 3,
  };
  assert.deepEqual([spec(before).leaseTransitions, spec(before).acquireTime], [4, now]);
  const renewed = spec({ ...before, holder: "a" });
  assert.deepEqual([renewed.leaseTransitions, renewed.acquireTime, renewed.renewTime], [3, "then", now]);
});

Deno.test("releasedLease() leaves no holder and is guarded by the version", () => {
  const before = {
    uid: "u",
    resourceVersion: "7",
    holder: "a",
    durationSeconds: 15,
    acquireTime: "",
    renewTime: "",
    transitions: 3,
  };
  const lease = JSON.parse(JSON.stringify(releasedLease(claim.key, before, epochMs)));
  assert.deepEqual(lease.metadata, {
    name: "controller",
    namespace: "kopiur",
    uid: "u",
    resourceVersion: "7",
  });
  assert.deepEqual([lease.spec.holderIdentity, lease.spec.leaseTransitions], ["", 3]);
});
