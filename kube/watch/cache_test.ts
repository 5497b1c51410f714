import assert from "node:assert/strict";
import fc from "fast-check";
import { Cache } from "./cache.ts";
import type { KubeObject } from "../types.ts";

function pod(namespace: string, name: string, config?: string): KubeObject {
  const labels = config === undefined ? {} : { config };
  return { apiVersion: "v1", kind: "Pod", metadata: { namespace, name, labels } };
}

function byConfig(object: KubeObject): readonly string[] {
  const config = object.metadata.labels?.config;
  return config === undefined ? [] : [config];
}

Deno.test("Cache answers by key, namespace and index", () => {
  const cache = new Cache({ config: byConfig });
  for (const object of [pod("a", "one", "x"), pod("a", "two", "y"), pod("b", "one", "x")]) cache.put(object);
  assert.equal(cache.size, 3);
  assert.equal(cache.get({ namespace: "b", name: "one" })?.metadata.namespace, "b");
  assert.equal(cache.get({ namespace: "b", name: "two" }), undefined);
  assert.deepEqual(cache.list({ namespace: "a" }).map((each) => each.metadata.name), ["one", "two"]);
  assert.equal(cache.list({ index: { name: "config", value: "x" } }).length, 2);
  assert.deepEqual(
    cache.list({ namespace: "b", index: { name: "config", value: "x" } }),
    [pod("b", "one", "x")],
  );
});

Deno.test("Cache moves an object in its indexes when it is replaced", () => {
  const cache = new Cache({ config: byConfig });
  cache.put(pod("a", "one", "x"));
  assert.deepEqual(cache.put(pod("a", "one", "y")), pod("a", "one", "x"));
  assert.deepEqual(cache.list({ index: { name: "config", value: "x" } }), []);
  assert.deepEqual(cache.list({ index: { name: "config", value: "y" } }), [pod("a", "one", "y")]);
});

Deno.test("Cache refuses an index that was not declared", () => {
  const cache = new Cache({ config: byConfig });
  assert.throws(
    () => cache.list({ index: { name: "owner", value: "x" } }),
    /"owner".*expected one of \["config"\]/,
  );
  assert.throws(
    () => cache.count({ namespace: "a", index: { name: "owner", value: "x" } }),
    /"owner".*expected one of \["config"\]/,
  );
});

Deno.test("Cache keeps what a plain list with a filter would keep, whatever is put and dropped", () => {
  const name = fc.constantFrom("one", "two", "three");
  const namespace = fc.constantFrom("a", "b", "");
  const step = fc.record({
    namespace,
    name,
    config: fc.option(fc.constantFrom("x", "y"), { nil: undefined }),
    drop: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const cache = new Cache({ config: byConfig });
    const model = new Map<string, KubeObject>();
    for (const { namespace, name, config, drop } of steps) {
      const id = `${namespace}/${name}`;
      const old = drop ? cache.drop({ namespace, name }) : cache.put(pod(namespace, name, config));
      assert.deepEqual(old, model.get(id));
      if (drop) model.delete(id);
      else model.set(id, pod(namespace, name, config));
    }
    const kept = [...model.values()];
    assert.equal(cache.size, kept.length);
    assert.equal([...cache.keys()].length, kept.length);
    assertSame(cache.list(), kept);
    for (const value of ["x", "y"]) {
      const found = kept.filter((each) => each.metadata.labels?.config === value);
      assertSame(cache.list({ index: { name: "config", value } }), found);
      for (const namespace of ["a", "b", ""]) {
        const within = found.filter((each) => each.metadata.namespace === namespace);
        assertSame(cache.list({ namespace, index: { name: "config", value } }), within);
        assert.equal(cache.count({ namespace, index: { name: "config", value } }), within.length);
      }
    }
  }));
});

function assertSame(found: readonly KubeObject[], expected: readonly KubeObject[]): void {
  const sorted = (objects: readonly KubeObject[]) => objects.map((each) => JSON.stringify(each)).sort();
  assert.deepEqual(sorted(found), sorted(expected));
}
