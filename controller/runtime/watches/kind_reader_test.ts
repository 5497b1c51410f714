import assert from "node:assert/strict";
import { RESOURCES } from "../../../kube/mod.ts";
import { aBackup, aKind, aSecret, FakeKube } from "../../../tests/support/mod.ts";
import { KindReader } from "./kind_reader.ts";
import { mergeWatches } from "./merge.ts";

const byConfig = () => ["recipe"];
const kind = aKind({ indexes: { config: byConfig } });

function aReader(): KindReader {
  const { namesOf } = mergeWatches([kind]);
  const kube = new FakeKube().declare({ resource: kind.resource, indexes: { "Backup.config": byConfig } });
  kube.put(aBackup(), aSecret({ name: "live" }));
  return new KindReader("Backup", namesOf.get(kind) ?? new Map(), kube);
}

Deno.test("KindReader.list() finds by the kind's own index name", () => {
  const index = { name: "config", value: "recipe" };
  assert.equal(aReader().list(kind.resource, { namespace: "apps", index }).length, 1);
  assert.equal(
    aReader().list(kind.resource, { namespace: "apps", index: { ...index, value: "x" } }).length,
    0,
  );
  assert.equal(aReader().list(kind.resource).length, 1);
});

Deno.test("KindReader.list() refuses an index the kind does not declare", () => {
  const index = { name: "Backup.config", value: "recipe" };
  assert.throws(
    () => aReader().list(kind.resource, { index }),
    /declares no such index, expected one of \["config"\]/,
  );
});

Deno.test("KindReader refuses the cache of a resource the kind does not watch, and reads it live", async () => {
  const key = { namespace: "apps", name: "live" };
  assert.throws(() => aReader().get(RESOURCES.secret, key), /Backup does not watch them/);
  assert.throws(() => aReader().list(RESOURCES.secret), /Backup does not watch them/);
  const { signal } = new AbortController();
  assert.equal((await aReader().read(RESOURCES.secret, key, signal))?.metadata.name, "live");
});
