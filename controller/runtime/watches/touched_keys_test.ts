import assert from "node:assert/strict";
import { keyOf, type KubeObject, type ObjectMeta } from "../../../kube/types.ts";
import { aBackup, aKind, aSecret, FakeKube } from "../../../tests/support/mod.ts";
import { touchedKeys } from "./touched_keys.ts";

const kind = aKind();
const reader = new FakeKube();
const before = aBackup({ metadata: { labels: { a: "1" } } });

function changed(metadata: Partial<ObjectMeta>, rest: Partial<KubeObject> = {}): KubeObject {
  return { ...before, ...rest, metadata: { ...before.metadata, ...metadata } };
}

const ownChanges: Record<string, { old?: KubeObject; new?: KubeObject; touched: boolean }> = {
  "a new object": { new: before, touched: true },
  "a deleted object": { old: before, touched: true },
  "the status alone": {
    old: before,
    new: changed({ resourceVersion: "2" }, { status: { a: 1 } }),
    touched: false,
  },
  "nothing at all": { old: before, new: before, touched: false },
  "an empty map in place of none": { old: before, new: changed({ annotations: {} }), touched: false },
  "the spec": { old: before, new: changed({ generation: 2 }), touched: true },
  "a label": { old: before, new: changed({ labels: { a: "2" } }), touched: true },
  "an annotation": { old: before, new: changed({ annotations: { a: "2" } }), touched: true },
  "a finalizer": { old: before, new: changed({ finalizers: ["theirs"] }), touched: true },
  "a deletion": { old: before, new: changed({ deletionTimestamp: "2026-01-01T00:00:00Z" }), touched: true },
  "another incarnation": { old: before, new: changed({ uid: "other" }), touched: true },
};

for (const [name, { touched, ...change }] of Object.entries(ownChanges)) {
  Deno.test(`touchedKeys() ${touched ? "takes" : "ignores"} ${name} of a kind's own object`, () => {
    const expected = touched ? [{ key: { namespace: "apps", name: "run" }, trigger: "spec" }] : [];
    assert.deepEqual(touchedKeys({ kind, via: "own" }, { ...change, cause: "watch" }, reader), expected);
  });
}

Deno.test("touchedKeys() asks a watch about what was and what is, whatever changed", () => {
  const old = aSecret({ name: "was" });
  const route = { kind, via: (object: KubeObject) => [keyOf(object)] };
  const touched = touchedKeys(route, { old, new: aSecret({ name: "is" }), cause: "watch" }, reader);
  assert.deepEqual(touched.map(({ key, trigger }) => `${key.name} ${trigger}`), ["was owned", "is owned"]);
  assert.equal(touchedKeys(route, { old, cause: "watch" }, reader).length, 1);
  assert.equal(touchedKeys(route, { old, new: old, cause: "watch" }, reader).length, 1);
});
