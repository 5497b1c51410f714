import assert from "node:assert/strict";
import { repositorySpec } from "../../api/mod.ts";
import { locationOf } from "./location.ts";

function locationIn(backend: Readonly<Record<string, unknown>>): string {
  const encryption = { passwordSecretRef: { name: "password", key: "password" } };
  return locationOf(repositorySpec.parse({ backend, encryption }));
}

Deno.test("locationOf() names host, bucket and prefix, or volume and folder", () => {
  const s3 = { bucket: "backups", auth: { secretRef: { name: "keys" } } };
  assert.equal(locationIn({ s3 }), "s3:https://s3.amazonaws.com/backups");
  assert.equal(
    locationIn({ s3: { ...s3, endpoint: "10.0.0.9:9000", prefix: "home/", tls: { disableTls: true } } }),
    "s3:http://10.0.0.9:9000/backups/home/",
  );
  const filesystem = { volume: { pvc: { name: "nas" } } };
  assert.equal(locationIn({ filesystem }), '"/repository" on PersistentVolumeClaim "nas"');
});
