import assert from "node:assert/strict";
import { createCertificateAuthority } from "../../tests/cluster/mod.ts";
import { errorChain } from "../../telemetry/mod.ts";
import { FakeClock } from "../../tests/support/mod.ts";
import type { KubeconfigCluster, KubeconfigUser } from "./kubeconfig_file.ts";
import { userCredentials } from "./user_credentials.ts";

const never = new AbortController().signal;

/** Credentials of a user whose relative paths start in a folder of their own. */
function setUp(folder: string, user: KubeconfigUser, cluster: Partial<KubeconfigCluster> = {}) {
  const clock = new FakeClock();
  const source = userCredentials({
    cluster: { folder, value: { server: "https://x", ...cluster } },
    user: { folder, value: user },
    description: 'context "x"',
    env: { PATH: "/usr/bin:/bin" },
  }, clock);
  return { clock, source, current: () => source.current(never) };
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

Deno.test("userCredentials() makes headers of tokens, passwords and impersonation", async () => {
  const header = async (user: KubeconfigUser) => (await setUp("/", user).current()).headers;
  assert.deepEqual(await header({ token: "t\n" }), { authorization: "Bearer t" });
  assert.deepEqual(await header({ username: "ü", password: "p" }), {
    authorization: `Basic ${base64("ü:p")}`,
  });
  const extra = { "example.com/team": ["a", "b"], "50%/ü": ["c"] };
  assert.deepEqual(
    await header({ as: "boss", "as-uid": "1", "as-groups": ["g", "h"], "as-user-extra": extra }),
    {
      "impersonate-user": "boss",
      "impersonate-uid": "1",
      "impersonate-group": ["g", "h"],
      "impersonate-extra-example.com%2Fteam": ["a", "b"],
      "impersonate-extra-50%25%2F%C3%BC": ["c"],
    },
  );
  for (const more of [{ "as-uid": "1" }, { "as-groups": ["g"] }, { "as-user-extra": extra }]) {
    await assert.rejects(
      header({ as: "", ...more }),
      /Cannot impersonate: "as" is missing, expected it beside/,
    );
  }
  assert.deepEqual(await header({}), {});
});

Deno.test("userCredentials() reads a token file again, before a token", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/t`, "one\n");
    const { clock, source, current } = setUp(folder, { tokenFile: "t", token: "static" });
    assert.equal((await current()).headers.authorization, "Bearer one");
    await Deno.writeTextFile(`${folder}/t`, "two\n");
    await clock.advance(60_000);
    assert.equal((await current()).headers.authorization, "Bearer two");
    await Deno.remove(`${folder}/t`);
    await assert.rejects(
      source.refresh(await current(), never),
      /context "x": the file ".*\/t" cannot be read/,
    );
  });
});

Deno.test("userCredentials() reads certificates from data and files, and bears a rotation that is half done", async () => {
  await withFolder(async (folder) => {
    const authority = await createCertificateAuthority("ca");
    const [one, two] = [
      await authority.issue({ commonName: "a" }),
      await authority.issue({ commonName: "a" }),
    ];
    const data = {
      "client-certificate-data": base64(one.certPem),
      "client-key-data": base64(one.keyPem),
      "client-key": "/not/looked/at",
    };
    const fromData = await setUp(folder, data, { "certificate-authority-data": base64(authority.certPem) })
      .current();
    assert.deepEqual(fromData.clientCertificate, { cert: one.certPem, key: one.keyPem });
    assert.deepEqual(fromData.caCerts, [authority.certPem.trim()]);

    await Deno.writeTextFile(`${folder}/cert`, one.certPem);
    await Deno.writeTextFile(`${folder}/key`, one.keyPem);
    const { clock, current } = setUp(folder, { "client-certificate": "cert", "client-key": `${folder}/key` });
    assert.equal((await current()).clientCertificate?.cert, one.certPem);
    await Deno.writeTextFile(`${folder}/cert`, two.certPem);
    await clock.advance(60_000);
    assert.equal((await current()).clientCertificate?.cert, one.certPem);
    await Deno.writeTextFile(`${folder}/key`, two.keyPem);
    await clock.advance(5000);
    assert.equal((await current()).clientCertificate?.cert, two.certPem);
  });
});

Deno.test("userCredentials() says what is missing or wrong, not what is there", async () => {
  const table: readonly (readonly [KubeconfigUser, Partial<KubeconfigCluster>, RegExp])[] = [
    [
      { "client-certificate-data": base64("x") },
      {},
      /"client-key" is missing, expected a client certificate with its key/,
    ],
    [{ "client-key-data": base64("x") }, {}, /"client-certificate" is missing/],
    [{ "client-key-data": "hunter2 !" }, {}, /"client-key-data" is not base64/],
    [{}, { "certificate-authority-data": base64("hunter2") }, /it holds no certificate/],
    [{}, { "certificate-authority": "none.pem" }, /the file "\/none-such\/none\.pem" cannot be read/],
    [
      { "auth-provider": { name: "oidc", config: { secret: "hunter2" } } },
      {},
      /the auth-provider "oidc": it gives none, expected/,
    ],
  ];
  for (const [user, cluster, expected] of table) {
    await assert.rejects(setUp("/none-such", user, cluster).current(), (error) => {
      assert.match(String(error), expected);
      assert.doesNotMatch(String(error), /hunter2/);
      return true;
    });
  }
});

/** What is no header in the end: a broken token, or another file in the place of one. */
const unsendable: Readonly<Record<string, string>> = {
  "a line break inside": "hunter2\nhunter2",
  "a carriage return inside": "hunter2\rX-Other: hunter2",
  "a NUL": "hunter2\0hunter2",
  "a control character": "hunter2\u0001",
  "a character above U+00FF": "hunter2\u20ac",
  "what was no UTF-8": "hunter2\ufffd\ufffd",
  "a mounted kubeconfig": 'apiVersion: v1\nusers:\n- name: x\n  user:\n    token: "hunter2"\n',
  "a private key": "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n",
  "a megabyte": "hunter2".repeat(150_000),
};

for (const [what, text] of Object.entries(unsendable)) {
  Deno.test(`userCredentials() refuses ${what} in any place a header comes from, and says nothing of it`, async () => {
    await withFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/t`, text);
      const status = { token: text };
      const credential = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status };
      await Deno.writeTextFile(`${folder}/answer`, JSON.stringify(credential));
      const plugin = '#!/bin/sh\ncat "$(dirname "$0")/answer"\n';
      await Deno.writeTextFile(`${folder}/plugin`, plugin, { mode: 0o755 });
      const config = { "access-token": text };
      const users: readonly KubeconfigUser[] = [
        { token: text },
        { tokenFile: "t" },
        { exec: { apiVersion: "client.authentication.k8s.io/v1", command: "./plugin" } },
        { "auth-provider": { name: "gcp", config } },
        { as: text },
        { as: "boss", "as-uid": text },
        { as: "boss", "as-groups": ["g", text] },
        { as: "boss", "as-user-extra": { key: ["v", text] } },
      ];
      for (const user of users) {
        await assert.rejects(setUp(folder, user).current(), (error) => {
          assert.match(
            errorChain(error),
            /^Cannot use the credentials of context "x": .*"(auth|imp).*expected/,
          );
          assert.doesNotMatch(errorChain(error), /hunter2/);
          return true;
        });
      }
      // A password goes over the wire in base64, whatever is in it.
      if (text.length > 65_536) return;
      assert.deepEqual((await setUp(folder, { username: "u", password: text }).current()).headers, {
        authorization: `Basic ${base64(`u:${text}`)}`,
      });
    });
  });
}

