import assert from "node:assert/strict";
import { besideEachOther } from "./beside_each_other.ts";
import { Stage } from "./stage.ts";
import { startVersitygw } from "../cluster/mod.ts";

Deno.test("S3 repositories in a real cluster, against a real S3 server", async (t) => {
  await using stage = await Stage.open();
  await using server = await startVersitygw({ address: stage.cluster.hostAddress, buckets: ["backups"] });
  const tenant = await stage.tenant("s3");
  await tenant.volume("photos", { "a.txt": "first\n" });
  await tenant.secret("password", { KOPIA_PASSWORD: "secret-of-the-test" });
  await tenant.secret("keys", {
    AWS_ACCESS_KEY_ID: server.accessKey,
    AWS_SECRET_ACCESS_KEY: server.secretKey,
  });
  await tenant.secret("bad-keys", {
    AWS_ACCESS_KEY_ID: server.accessKey,
    AWS_SECRET_ACCESS_KEY: "wrong-secret-key",
  });

  async function repository(name: string, s3: Readonly<Record<string, unknown>>): Promise<void> {
    await tenant.custom("Repository", name, {
      backend: {
        s3: {
          bucket: "backups",
          prefix: `${name}/`,
          endpoint: server.endpoint,
          auth: { secretRef: { name: "keys" } },
          tls: { disableTls: true },
          ...s3,
        },
      },
      encryption: { passwordSecretRef: { name: "password" } },
      create: { enabled: true },
      deletionBreaker: { window: "10s", keepLast: false },
    });
  }

  async function failure(name: string, phase: string): Promise<string> {
    const failed = await tenant.until("Repository", name, ({ status }) => status?.phase === phase, 90);
    return failed["status"].conditions.find((condition: { type: string }) =>
      condition.type === "Bootstrapped"
    ).reason;
  }

  await besideEachOther(t, 5, [
    ["plain http with static keys: created, backed up, told", async () => {
      await repository("plain", {});
      const ready = await tenant.until("Repository", "plain", ({ status }) => status?.phase === "Ready", 60);
      assert.equal(ready["status"].backend, "S3");
      await tenant.config("photos", "plain", ["photos"]);
      await tenant.backup("one", "photos");
      const backup = await tenant.ended("one");
      assert.equal(backup["status"].phase, "Succeeded", JSON.stringify(backup["status"]));
      await tenant.kubectl("delete", "backup", "one", "--wait=false");
      await tenant.gone("Backup", "one", 60);
    }],

    ["a private certificate authority from a ConfigMap; without it the server is not trusted", async () => {
      await using secure = await startVersitygw({
        address: stage.cluster.hostAddress,
        buckets: ["backups"],
        tls: true,
      });
      await tenant.secret("secure-keys", {
        AWS_ACCESS_KEY_ID: secure.accessKey,
        AWS_SECRET_ACCESS_KEY: secure.secretKey,
      });
      const auth = { secretRef: { name: "secure-keys" } };
      await repository("untrusting", { endpoint: secure.endpoint, auth, tls: {} });
      assert.equal(await failure("untrusting", "Degraded"), "RepositoryUnavailable");
      await repository("private", {
        endpoint: secure.endpoint,
        auth,
        tls: { caBundleRef: { configMapName: "authority" } },
      });
      await tenant.until(
        "Repository",
        "private",
        ({ status }) => /authority/.test(JSON.stringify(status?.conditions)),
        20,
      );
      await tenant.apply({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "authority" },
        data: { "ca.crt": secure.caPem },
      });
      await tenant.until("Repository", "private", ({ status }) => status?.phase === "Ready", 60);
    }],

    ["a wrong secret key is AccessDenied, and nothing is created", async () => {
      await repository("denied", { auth: { secretRef: { name: "bad-keys" } } });
      assert.equal(await failure("denied", "Failed"), "AccessDenied");
      assert.doesNotMatch(await stage.controllerLog(), /wrong-secret-key/);
    }],

    ["a missing bucket is Failed, with a class that says what to look at", async () => {
      await repository("bucketless", { bucket: "no-such-bucket" });
      assert.ok(["NotFound", "NotInitialized"].includes(await failure("bucketless", "Failed")));
    }],

    ["an endpoint nobody listens on is Degraded and is tried again", async () => {
      await repository("unreachable", { endpoint: `${stage.cluster.hostAddress}:9` });
      assert.equal(await failure("unreachable", "Degraded"), "RepositoryUnavailable");
    }],
  ]);
});
