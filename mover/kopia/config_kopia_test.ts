import assert from "node:assert/strict";
import { MOVER_PATH } from "../../api/mover/contract.ts";
import { startVersitygw } from "../../tests/cluster/mod.ts";
import { partTest, runToolOk } from "../../tests/parts/mod.ts";
import { createCommand } from "./argv.ts";
import { type ConnectRequest, renderKopiaConfig } from "./config.ts";
import { identity, makeMoverFolder, type MoverFolder, password } from "../support/mover_case.ts";
import { kopiaPath } from "../support/real_kopia.ts";

const cache = { contentCacheSizeMb: 200, metadataCacheSizeMb: 100 };

interface Config {
  readonly storage: { readonly config: Readonly<Record<string, unknown>> };
  readonly caching: Readonly<Record<string, unknown>>;
}

/** The file kopia writes when it makes the repository, and ours for the same request. */
async function bothConfigs(
  folder: MoverFolder,
  request: ConnectRequest,
  keys = {},
): Promise<[Config, Config]> {
  const path = folder.at("cache", "repository.config");
  const cacheFolder = folder.at("cache", "cache");
  const args = createCommand(request, {}).args.filter((each) => each !== "--create-only");
  await runToolOk([await kopiaPath(), ...args], {
    env: {
      ...{ KOPIA_PASSWORD: password, KOPIA_CONFIG_PATH: path, KOPIA_CACHE_DIRECTORY: cacheFolder },
      ...keys,
    },
  });
  const caBundle = await Deno.readFile(request.caBundlePath).catch(() => new Uint8Array());
  return [
    JSON.parse(await Deno.readTextFile(path)),
    JSON.parse(renderKopiaConfig(request, { cacheFolder, caBundle })),
  ];
}

function theirsAsOurs({ storage, caching, ...rest }: Config, cacheFolder: string, left: readonly string[]) {
  const config = Object.entries(storage.config).filter(([name]) => !left.includes(name));
  const { description: _, ...others } = rest as Readonly<Record<string, unknown>>;
  return {
    storage: { ...storage, config: Object.fromEntries(config) },
    // Kopia writes the path from the folder of the file.
    caching: { ...caching, cacheDirectory: cacheFolder },
    ...others,
    formatBlobCacheDuration: -1,
  };
}

partTest({
  name: "renderKopiaConfig() says of a folder what kopia itself writes down",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    await Deno.mkdir(folder.at("repository"));
    const request: ConnectRequest = {
      ...{ identity, cache, caBundlePath: MOVER_PATH.caBundle, uploadBytesPerSecond: 7_000_000 },
      repository: { filesystem: { path: folder.at("repository") } },
    };
    const [theirs, ours] = await bothConfigs(folder, request);
    assert.deepEqual(ours, theirsAsOurs(theirs, folder.at("cache", "cache"), []));
  },
});

/** What a role would need, and the keys: kopia takes those from its environment. */
const leftOut = [
  ...["accessKeyID", "secretAccessKey", "sessionToken"],
  ...["roleARN", "sessionName", "duration", "roleEndpoint", "roleRegion"],
];

partTest({
  name: "renderKopiaConfig() says of S3 what kopia itself writes down, but for the keys",
  parts: ["kopia", "versitygw", "janitor"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    await using server = await startVersitygw({ buckets: ["backups"], tls: true });
    const caBundlePath = folder.at("ca.crt");
    await Deno.writeTextFile(caBundlePath, server.caPem ?? "");
    const keys = { AWS_ACCESS_KEY_ID: server.accessKey, AWS_SECRET_ACCESS_KEY: server.secretKey };
    const s3 = { bucket: "backups", endpoint: server.endpoint, disableTls: false, region: "us-east-1" };
    for (
      const how of [
        { prefix: "one/", privateCa: true, insecureSkipVerify: false },
        { prefix: "two/", privateCa: false, insecureSkipVerify: true },
      ]
    ) {
      const request: ConnectRequest = {
        ...{ identity, cache, caBundlePath, uploadBytesPerSecond: 7_000_000 },
        repository: { s3: { ...s3, ...how } },
      };
      const [theirs, ours] = await bothConfigs(folder, request, keys);
      assert.deepEqual(ours, theirsAsOurs(theirs, folder.at("cache", "cache"), leftOut));
      for (const name of leftOut.slice(3)) {
        assert.ok(["", "0s"].includes(`${theirs.storage.config[name]}`), name);
      }
    }
  },
});
