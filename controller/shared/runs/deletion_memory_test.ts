import assert from "node:assert/strict";
import fc from "fast-check";
import { ANNOTATION } from "../../../api/mod.ts";
import { aRepository } from "../../../tests/support/mod.ts";
import {
  deletionId,
  type DeletionMemory,
  deletionMemory,
  deletionMemoryText,
  recipeId,
  remember,
} from "./deletion_memory.ts";

const NONE: DeletionMemory = { sinceSecond: 0, past: [] };

function remembering(text: string) {
  return aRepository({ metadata: { uid: "u", annotations: { [ANNOTATION.deletionMemory]: text } } });
}

Deno.test("deletionMemory() reads what deletionMemoryText() wrote, and nothing else", () => {
  const one = { id: deletionId("b"), recipe: recipeId("r"), atSecond: 100, count: 1 };
  const memory = { sinceSecond: 5, past: [one, { recipe: "*", atSecond: 90, count: 12 }] };
  assert.deepEqual(deletionMemory(remembering(deletionMemoryText("u", memory))), memory);
  assert.equal(deletionMemory(remembering(deletionMemoryText("another", memory))), undefined);
  for (const text of ["", "{", "null", "[]", '{"uid":"u"}', '{"uid":"u","since":-1,"past":[]}']) {
    assert.equal(deletionMemory(remembering(text)), undefined, text);
  }
  assert.equal(deletionMemory(aRepository()), undefined);
});

Deno.test("deletionMemory() never throws, whatever is written there", () => {
  fc.assert(fc.property(fc.json(), (text) => {
    deletionMemory(remembering(text));
  }));
});

Deno.test("remember() keeps one entry for each Backup, with its later time", () => {
  const bounds = { fromSecond: 0, untilSecond: 1000 };
  const first = remember(NONE, { id: "a", recipe: "r", atSecond: 10, count: 1 }, bounds);
  const second = remember(first, { id: "a", recipe: "r", atSecond: 20, count: 1 }, bounds);
  assert.deepEqual(second.past, [{ id: "a", recipe: "r", atSecond: 20, count: 1 }]);
});

Deno.test("remember() takes times that lie ahead for the present", () => {
  const ahead = { sinceSecond: 9000, past: [{ id: "a", recipe: "r", atSecond: 9000, count: 1 }] };
  const bounds = { fromSecond: 0, untilSecond: 1000 };
  const next = remember(ahead, { id: "b", recipe: "r", atSecond: 1000, count: 1 }, bounds);
  assert.deepEqual([next.sinceSecond, next.past.map(({ atSecond }) => atSecond)], [1000, [1000, 1000]]);
});

Deno.test("remember() stays small, and within the window forgets none and makes none older", () => {
  const deletion = fc.record({ recipe: fc.nat(80), seconds: fc.nat(4) });
  fc.assert(
    fc.property(fc.array(deletion, { minLength: 300, maxLength: 1200 }), (all) => {
      let memory = NONE;
      let atSecond = 10_000;
      const made: { readonly recipe: string; readonly atSecond: number }[] = [];
      for (const [index, { recipe, seconds }] of all.entries()) {
        atSecond += seconds;
        const each = { id: deletionId(String(index)), recipe: recipeId(String(recipe)), atSecond, count: 1 };
        made.push(each);
        memory = remember(memory, each, { fromSecond: atSecond - 600, untilSecond: atSecond });
      }
      assert.ok(memory.past.length <= 201, String(memory.past.length));
      assert.ok(deletionMemoryText("u", memory).length < 10_000);
      const recent = made.filter((each) => each.atSecond >= atSecond - 600);
      const counted = memory.past.filter((each) => each.atSecond >= atSecond - 600);
      assert.ok(counted.reduce((sum, { count }) => sum + count, 0) >= recent.length);
      for (const id of new Set(recent.map(({ recipe }) => recipe))) {
        const own = counted.filter(({ recipe }) => recipe === id || recipe === "*");
        assert.ok(
          own.reduce((sum, { count }) => sum + count, 0) >=
            recent.filter(({ recipe }) => recipe === id).length,
        );
      }
    }),
    { numRuns: 20 },
  );
});
