import assert from "node:assert/strict";
import { aBackup } from "../../../tests/support/mod.ts";
import { byObject } from "./by_object.ts";

Deno.test("byObject() reads an object once, and its next version anew", () => {
  const read: string[] = [];
  const phaseOf = byObject(({ metadata, status }) => {
    read.push(metadata.name);
    return (status as { readonly phase?: string } | undefined)?.phase;
  });
  const [pending, other] = [aBackup({ name: "a" }), aBackup({ name: "b" })];
  const running = { ...pending, status: { phase: "Running" } };
  const phases = [pending, running, pending, other, running].map(phaseOf);
  assert.deepEqual(phases, [undefined, "Running", undefined, undefined, "Running"]);
  assert.deepEqual(read, ["a", "a", "b"]);
});

Deno.test("byObject() asks again where the reader threw", () => {
  let tries = 0;
  const read = byObject(() => {
    tries += 1;
    if (tries === 1) throw new Error("a defect");
    return tries;
  });
  const object = aBackup();
  assert.throws(() => read(object), /a defect/);
  assert.deepEqual([read(object), read(object)], [2, 2]);
});
