import assert from "node:assert/strict";
import { type ConnectRequest, renderKopiaConfig } from "./config.ts";

const common = {
  identity: { username: "app", hostname: "apps" },
  cache: { contentCacheSizeMb: 2, metadataCacheSizeMb: 1 },
  caBundlePath: "/etc/kopiur/ca/ca.crt",
} as const;
const s3 = {
  bucket: "backups",
  endpoint: "s3.example.org",
  disableTls: false,
  insecureSkipVerify: false,
  privateCa: false,
};

function read(request: Pick<ConnectRequest, "repository" | "uploadBytesPerSecond">, caBundle?: Uint8Array) {
  const places = { cacheFolder: "/var/cache/kopia/cache", ...(caBundle === undefined ? {} : { caBundle }) };
  return JSON.parse(renderKopiaConfig({ ...common, ...request }, places));
}

Deno.test("renderKopiaConfig() names the storage, the identity and what the caches may hold", () => {
  assert.deepEqual(read({ repository: { filesystem: { path: "/repository" } } }), {
    storage: {
      type: "filesystem",
      config: { path: "/repository", fileMode: 0o660, dirMode: 0o770, dirShards: null },
    },
    caching: {
      cacheDirectory: "/var/cache/kopia/cache",
      maxCacheSize: 2097152,
      contentCacheSizeLimitBytes: 2097152,
      maxMetadataCacheSize: 1048576,
      metadataCacheSizeLimitBytes: 1048576,
      maxListCacheDuration: 30,
    },
    hostname: "apps",
    username: "app",
    enableActions: false,
    formatBlobCacheDuration: -1,
  });
});

Deno.test("renderKopiaConfig() leaves out what S3 does not need, and the keys always", () => {
  const { storage } = read({ repository: { s3: { ...s3, prefix: "", region: "" } } });
  assert.deepEqual(storage, { type: "s3", config: { bucket: "backups", endpoint: "s3.example.org" } });
});

Deno.test("renderKopiaConfig() says everything S3 may need", () => {
  const all = { prefix: "a/", region: "eu", disableTls: true, insecureSkipVerify: true, privateCa: true };
  const ca = new TextEncoder().encode("PEM");
  const { storage } = read({ repository: { s3: { ...s3, ...all } }, uploadBytesPerSecond: 5_000_000 }, ca);
  assert.deepEqual(storage.config, {
    ...{ bucket: "backups", endpoint: "s3.example.org", prefix: "a/", region: "eu" },
    ...{ doNotUseTLS: true, doNotVerifyTLS: true, rootCA: "UEVN", maxUploadSpeedBytesPerSecond: 5_000_000 },
  });
});
