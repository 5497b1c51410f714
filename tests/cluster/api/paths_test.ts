import { equal } from "node:assert/strict";
import { pathOf } from "./paths.ts";

for (
  const [apiVersion, kind, namespace, path] of [
    ["v1", "Namespace", undefined, "/api/v1/namespaces"],
    ["v1", "Pod", "a", "/api/v1/namespaces/a/pods"],
    ["storage.k8s.io/v1", "StorageClass", undefined, "/apis/storage.k8s.io/v1/storageclasses"],
    ["x.io/v1", "Repository", "a", "/apis/x.io/v1/namespaces/a/repositories"],
    ["x.io/v1", "Key", "a", "/apis/x.io/v1/namespaces/a/keys"],
  ] as const
) {
  Deno.test(`pathOf() ${kind} of ${apiVersion} is ${path}`, () => {
    equal(pathOf({ apiVersion, kind, namespace }), path);
  });
}
