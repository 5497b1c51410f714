import assert from "node:assert/strict";
import { aJob, aPodOf, FakeKube } from "../../../tests/support/mod.ts";
import { byControllerUid, keysOfController, keysOfPodOwner } from "./watched.ts";

const reference = {
  apiVersion: "kopiur.home-operations.com/v1alpha1",
  kind: "Repository",
  name: "main",
  uid: "r1",
};
const job = aJob({ metadata: { ownerReferences: [{ ...reference, controller: true }] } });

Deno.test("byControllerUid() finds an object under its controller only", () => {
  assert.deepEqual(byControllerUid(job), ["r1"]);
  assert.deepEqual(byControllerUid(aJob({ metadata: { ownerReferences: [reference] } })), []);
  assert.deepEqual(byControllerUid(aJob()), []);
});

Deno.test("keysOfController() wakes the owner of the right kind", () => {
  assert.deepEqual(keysOfController(job, "Repository"), [{ namespace: "apps", name: "main" }]);
  assert.deepEqual(keysOfController(job, "Backup"), []);
});

Deno.test("keysOfPodOwner() wakes the owner of the pod's Job, of this very Job", () => {
  const kube = new FakeKube();
  const stored = kube.put(job);
  assert.deepEqual(keysOfPodOwner(aPodOf(stored), kube, "Repository"), [{ namespace: "apps", name: "main" }]);
  assert.deepEqual(keysOfPodOwner(aPodOf(aJob({ metadata: { uid: "former" } })), kube, "Repository"), []);
  assert.deepEqual(keysOfPodOwner(aPodOf(stored), new FakeKube(), "Repository"), []);
});
