import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { createCertificateAuthority } from "../../tests/cluster/mod.ts";
import { assertKeyPair, readableCertificates } from "./key_pair.ts";

Deno.test("assertKeyPair() refuses what would make the runtime panic, and shows none of it", async () => {
  const authority = await createCertificateAuthority("ca");
  const [one, two] = [await authority.issue({ commonName: "a" }), await authority.issue({ commonName: "b" })];
  assertKeyPair(one.certPem, one.keyPem, "x");
  const garbage = "-----BEGIN PRIVATE KEY-----\nhunter2hunter2\n-----END PRIVATE KEY-----\n";
  const table: readonly (readonly [string, string, RegExp])[] = [
    [one.certPem, two.keyPem, /the key belongs to another certificate/],
    [one.certPem, garbage, /the key cannot be read, expected an unencrypted RSA/],
    [one.certPem, "hunter2", /the key cannot be read/],
    [one.certPem, "", /the key cannot be read/],
    ["hunter2", one.keyPem, /the certificate cannot be read/],
    [one.certPem.slice(0, 200), one.keyPem, /the certificate cannot be read/],
    [one.keyPem, one.certPem, /the key cannot be read/],
  ];
  for (const [cert, key, expected] of table) {
    assert.throws(() => assertKeyPair(cert, key, 'context "x"'), (error) => {
      assert.match(String(error), /Cannot use the client certificate of context "x": /);
      assert.match(String(error), expected);
      assert.doesNotMatch(String(error), /hunter2/);
      return true;
    });
  }
});

Deno.test("assertKeyPair() lets only pass what the runtime takes", async () => {
  const kinds = [
    { name: "ECDSA", namedCurve: "P-256" },
    { name: "ECDSA", namedCurve: "P-384" },
    {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    },
    { name: "Ed25519" },
  ];
  const { certPem } = await (await createCertificateAuthority("ca")).issue({ commonName: "a" });
  for (const kind of kinds) {
    const pair = await crypto.subtle.generateKey(kind, true, ["sign", "verify"]);
    assert.ok("privateKey" in pair);
    const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey)).toBase64();
    const pem = `-----BEGIN PRIVATE KEY-----\n${
      der.match(/.{1,64}/g)?.join("\n")
    }\n-----END PRIVATE KEY-----\n`;
    // Readable, and not the key of that certificate: had it not been read, the error would be another.
    assert.throws(
      () => assertKeyPair(certPem, pem, "x"),
      /the key belongs to another certificate/,
      kind.name,
    );
  }
});

Deno.test("assertKeyPair() takes a pair beside other blocks, as in the one file of a kubelet", async () => {
  const authority = await createCertificateAuthority("ca");
  const { certPem, keyPem } = await authority.issue({ commonName: "a" });
  const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  assertKeyPair(certPem + keyPem, certPem + keyPem, "x");
  assertKeyPair(`a comment\n${certPem}`, parameters + keyPem, "x");
});

Deno.test("assertKeyPair() refuses an RSA key so weak that the runtime panics", async () => {
  const { certPem } = await (await createCertificateAuthority("ca")).issue({ commonName: "a" });
  for (const modulusLength of [1024, 2047]) {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    assert.throws(
      () => assertKeyPair(certPem, pem, "x"),
      new RegExp(`the RSA key has ${modulusLength} bits, expected 2048 or more`),
    );
  }
});

Deno.test("assertKeyPair() refuses a certificate of version 1, which makes the runtime panic", async () => {
  const authority = await createCertificateAuthority("ca");
  const { certPem, keyPem } = await authority.issue({ commonName: "a", version1: true });
  assert.throws(
    () => assertKeyPair(certPem, keyPem, "x"),
    /the certificate is of X\.509 version 1, expected one of version 3/,
  );
});

Deno.test("readableCertificates() passes over what is no certificate, and refuses to trust nobody", async () => {
  const { certPem } = await createCertificateAuthority("ca");
  const block = certPem.trim();
  const garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  assert.deepEqual(readableCertificates(`# bundle\n${certPem}${garbage}${certPem}`, "x"), [block, block]);
  // The runtime takes what is left.
  Deno.createHttpClient({ caCerts: [...readableCertificates(garbage + certPem, "x")] }).close();
  for (const text of ["", "hunter2", certPem.slice(0, 100), garbage]) {
    assert.throws(
      () => readableCertificates(text, "x"),
      /it holds no certificate, expected one or more in PEM/,
    );
  }
});
