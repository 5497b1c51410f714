import assert from "node:assert/strict";
import type { RepositorySpec } from "../../api/mod.ts";
import { aClaim, aConfigMap, aSecret, FakeKube } from "../../tests/support/mod.ts";
import { credentialVersion, firstMissing, foundOf, observeNeeds, repositoryNeeds } from "./credentials.ts";

const encryption = { passwordSecretRef: { name: "repo-password", key: "KOPIA_PASSWORD" } };
const onVolume: RepositorySpec = {
  backend: { filesystem: { path: "/repository", volume: { pvc: { name: "data" } } } },
  encryption,
};
const onS3: RepositorySpec = {
  backend: {
    s3: {
      bucket: "bucket",
      endpoint: "s3.lan",
      auth: { secretRef: { name: "s3-keys" } },
      tls: {
        caBundleRef: { configMapName: "ca", key: "ca.crt" },
        insecureSkipVerify: false,
        disableTls: false,
      },
    },
  },
  encryption,
};
const keys = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
const signal = new AbortController().signal;

async function missing(spec: RepositorySpec, kube: FakeKube): Promise<ReturnType<typeof firstMissing>> {
  return firstMissing(await observeNeeds(repositoryNeeds(spec), "apps", kube, signal), "apps");
}

Deno.test("observeNeeds() finds nothing missing when all is there", async () => {
  const kube = new FakeKube();
  kube.put(
    aSecret(),
    aClaim(),
    aSecret({ name: "s3-keys", data: keys }),
    aConfigMap({ name: "ca", data: { "ca.crt": "pem" } }),
  );
  assert.equal(await missing(onVolume, kube), undefined);
  assert.equal(await missing(onS3, kube), undefined);
});

Deno.test("firstMissing() names Secret, key and namespace", async () => {
  const kube = new FakeKube();
  kube.put(aClaim());
  assert.deepEqual(await missing(onVolume, kube), {
    reason: "MissingCredentialsSecret",
    message: 'Cannot open the repository: Secret "repo-password" in namespace "apps" does not exist, ' +
      'expected it with the key "KOPIA_PASSWORD"',
  });
});

Deno.test("firstMissing() names each key that is not there or empty, and everything else that is missing", async () => {
  const kube = new FakeKube();
  kube.put(
    aSecret(),
    aSecret({ name: "s3-keys", data: { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "" } }),
  );
  const found = await missing(onS3, kube);
  assert.equal(found?.reason, "MissingCredentialsSecret");
  assert.match(found?.message ?? "", /"s3-keys" .* is there, .* key "AWS_SECRET_ACCESS_KEY"; ConfigMap "ca"/);
});

Deno.test("firstMissing() names a key whose value no mover could use, and keeps the value to itself", async () => {
  const cases: readonly (readonly [string, string, RegExp | undefined])[] = [
    [
      "KOPIA_PASSWORD",
      "\n",
      /"repo-password" .* holds white space alone under the key "KOPIA_PASSWORD", expected/,
    ],
    ["KOPIA_PASSWORD", " \t\r\n", /holds white space alone/],
    ["KOPIA_PASSWORD", "\xff\xfep\0w\0", /holds bytes that are no UTF-8 text, as a file in UTF-16 does/],
    ["KOPIA_PASSWORD", "correct horse\n", undefined],
    ["AWS_ACCESS_KEY_ID", "AKIA\n", undefined],
    ["AWS_ACCESS_KEY_ID", "\r\n", /holds white space alone under the key "AWS_ACCESS_KEY_ID"/],
    ["AWS_SECRET_ACCESS_KEY", "AKIA\nAKIA", /holds a line break or another control character/],
  ];
  const spec: RepositorySpec = {
    encryption,
    backend: { s3: { bucket: "bucket", endpoint: "s3.lan", auth: { secretRef: { name: "repo-password" } } } },
  };
  for (const [key, value, says] of cases) {
    const kube = new FakeKube();
    kube.put(aSecret({ data: { KOPIA_PASSWORD: "p", ...keys, [key]: value } }));
    const found = await missing(spec, kube);
    if (says === undefined) assert.equal(found, undefined, key);
    else assert.match(found?.message ?? "", says);
    assert.doesNotMatch(found?.message ?? "", /AKIA/);
  }
});

