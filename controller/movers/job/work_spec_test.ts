import assert from "node:assert/strict";
import { type RepositorySpec, StalledError, workSpec } from "../../../api/mod.ts";
import { repositoryTarget, workSpecFor } from "./work_spec.ts";

const encryption = { passwordSecretRef: { name: "s", key: "KOPIA_PASSWORD" } };
const filesystem = { path: "/repository", volume: { pvc: { name: "data" } } };
const s3 = { bucket: "bucket", endpoint: "s3.lan:9000", auth: { secretRef: { name: "keys" } } };
const everything: RepositorySpec = {
  encryption,
  backend: {
    s3: {
      ...s3,
      prefix: "a/",
      region: "eu",
      tls: {
        caBundleRef: { configMapName: "ca", key: "ca.crt" },
        insecureSkipVerify: true,
        disableTls: true,
      },
    },
  },
};

Deno.test("repositoryTarget() tells a mover what it needs of a backend", () => {
  assert.deepEqual(repositoryTarget({ encryption, backend: { filesystem } }), {
    filesystem: { path: "/repository" },
  });
  assert.deepEqual(repositoryTarget({ encryption, backend: { s3 } }), {
    s3: {
      bucket: "bucket",
      endpoint: "s3.lan:9000",
      disableTls: false,
      insecureSkipVerify: false,
      privateCa: false,
    },
  });
  assert.deepEqual(repositoryTarget(everything), {
    s3: {
      bucket: "bucket",
      endpoint: "s3.lan:9000",
      prefix: "a/",
      region: "eu",
      disableTls: true,
      insecureSkipVerify: true,
      privateCa: true,
    },
  });
});

for (const backend of [{}, { filesystem, s3 }]) {
  Deno.test(`repositoryTarget() refuses ${Object.keys(backend).length} backends`, () => {
    assert.throws(() => repositoryTarget({ encryption, backend }), StalledError);
  });
}

Deno.test("workSpecFor() makes what a mover accepts", () => {
  const made = workSpecFor({
    operation: { bootstrap: {} },
    identity: { username: "kopiur", hostname: "apps" },
    repositorySpec: everything,
    target: { kind: "Repository", namespace: "apps", name: "main" },
    mover: { cache: { capacity: "1Gi", contentCacheSizeMb: 10, metadataCacheSizeMb: 20 } },
    timeoutSeconds: 120,
  });
  assert.deepEqual(workSpec.parse(JSON.parse(JSON.stringify(made))), made);
  assert.deepEqual(made.limits, { timeoutSeconds: 120 });
  assert.deepEqual(made.cache, { contentCacheSizeMb: 10, metadataCacheSizeMb: 20 });
});