Deno.test("userCredentials() goes on with the former token while a file holds something else", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/t`, "one");
    const { clock, current } = setUp(folder, { tokenFile: "t" });
    await current();
    await Deno.writeTextFile(`${folder}/t`, "tw\no");
    await clock.advance(60_000);
    assert.equal((await current()).headers.authorization, "Bearer one");
    await Deno.writeTextFile(`${folder}/t`, "two\r\n");
    await clock.advance(5000);
    assert.equal((await current()).headers.authorization, "Bearer two");
  });
});

Deno.test("userCredentials() does not say a token that stands in the place of its file", async () => {
  for (const tokenFile of [`eyJ.${"hunter2".repeat(100)}.c2ln`, "hunter2\nhunter2"]) {
    await assert.rejects(setUp("/none-such", { tokenFile }).current(), (error) => {
      assert.match(errorChain(error), /the path of a file has \d+ characters, expected a file we may read$/);
      return true;
    });
  }
});

Deno.test("userCredentials() does not say what an auth-provider throws", async () => {
  const part = (text: string) => base64(text).replace(/=+$/, "");
  const printing = { "cmd-path": "/bin/echo", "cmd-args": "hunter2" };
  const providers = [
    { name: "oidc", config: { "id-token": `${part("hunter2")}.${part("hunter2")}.c2ln` } },
    { name: "gcp", config: printing },
    { name: "azure", config: printing },
    { name: "gcp", config: { "cmd-path": "/none-such/hunter2" } },
  ];
  for (const provider of providers) {
    await assert.rejects(setUp("/", { "auth-provider": provider }).current(), (error) => {
      assert.match(
        errorChain(error),
        /^Cannot get credentials from the auth-provider "\w+": it failed \(\w+\)/,
      );
      assert.doesNotMatch(errorChain(error), /hunter2/);
      return true;
    });
  }
});

Deno.test("userCredentials() runs a plugin again shortly before its credential ends, and when it is refused", async () => {
  await withFolder(async (folder) => {
    const answer = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",' +
      '"status":{"token":"t%s","expirationTimestamp":"2026-01-02T03:14:05Z"}}';
    // Counts its runs in a file.
    const script = `#!/bin/sh\ncd "$(dirname "$0")"; echo x >> runs; printf '${answer}' "$(wc -l < runs)"\n`;
    await Deno.writeTextFile(`${folder}/plugin`, script, { mode: 0o755 });
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "./plugin" };
    const { clock, source, current } = setUp(folder, { exec });
    const token = async () => (await current()).headers.authorization;
    assert.deepEqual([await token(), await token()], ["Bearer t1", "Bearer t1"]);
    await clock.advance(594_000);
    assert.equal(await token(), "Bearer t1");
    await clock.advance(1000);
    assert.equal(await token(), "Bearer t2");
    assert.equal((await source.refresh(await current(), never)).headers.authorization, "Bearer t3");
  });
});

Deno.test("userCredentials() takes a valid id-token of an auth-provider", async () => {
  const part = (value: unknown) => base64(JSON.stringify(value)).replace(/=+$/, "");
  const idToken = `${part({ alg: "none" })}.${part({ exp: Date.now() / 1000 + 3600 })}.c2ln`;
  const user = { "auth-provider": { name: "oidc", config: { "id-token": idToken } } };
  assert.deepEqual((await setUp("/", user).current()).headers, { authorization: `Bearer ${idToken}` });
});
