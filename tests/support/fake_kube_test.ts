import assert from "node:assert/strict";
import { keyOf } from "../../kube/types.ts";
import type { Resource } from "../../kube/types.ts";
import { aBackup, aConfigMap, aSecret } from "./builders.ts";
import { FakeKube } from "./fake_kube.ts";

const backups: Resource = {
  group: "kopiur.home-operations.com",
  version: "v1alpha1",
  kind: "Backup",
  plural: "backups",
  namespaced: true,
};
const { signal } = new AbortController();

Deno.test("FakeKube.create() makes an object, finds it the second time, and writes over no other", async () => {
  const kube = new FakeKube();
  kube.put(aConfigMap({ name: "theirs", data: { a: "1" } }));
  const wanted = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "c", namespace: "apps", labels: { of: "ours" } },
    data: { a: "2" },
  };
  const first = await kube.create(wanted, signal);
  assert.deepEqual(kube.find("v1", "ConfigMap", keyOf(first))?.data, { a: "2" });
  const second = await kube.create(wanted, signal);
  assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
  const theirs = { ...wanted, metadata: { ...wanted.metadata, name: "theirs" } };
  await assert.rejects(kube.create(theirs, signal), /another object has that name/);
  assert.deepEqual(kube.writes, ["create ConfigMap apps/c"]);
});

Deno.test("FakeKube counts a generation for a changed spec, not for a changed status", () => {
  const kube = new FakeKube();
  const made = kube.put(aBackup());
  const reported = kube.put({ ...made, status: { phase: "Running" } });
  assert.equal(reported.metadata.generation, 1);
  assert.equal(kube.put({ ...reported, spec: { configRef: { name: "other" } } }).metadata.generation, 2);
});

Deno.test("FakeKube.replaceStatus() refuses an object that changed meanwhile", async () => {
  const kube = new FakeKube();
  const seen = kube.put(aBackup());
  kube.put({ ...seen, metadata: { ...seen.metadata, labels: { a: "b" } } });
  await assert.rejects(kube.replaceStatus(seen, { phase: "Running" }, signal), /changed meanwhile/);
  const fresh = kube.get(backups, keyOf(seen)) ?? seen;
  assert.equal(await kube.replaceStatus(fresh, { phase: "Running" }, signal), true);
  const written = kube.get(backups, keyOf(seen)) ?? seen;
  assert.equal(await kube.replaceStatus(written, { phase: "Running", gone: undefined }, signal), false);
});

Deno.test("FakeKube keeps a deleted object until its last finalizer is dropped", async () => {
  const kube = new FakeKube();
  const held = await kube.setFinalizer(kube.put(aBackup()), "f", "present", signal);
  await kube.remove({ resource: backups, key: keyOf(held), propagation: "Background" }, signal);
  const going = kube.get(backups, keyOf(held));
  assert.equal(going?.metadata.deletionTimestamp, "2026-01-02T03:04:05Z");
  await kube.setFinalizer(going ?? held, "f", "absent", signal);
  assert.equal(kube.get(backups, keyOf(held)), undefined);
});

Deno.test("FakeKube.remove() leaves another incarnation alone", async () => {
  const kube = new FakeKube();
  kube.put(aBackup());
  const key = { namespace: "apps", name: "run" };
  await kube.remove({ resource: backups, key, uid: "older", propagation: "Background" }, signal);
  assert.notEqual(kube.get(backups, key), undefined);
});

