import assert from "node:assert/strict";
import type { Sample } from "./state_metrics.ts";
import { Tombstones } from "./tombstones.ts";

function phase(name: string, value: number): Sample {
  return {
    name: "kopiur_resource_phase",
    labels: { kind: "Backup", namespace: "media", name, phase: "Failed" },
    value,
  };
}

const limits = { keepMs: 1000, most: 3 };

Deno.test("Tombstones read 0 for a while after the deletion and then vanish", () => {
  const tombstones = new Tombstones(limits);
  tombstones.bury("media/a", [phase("a", 1)], 5000);
  assert.deepEqual([...tombstones.read(5000)], [phase("a", 0)]);
  assert.deepEqual([...tombstones.read(5999)], [phase("a", 0)]);
  assert.deepEqual([...tombstones.read(6000)], []);
});

Deno.test("Tombstones fall silent for an object that exists again", () => {
  const tombstones = new Tombstones(limits);
  tombstones.bury("media/a", [phase("a", 1)], 0);
  tombstones.unbury("media/a");
  tombstones.unbury("media/never-seen");
  assert.deepEqual([...tombstones.read(1)], []);
});

Deno.test("Tombstones count the time from the last of several deletions of the same name", () => {
  const tombstones = new Tombstones(limits);
  tombstones.bury("media/a", [phase("a", 1)], 0);
  tombstones.bury("media/b", [phase("b", 1)], 100);
  tombstones.bury("media/a", [phase("a", 1)], 900);
  assert.deepEqual([...tombstones.read(1200)], [phase("a", 0)]);
  assert.deepEqual([...tombstones.read(1899)], [phase("a", 0)]);
});

Deno.test("Tombstones remember a bounded number of objects, the newest ones", () => {
  const tombstones = new Tombstones(limits);
  for (const name of ["a", "b", "c", "d"]) tombstones.bury(name, [phase(name, 1)], 0);
  assert.deepEqual([...tombstones.read(1)], ["b", "c", "d"].map((name) => phase(name, 0)));
});
