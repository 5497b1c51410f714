import assert from "node:assert/strict";
import { Cache, type Indexes } from "./cache.ts";
import { CachedReader } from "./cached_reader.ts";
import { FakeTransport, refusalOf } from "../transport/fake_transport.ts";
import type { Informer } from "./informer.ts";
import { RESOURCES } from "../resources.ts";
import type { KubeObject } from "../types.ts";

const never = new AbortController().signal;
const key = { namespace: "a", name: "x" };

function pod(name: string): KubeObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { namespace: "a", name, uid: name } };
}

/** An informer that has heard of these objects. */
function informerOf(names: readonly string[], indexes: Indexes = {}): Informer {
  const store = new Cache(indexes);
  for (const name of names) store.put(pod(name));
  return {
    resource: RESOURCES.pod,
    store,
    start: () => {},
    synced: () => true,
    whenSynced: () => Promise.resolve(),
    ended: Promise.resolve(),
    stalenessSeconds: () => 0,
    lastError: () => undefined,
    samples: () => [],
  };
}

const noClock = { now: () => undefined };

Deno.test("CachedReader answers from all informers of a resource, each object once", () => {
  const reader = new CachedReader(new FakeTransport(() => undefined), noClock);
  reader.add(informerOf(["x", "y"]));
  reader.add(informerOf(["y", "z"], { name: (object) => [object.metadata.name] }));
  assert.equal(reader.get(RESOURCES.pod, { namespace: "a", name: "z" })?.metadata.name, "z");
  assert.equal(reader.get(RESOURCES.pod, { namespace: "b", name: "z" }), undefined);
  assert.deepEqual(reader.list(RESOURCES.pod).map((each) => each.metadata.name), ["x", "y", "z"]);
  assert.deepEqual(reader.list(RESOURCES.pod, { index: { name: "name", value: "y" } }), [pod("y")]);
});

Deno.test("CachedReader refuses what nobody watches and indexes nobody declared", () => {
  const reader = new CachedReader(new FakeTransport(() => undefined), noClock);
  reader.add(informerOf(["x"]));
  assert.throws(() => reader.get(RESOURCES.secret, key), /secrets from the cache: nobody watches it/);
  assert.throws(
    () => reader.list(RESOURCES.pod, { index: { name: "no", value: "x" } }),
    /"no".*not declared/,
  );
});

Deno.test("CachedReader.readLog() asks for the end of a log, and answers undefined when there is no pod", async () => {
  const answers: unknown[] = ["12345678901", refusalOf(404), refusalOf(403)];
  const transport = new FakeTransport(() => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const reader = new CachedReader(transport, noClock);
  const part = { container: "mover", lastLines: 7, limitBytes: 10 };
  assert.equal(await reader.readLog(key, part, never), "1234567890");
  assert.deepEqual(transport.requests[0], {
    verb: "get",
    resource: RESOURCES.pod,
    target: { key, subresource: "log" },
    query: { container: "mover", tailLines: "7", limitBytes: "10" },
  });
  assert.equal(await reader.readLog(key, part, never), undefined);
  await assert.rejects(reader.readLog(key, part, never), /HTTP 403/);
});

Deno.test("CachedReader.read() asks the server, and answers undefined when there is nothing", async () => {
  const answers: unknown[] = [{ metadata: key }, refusalOf(404), refusalOf(403), "hello"];
  const transport = new FakeTransport(() => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const reader = new CachedReader(transport, noClock);
  assert.deepEqual(await reader.read(RESOURCES.secret, key, never), {
    apiVersion: "v1",
    kind: "Secret",
    metadata: key,
  });
  assert.equal(await reader.read(RESOURCES.secret, key, never), undefined);
  await assert.rejects(reader.read(RESOURCES.secret, key, never), /HTTP 403/);
  await assert.rejects(
    reader.read(RESOURCES.secret, key, never),
    /Cannot get Secret a\/x: the answer is no object/,
  );
});
