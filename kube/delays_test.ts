import assert from "node:assert/strict";
import fc from "fast-check";
import { Delays } from "./delays.ts";

Deno.test("Delays keeps the earlier of two moments", () => {
  const delays = new Delays<string>();
  delays.add("a", "first", 50);
  delays.add("a", "later", 80);
  assert.equal(delays.nextDueMs(), 50);
  delays.add("a", "earlier", 20);
  assert.equal(delays.nextDueMs(), 20);
  assert.deepEqual(delays.takeDue(100), ["earlier"]);
  assert.equal(delays.size, 0);
});

Deno.test("Delays takes out what is due, earliest first, whatever was added and dropped", () => {
  const step = fc.record({
    id: fc.integer({ min: 0, max: 20 }),
    dueMs: fc.integer({ min: 0, max: 100 }),
    drop: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 0, max: 100 }), (steps, nowMs) => {
      const delays = new Delays<string>();
      const model = new Map<string, number>();
      for (const { id, dueMs, drop } of steps) {
        const name = String(id);
        if (drop) {
          delays.drop(name);
          model.delete(name);
        } else {
          delays.add(name, name, dueMs);
          model.set(name, Math.min(dueMs, model.get(name) ?? Infinity));
        }
      }
      assert.equal(delays.size, model.size);
      const taken = delays.takeDue(nowMs).map((id) => model.get(id) ?? NaN);
      assert.deepEqual(taken, [...model.values()].filter((due) => due <= nowMs).sort((a, b) => a - b));
      const left = [...model.values()].filter((due) => due > nowMs);
      assert.equal(delays.nextDueMs(), left.length === 0 ? undefined : Math.min(...left));
    }),
  );
});

Deno.test("Delays does not grow when one key is put off for ever", () => {
  const delays = new Delays<string>();
  for (let turn = 0; turn < 10_000; turn++) {
    delays.drop("a");
    delays.add("a", "a", 10_000 + turn);
  }
  // What surfaces costs one step each: a heap of 10 000 leftovers would take as many.
  assert.ok(delays.heapSize < 100, `the heap holds ${delays.heapSize} entries`);
  assert.deepEqual(delays.takeDue(Infinity), ["a"]);
});
