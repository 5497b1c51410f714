import assert from "node:assert/strict";
import { ALL_KINDS } from "../api/mod.ts";
import {
  apiVersionOf,
  knownResources,
  pathTemplate,
  resourceId,
  resourceOf,
  resourcePath,
  RESOURCES,
} from "./resources.ts";

Deno.test("resourcePath() builds the paths of objects, lists and status", () => {
  const { job, namespace, pod } = RESOURCES;
  const key = { namespace: "apps", name: "db" };
  assert.equal(resourcePath(pod), "/api/v1/pods");
  assert.equal(resourcePath(pod, { namespace: "apps" }), "/api/v1/namespaces/apps/pods");
  assert.equal(resourcePath(job, { key }), "/apis/batch/v1/namespaces/apps/jobs/db");
  assert.equal(
    resourcePath(job, { key, subresource: "status" }),
    "/apis/batch/v1/namespaces/apps/jobs/db/status",
  );
  assert.equal(resourcePath(namespace, { key: { namespace: "", name: "apps" } }), "/api/v1/namespaces/apps");
});

Deno.test("resourcePath() builds the path of a pod's log", () => {
  const key = { namespace: "apps", name: "pod" };
  const path = "/api/v1/namespaces/apps/pods/pod/log";
  assert.equal(resourcePath(RESOURCES.pod, { key, subresource: "log" }), path);
});

Deno.test("resourcePath() lets no name reach another resource", () => {
  const { secret } = RESOURCES;
  assert.equal(
    resourcePath(secret, { key: { namespace: "a/../b", name: "x?y#z" } }),
    "/api/v1/namespaces/a%2F..%2Fb/secrets/x%3Fy%23z",
  );
  for (const name of ["", ".", ".."]) {
    assert.throws(() => resourcePath(secret, { key: { namespace: "apps", name } }), /Cannot build a path/);
  }
  assert.throws(() => resourcePath(secret, { namespace: ".." }), /Cannot build a path/);
});

Deno.test("resourcePath() refuses a key that does not fit the scope", () => {
  assert.throws(
    () => resourcePath(RESOURCES.pod, { key: { namespace: "", name: "x" } }),
    /expected a namespace/,
  );
  assert.throws(
    () => resourcePath(RESOURCES.namespace, { key: { namespace: "a", name: "x" } }),
    /cluster-scoped/,
  );
});

Deno.test("pathTemplate() names no object", () => {
  const target = { key: { namespace: "apps", name: "db" }, subresource: "status" } as const;
  assert.equal(
    pathTemplate(RESOURCES.job, target),
    "/apis/batch/v1/namespaces/{namespace}/jobs/{name}/status",
  );
  assert.equal(pathTemplate(RESOURCES.pod), "/api/v1/pods");
});

Deno.test("knownResources() holds every kind of ours once", () => {
  const ids = knownResources().map(resourceId);
  assert.equal(new Set(ids).size, ids.length);
  for (const definition of ALL_KINDS) {
    assert.ok(ids.includes(resourceId(resourceOf(definition))), definition.kind);
  }
  assert.equal(apiVersionOf(RESOURCES.pod), "v1");
  assert.equal(apiVersionOf(RESOURCES.event), "events.k8s.io/v1");
});
