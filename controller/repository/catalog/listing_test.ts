import assert from "node:assert/strict";
import { backupFacts } from "./backups_seen.ts";
import { ListingMemory, type ReadListing } from "./listing.ts";

const listing: ReadListing = {
  kind: "read",
  snapshots: new Map(),
  idsByRun: new Map(),
  truncated: false,
  startedMs: 0,
  endedAt: "2026-01-01T00:00:00Z",
  factsOf: backupFacts,
};

function key(name: string) {
  return { namespace: "apps", name };
}

Deno.test("ListingMemory hands out the listing of that very Job until it is dropped", () => {
  const memory = new ListingMemory();
  memory.keep(key("a"), "job-1", listing);
  assert.equal(memory.get(key("a"), "job-1"), listing);
  assert.equal(memory.get(key("a"), "job-2"), undefined);
  assert.equal(memory.get(key("b"), "job-1"), undefined);
  memory.drop(key("a"));
  assert.equal(memory.get(key("a"), "job-1"), undefined);
});

Deno.test("ListingMemory keeps a few, and one of each Repository", () => {
  const memory = new ListingMemory();
  for (let turn = 0; turn < 20; turn++) memory.keep(key("a"), `job-${turn}`, listing);
  for (const name of ["b", "c", "d", "e"]) memory.keep(key(name), "job", listing);
  assert.equal(memory.get(key("a"), "job-19"), undefined);
  for (const name of ["b", "c", "d", "e"]) assert.equal(memory.get(key(name), "job"), listing);
});