Deno.test("FakeKube.annotate() and remove() refuse an object that changed since it was seen", async () => {
  const kube = new FakeKube();
  const { metadata: { uid = "", resourceVersion = "" } } = kube.put(aBackup());
  const seen = { resource: backups, key: { namespace: "apps", name: "run" }, uid, resourceVersion };
  const after = await kube.annotate({ ...seen, annotations: { a: "b" } }, signal);
  assert.equal(after, kube.get(backups, seen.key)?.metadata.resourceVersion);
  await assert.rejects(kube.annotate({ ...seen, annotations: { a: "b" } }, signal), /changed meanwhile/);
  await assert.rejects(kube.remove({ ...seen, propagation: "Background" }, signal), /changed meanwhile/);
  await kube.remove({ ...seen, uid: "older", propagation: "Background" }, signal);
  assert.notEqual(kube.get(backups, seen.key), undefined);
  await kube.remove({ ...seen, resourceVersion: after ?? "", propagation: "Background" }, signal);
  assert.equal(kube.get(backups, seen.key), undefined);
  assert.equal(await kube.annotate({ ...seen, annotations: { a: "c" } }, signal), undefined);
});

Deno.test("FakeKube.list() answers by declared index and refuses one that was not", () => {
  const byConfig = () => ["recipe"];
  const kube = new FakeKube().declare({ resource: backups, indexes: { byConfig } });
  kube.put(aBackup({ name: "a" }), aBackup({ name: "b", namespace: "other" }));
  const query = { namespace: "apps", index: { name: "byConfig", value: "recipe" } };
  assert.deepEqual(kube.list(backups, query).map(({ metadata }) => metadata.name), ["a"]);
  assert.throws(
    () => kube.list(backups, { index: { name: "byOwner", value: "x" } }),
    /"byOwner".*"byConfig"/,
  );
});

Deno.test("FakeKube.failNext() fails one write and no more", async () => {
  const kube = new FakeKube();
  kube.failNext("create", new Error("no room"), "b");
  await kube.create(aConfigMap({ name: "a" }), signal);
  await assert.rejects(kube.create(aConfigMap({ name: "b" }), signal), /no room/);
  await kube.create(aConfigMap({ name: "b" }), signal);
});

Deno.test("FakeKube.readLog() gives the end of a log, and throws what it was told to", async () => {
  const kube = new FakeKube();
  const pod = { namespace: "apps", name: "pod" };
  const part = { container: "mover", lastLines: 2, limitBytes: 100 };
  const { signal } = new AbortController();
  assert.equal(await kube.readLog(pod, part, signal), undefined);
  kube.setLog(pod, "mover", "one\ntwo\nthree\n");
  assert.equal(await kube.readLog(pod, part, signal), "two\nthree\n");
  assert.equal(await kube.readLog(pod, { ...part, limitBytes: 3 }, signal), "two");
  assert.equal(await kube.readLog(pod, { ...part, container: "other" }, signal), undefined);
  kube.setLog(pod, "mover", new Error("gone"));
  await assert.rejects(kube.readLog(pod, part, signal), /gone/);
  assert.equal(kube.logsRead, 5);
});

Deno.test("FakeKube gives an object that is made again under its name another uid", () => {
  const kube = new FakeKube();
  const { metadata: { uid: _uid, ...metadata }, ...rest } = aSecret();
  const uids = [1, 2, 3].map(() => {
    const made = kube.put({ ...rest, metadata });
    kube.delete(made);
    return made.metadata.uid;
  });
  assert.deepEqual(uids, [
    "uid-secret-repo-password",
    "uid-secret-repo-password-2",
    "uid-secret-repo-password-3",
  ]);
});

Deno.test("FakeKube keeps objects as they look after a trip over the wire, and lets nobody change them", () => {
  const kube = new FakeKube();
  const odd = { none: undefined, list: [undefined, NaN, { deep: undefined }], at: new Date(0) };
  const stored = kube.put({ ...aSecret(), spec: odd });
  assert.deepEqual(stored.spec, { list: [null, null, {}], at: "1970-01-01T00:00:00.000Z" });
  assert.throws(() => Object.assign(Object(stored.spec).list[2], { deep: 1 }), TypeError);
  const changed = kube.put({ ...stored, status: { seen: true } });
  assert.equal(changed.spec, stored.spec, "what did not change is not copied");
});
