import assert from "node:assert/strict";
import { createCertificateAuthority } from "../../tests/cluster/mod.ts";
import { FakeClock } from "../../tests/support/mod.ts";
import { loadConnection } from "./kubeconfig.ts";
import { isInPod } from "./service_account.ts";

const never = new AbortController().signal;
const env = { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443", HOME: "/nonexistent" };

/** A folder as the kubelet mounts it. */
async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/token`, "first\n");
    await Deno.writeTextFile(`${folder}/namespace`, "kopiur");
    await Deno.writeTextFile(`${folder}/ca.crt`, (await createCertificateAuthority("ca")).certPem);
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("loadConnection() takes the service account of a pod when there is no kubeconfig", async () => {
  await withFolder(async (folder) => {
    const connection = await loadConnection({ env, serviceAccountFolder: folder });
    assert.deepEqual([connection.server, connection.namespace], ["https://10.96.0.1:443", "kopiur"]);
    const ipv6 = await loadConnection({
      env: { ...env, KUBERNETES_SERVICE_HOST: "fd00::1" },
      serviceAccountFolder: folder,
    });
    assert.equal(ipv6.server, "https://[fd00::1]:443");
    await assert.rejects(
      loadConnection({ env, serviceAccountFolder: folder, context: "x" }),
      /Cannot find a cluster/,
    );
  });
});

Deno.test("serviceAccountConnection() reads a rotated token within a minute, and at once when it is refused", async () => {
  await withFolder(async (folder) => {
    const clock = new FakeClock();
    const { credentials } = await loadConnection({ env, serviceAccountFolder: folder, clock });
    const token = async () => (await credentials.current(never)).headers.authorization;
    assert.equal(await token(), "Bearer first");
    await Deno.writeTextFile(`${folder}/token`, "second");
    await clock.advance(59_000);
    assert.equal(await token(), "Bearer first");
    await clock.advance(1000);
    assert.equal(await token(), "Bearer second");
    await Deno.writeTextFile(`${folder}/token`, "third");
    const refused = await credentials.current(never);
    assert.equal((await credentials.refresh(refused, never)).headers.authorization, "Bearer third");
    await Deno.writeTextFile(`${folder}/token`, "");
    await assert.rejects(
      credentials.refresh(await credentials.current(never), never),
      /token" is empty, expected a token/,
    );
  });
});

Deno.test("isInPod() is false without a host or a token", async () => {
  await withFolder(async (folder) => {
    assert.equal(await isInPod(env, folder), true);
    assert.equal(await isInPod({}, folder), false);
    assert.equal(await isInPod(env, `${folder}/none`), false);
  });
});
