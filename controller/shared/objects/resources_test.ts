import assert from "node:assert/strict";
import { repositoryKind } from "../../../api/mod.ts";
import { resourceOf as kubeResourceOf, RESOURCES } from "../../../kube/mod.ts";
import { CONFIG_MAP, JOB, NAMESPACE, POD, resourceOf, SECRET, VOLUME_CLAIM } from "./resources.ts";

Deno.test("the resources of the kinds are those the writer knows", () => {
  assert.deepEqual(JOB, RESOURCES.job);
  assert.deepEqual(POD, RESOURCES.pod);
  assert.deepEqual(CONFIG_MAP, RESOURCES.configMap);
  assert.deepEqual(SECRET, RESOURCES.secret);
  assert.deepEqual(VOLUME_CLAIM, RESOURCES.persistentVolumeClaim);
  assert.deepEqual(NAMESPACE, RESOURCES.namespace);
  assert.deepEqual(resourceOf(repositoryKind), kubeResourceOf(repositoryKind));
});
