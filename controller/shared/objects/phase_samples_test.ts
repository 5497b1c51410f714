import assert from "node:assert/strict";
import { aBackup } from "../../../tests/support/mod.ts";
import { phaseSamples } from "./phase_samples.ts";

const phases = ["Pending", "Running"];

function valuesOf(status?: Readonly<Record<string, unknown>>): readonly number[] {
  const object = status === undefined ? aBackup() : aBackup({ status });
  return [...phaseSamples("Backup", phases, [object])].map(({ value }) => value);
}

Deno.test("phaseSamples() writes every phase, 1 for the current one only", () => {
  assert.deepEqual(valuesOf({ phase: "Running" }), [0, 1]);
  assert.deepEqual(valuesOf({ phase: "Pending" }), [1, 0]);
});

Deno.test("phaseSamples() writes 0 for all phases of an object without status or with a phase it does not know", () => {
  assert.deepEqual(valuesOf(), [0, 0]);
  assert.deepEqual(valuesOf({ phase: "Exploded" }), [0, 0]);
});

Deno.test("phaseSamples() names the object, with an empty namespace for cluster-scoped ones", () => {
  const { namespace: _none, ...metadata } = aBackup({ name: "x" }).metadata;
  const [sample] = phaseSamples("Backup", ["Pending"], [{ ...aBackup(), metadata }]);
  const labels = { kind: "Backup", namespace: "", name: "x", phase: "Pending" };
  assert.deepEqual(sample, { name: "kopiur_resource_phase", labels, value: 0 });
});
