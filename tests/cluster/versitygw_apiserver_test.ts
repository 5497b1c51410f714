import { equal, match } from "node:assert/strict";
import { join } from "node:path";
import { partPath, partTest, runTool } from "../parts/mod.ts";
import { exists } from "../parts/mod.ts";
import { startVersitygw, type Versitygw } from "./mod.ts";

const parts = ["versitygw", "kopia", "janitor", "setpriv"] as const;

async function kopiaCreate(server: Versitygw, bucket: string, secretKey = server.secretKey) {
  const home = await Deno.makeTempDir();
  const tls = server.caPem === undefined
    ? ["--disable-tls"]
    : [`--root-ca-pem-base64=${new TextEncoder().encode(server.caPem).toBase64()}`];
  const result = await runTool([
    await partPath("kopia"),
    "repository",
    "create",
    "s3",
    `--endpoint=${server.endpoint}`,
    `--bucket=${bucket}`,
    `--access-key=${server.accessKey}`,
    ...tls,
  ], {
    env: {
      AWS_SECRET_ACCESS_KEY: secretKey,
      KOPIA_PASSWORD: "test",
      KOPIA_CONFIG_PATH: join(home, "repository.config"),
      KOPIA_CACHE_DIRECTORY: join(home, "cache"),
      KOPIA_LOG_DIR: join(home, "logs"),
      KOPIA_CHECK_FOR_UPDATES: "false",
    },
  });
  await Deno.remove(home, { recursive: true });
  return result;
}

for (const tls of [false, true]) {
  partTest({
    name: `startVersitygw() holds a kopia repository ${
      tls ? "over TLS with a private authority" : "over plain http"
    }`,
    parts,
    fn: async () => {
      const server = await startVersitygw({ tls, buckets: ["backups"] });
      const created = await kopiaCreate(server, "backups");
      equal(created.code, 0, created.stderr);
      equal(exists(join(server.dataFolder, "backups", "kopia.repository")), true);
      await server.stop();
      equal(exists(server.dataFolder), false);
    },
  });
}

partTest({
  name: "Versitygw refuses a wrong secret key, and keeps its data over kill() and start()",
  parts,
  fn: async () => {
    await using server = await startVersitygw({ buckets: ["backups"] });
    match((await kopiaCreate(server, "backups", "wrong")).stderr, /signature/);
    await kopiaCreate(server, "backups");
    await server.kill();
    match((await kopiaCreate(server, "backups")).stderr, /connection refused/);
    await server.start();
    match((await kopiaCreate(server, "backups")).stderr, /found existing data/);
  },
});