Deno.test("firstMissing() names a missing ConfigMap key and a missing volume", async () => {
  const kube = new FakeKube();
  kube.put(
    aSecret(),
    aSecret({ name: "s3-keys", data: keys }),
    aConfigMap({ name: "ca", data: { other: "x" } }),
  );
  assert.equal((await missing(onS3, kube))?.reason, "MissingConfigMap");
  assert.equal((await missing(onVolume, kube))?.reason, "VolumeNotFound");
});

Deno.test("foundOf() counts an object on its way out as missing", () => {
  const need = { kind: "volumeClaim", name: "data" } as const;
  const going = aClaim({ metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } });
  assert.deepEqual(foundOf(need, going), { need });
});

Deno.test("repositoryNeeds() asks one Secret for all its keys", () => {
  const spec: RepositorySpec = {
    encryption,
    backend: { s3: { bucket: "bucket", endpoint: "s3.lan", auth: { secretRef: { name: "repo-password" } } } },
  };
  assert.deepEqual(repositoryNeeds(spec), [
    {
      kind: "secret",
      name: "repo-password",
      keys: ["KOPIA_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
    },
  ]);
});

Deno.test("credentialVersion() moves with a Secret's content and with another volume, not with a volume's status", () => {
  const secretNeed = { kind: "secret", name: "repo-password", keys: ["KOPIA_PASSWORD"] } as const;
  const volumeNeed = { kind: "volumeClaim", name: "data" } as const;
  const version = (secret: string, uid: string, volume: string) =>
    credentialVersion([
      foundOf(secretNeed, aSecret({ metadata: { resourceVersion: secret } })),
      foundOf(volumeNeed, aClaim({ metadata: { uid, resourceVersion: volume } })),
    ]);
  assert.equal(version("1", "u1", "1"), version("1", "u1", "2"));
  assert.notEqual(version("1", "u1", "1"), version("2", "u1", "1"));
  assert.notEqual(version("1", "u1", "1"), version("1", "u2", "1"));
});

Deno.test("foundOf() keeps no value of a Secret", () => {
  const need = { kind: "secret", name: "repo-password", keys: ["KOPIA_PASSWORD"] } as const;
  const secret = aSecret({ data: { KOPIA_PASSWORD: "correct horse" } });
  assert.doesNotMatch(JSON.stringify(foundOf(need, secret)), /correct|horse|Y29ycmVj/);
});

Deno.test("firstMissing() names the proxy that the Secret of one has not", async () => {
  const { s3 } = onS3.backend;
  assert.ok(s3);
  const proxied = (tls: typeof s3.tls) => ({
    ...onS3,
    backend: { s3: { ...s3, tls, proxy: { secretRef: { name: "proxy" } } } },
  });
  const kube = new FakeKube();
  kube.put(
    aSecret(),
    aSecret({ name: "s3-keys", data: keys }),
    aSecret({ name: "proxy", data: { NO_PROXY: "x" } }),
  );
  const of = async (tls: typeof s3.tls) => (await missing(proxied(tls), kube))?.message ?? "";
  assert.match(
    await of(undefined),
    /Secret "proxy" .* is there, expected it to have a value under the key "HTTPS_PROXY"/,
  );
  const plain = { disableTls: true, insecureSkipVerify: false };
  assert.match(await of(plain), /expected it to have a value under the key "HTTP_PROXY"/);
  kube.put(aSecret({ name: "proxy", data: { HTTPS_PROXY: "http://me:p@proxy" } }));
  assert.equal(await of(undefined), "");
});
