import assert from "node:assert/strict";
import fc from "fast-check";
import { fnv1a64 } from "./hash.ts";
import { jitterSeconds } from "./jitter.ts";

Deno.test("fnv1a64() gives the published values of FNV-1a", () => {
  const vectors: Readonly<Record<string, bigint>> = {
    "": 0xcbf29ce484222325n,
    "a": 0xaf63dc4c8601ec8cn,
    "foobar": 0x85944171f73967e8n,
  };
  for (const [text, hash] of Object.entries(vectors)) {
    assert.equal(fnv1a64(new TextEncoder().encode(text)), hash);
  }
});

Deno.test("jitterSeconds() stays within its window and is always the same", () => {
  const moments = fc.integer({ min: 0, max: 4e9 });
  fc.assert(fc.property(fc.uuid(), moments, fc.integer({ min: 1, max: 86_400 }), (uid, second, window) => {
    const jitter = jitterSeconds(uid, second * 1000, window);
    assert.ok(Number.isInteger(jitter) && jitter >= 0 && jitter < window);
    assert.equal(jitterSeconds(uid, second * 1000, window), jitter);
  }));
});

Deno.test("jitterSeconds() differs between slots and between schedules, and is none without a window", () => {
  const slot = Date.parse("2026-01-02T03:00:00Z");
  const days = new Set(
    Array.from({ length: 30 }, (_, day) => jitterSeconds("a", slot + day * 86_400_000, 3600)),
  );
  const schedules = new Set(
    Array.from({ length: 30 }, (_, index) => jitterSeconds(`uid-${index}`, slot, 3600)),
  );
  assert.ok(days.size > 25, `${days.size} days`);
  assert.ok(schedules.size > 25, `${schedules.size} schedules`);
  assert.equal(jitterSeconds("a", slot, 0), 0);
});
