import assert from "node:assert/strict";
import { repositorySpec } from "../../../api/mod.ts";
import { aRepository } from "../../../tests/support/mod.ts";
import { storageOf } from "./storage.ts";

/** The text of a storage in a namespace; S3 as `endpoint|bucket|prefix`. */
function textOf(what: string, namespace: string): string | undefined {
  const [endpoint = "", bucket, prefix] = what.split("|");
  const backend = bucket === undefined
    ? { filesystem: { volume: { pvc: { name: endpoint } } } }
    : { s3: { endpoint, bucket, prefix, auth: { secretRef: { name: "keys" } } } };
  return storageOf(repositorySpec.parse(aRepository({ spec: { backend } }).spec), namespace);
}

Deno.test("storageOf() is one text for the names of one storage, and another for another storage", () => {
  const same = [
    ["minio.storage:9000|backups|p/", "apps", "minio.storage.svc:9000|backups|p/", "other"],
    ["minio.storage:9000|backups|p/", "apps", "MINIO.storage.svc.cluster.local.:9000|backups|/p//", "other"],
    ["minio.storage:9000|backups|", "apps", "minio:9000|backups", "storage"],
    ["s3.example.org|backups|p", "apps", "s3.example.org:443|backups|p", "other"],
    ["s3.example.org:80|backups|p", "apps", "s3.example.org:443|backups|p", "apps"],
    ["s3.amazonaws.com|backups|p", "apps", "s3.dualstack.eu-west-1.amazonaws.com|backups|p", "other"],
    ["data", "apps", "data", "apps"],
  ] as const;
  for (const [one, here, other, there] of same) assert.equal(textOf(one, here), textOf(other, there), other);
  const different = [
    ["minio:9000|backups", "apps", "minio:9000|backups", "other"],
    ["minio.storage:9000|backups", "apps", "minio.storage:9001|backups", "apps"],
    ["s3.example.org|backups|p", "apps", "s3.example.org|backups|p/", "apps"],
    ["s3.example.org|backups|p/", "apps", "s3.example.org|backups", "apps"],
    ["s3.example.org|backups|p/", "apps", "s3.example.org|others|p/", "apps"],
    ["s3.example.org|backups", "apps", "s4.example.org|backups", "apps"],
    ["s3.amazonaws.com|backups", "apps", "s3.cn-north-1.amazonaws.com.cn|backups", "apps"],
    ["notamazonaws.com|backups", "apps", "s3.amazonaws.com|backups", "apps"],
    ["data", "apps", "data", "other"],
    ["data", "apps", "more", "apps"],
  ] as const;
  for (const [one, here, other, there] of different) {
    assert.notEqual(textOf(one, here), textOf(other, there), `${one} ${other}`);
  }
});
