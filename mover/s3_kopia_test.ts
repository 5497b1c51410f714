import assert from "node:assert/strict";
import { startVersitygw, type Versitygw } from "../tests/cluster/mod.ts";
import { partTest } from "../tests/parts/mod.ts";
import { startConnectProxy } from "../tests/support/connect_proxy.ts";
import {
  backupOf,
  bootstrapOf,
  failureOf,
  makeMoverFolder,
  type MoverCase,
  type MoverFolder,
  runCase,
} from "./support/mover_case.ts";
import { kopiaPath, noise, writeTree } from "./support/real_kopia.ts";

const bootstrapOnly = { bootstrap: {} };
const bootstrapOrCreate = { bootstrap: { create: {} } };

interface S3Parts {
  readonly bucket?: string;
  readonly endpoint?: string;
  readonly prefix?: string;
  readonly disableTls?: boolean;
  readonly insecureSkipVerify?: boolean;
  readonly privateCa?: boolean;
}

async function onS3(
  folder: MoverFolder,
  server: Versitygw,
  parts: S3Parts = {},
): Promise<Omit<MoverCase, "operation">> {
  return {
    folder,
    binary: await kopiaPath(),
    repository: {
      s3: {
        bucket: "backups",
        endpoint: server.endpoint,
        disableTls: server.caPem === undefined,
        insecureSkipVerify: false,
        privateCa: false,
        ...parts,
      },
    },
    environment: { AWS_ACCESS_KEY_ID: server.accessKey, AWS_SECRET_ACCESS_KEY: server.secretKey },
  };
}

function backup(source: string, uniqueId?: string) {
  const expected = uniqueId === undefined ? {} : { uniqueId };
  return {
    backup: { mountPath: source, sourcePath: "/pvc/data", runId: "uid-1", tags: {}, ...expected },
  };
}

const parts = ["kopia", "versitygw", "janitor"] as const;

partTest({
  name: "runMover() creates, backs up and finds again on S3, each prefix a repository of its own",
  parts,
  fn: async () => {
    await using folder = await makeMoverFolder();
    await using server = await startVersitygw({ buckets: ["backups"] });
    const one = await onS3(folder, server, { prefix: "one/" });
    const made = bootstrapOf(await runCase({ ...one, operation: bootstrapOrCreate }));
    assert.equal(made.created, true);
    await writeTree(folder.at("source"), { a: "1", b: noise(1_000_000) });
    const operation = backup(folder.at("source"), made.uniqueId);
    const wrong = backup(folder.at("source"), "f".repeat(64));
    assert.equal(failureOf(await runCase({ ...one, operation: wrong })).class, "RepositoryReplaced");
    const first = backupOf(await runCase({ ...one, operation }));
    const again = backupOf(await runCase({ ...one, operation }));
    assert.deepEqual([again.snapshotId, again.reused], [first.snapshotId, true]);
    const { catalog, ...stock } = bootstrapOf(await runCase({ ...one, operation: bootstrapOnly }));
    assert.equal(catalog?.snapshots, 1);
    assert.deepEqual(stock, {
      uniqueId: made.uniqueId,
      created: false,
      snapshotCount: 1,
      totalSizeBytes: 1_000_001,
    });
    const other = await runCase({
      ...(await onS3(folder, server, { prefix: "two/" })),
      operation: bootstrapOnly,
    });
    assert.equal(failureOf(other).class, "NotInitialized");
    assert.match(failureOf(other).message, /the bucket "backups" \(.* when the bucket is missing/);
  },
});

partTest({
  name: "runMover() tells what is wrong with an S3 storage, and makes nothing there",
  parts,
  fn: async () => {
    await using folder = await makeMoverFolder();
    await using server = await startVersitygw({ buckets: ["backups"] });
    const good = await onS3(folder, server);
    const wrongKey = { ...good.environment, AWS_SECRET_ACCESS_KEY: "not-the-secret-key" };
    const unknownUser = { ...good.environment, AWS_ACCESS_KEY_ID: "nobody" };
    const nothingListens = await onS3(folder, server, { endpoint: "127.0.0.1:1" });
    const noSuchHost = await onS3(folder, server, { endpoint: "nowhere.invalid:9000" });
    const tlsToPlain = await onS3(folder, server, { disableTls: false });
    const noBucket = await onS3(folder, server, { bucket: "missing" });
    const cases = [
      [{ ...good, environment: wrongKey, operation: bootstrapOrCreate }, "AccessDenied", 2],
      [{ ...good, environment: unknownUser, operation: bootstrapOrCreate }, "AccessDenied", 2],
      [{ ...good, environment: unknownUser, operation: bootstrapOnly }, "NotInitialized", 2],
      [{ ...nothingListens, operation: bootstrapOrCreate }, "RepositoryUnavailable", 1],
      [{ ...noSuchHost, operation: bootstrapOrCreate }, "RepositoryUnavailable", 1],
      [{ ...tlsToPlain, operation: bootstrapOrCreate }, "RepositoryUnavailable", 1],
      [{ ...noBucket, operation: bootstrapOrCreate }, "NotFound", 2],
      [{ ...noBucket, operation: bootstrapOnly }, "NotInitialized", 2],
    ] as const;
    for (const [given, failureClass, exitCode] of cases) {
      const end = await runCase(given);
      assert.equal(failureOf(end).class, failureClass, failureOf(end).message);
      assert.equal(end.exitCode, exitCode);
      assert.ok(!JSON.stringify(end).includes("not-the-secret-key"));
    }
    assert.deepEqual([...Deno.readDirSync(server.dataFolder)].map(({ name }) => name), ["backups"]);
  },
});

partTest({
  name: "runMover() reaches an S3 storage behind a private CA, and only with it",
  parts,
  fn: async () => {
    await using folder = await makeMoverFolder();
    await using server = await startVersitygw({ buckets: ["backups"], tls: true });
    const caBundlePath = folder.at("ca.crt");
    await Deno.writeTextFile(caBundlePath, server.caPem ?? "");
    const without = await runCase({ ...(await onS3(folder, server)), operation: bootstrapOrCreate });
    assert.equal(failureOf(without).class, "RepositoryUnavailable");
    assert.match(failureOf(without).message, /certificate/);
    const withCa = { ...(await onS3(folder, server, { privateCa: true })), caBundlePath };
    assert.equal(bootstrapOf(await runCase({ ...withCa, operation: bootstrapOrCreate })).created, true);
    const unchecked = await onS3(folder, server, { insecureSkipVerify: true });
    assert.equal(bootstrapOf(await runCase({ ...unchecked, operation: bootstrapOnly })).created, false);
  },
});

partTest({
  name: "runMover() reaches an S3 storage through a proxy, and tells nothing of its password",
  parts,
  fn: async () => {
    await using folder = await makeMoverFolder();
    await using server = await startVersitygw({ buckets: ["backups"], tls: true });
    using proxy = startConnectProxy(server.port);
    const given = await onS3(folder, server, { endpoint: "storage.invalid:9000", insecureSkipVerify: true });
    const behind = (HTTPS_PROXY: string, NO_PROXY = "") => ({
      ...given,
      environment: { ...given.environment, HTTPS_PROXY, NO_PROXY },
      operation: bootstrapOrCreate,
    });
    const good = `http://me:hunter22@${proxy.address}\n`;
    assert.equal(bootstrapOf(await runCase(behind(good))).created, true);
    assert.match(
      proxy.heads[0] ?? "",
      /^CONNECT storage\.invalid:9000 [\s\S]*Proxy-Authorization: Basic bWU6aHVudGVyMjI=/i,
    );
    for (
      const end of [
        await runCase(behind(good, "storage.invalid:9000")),
        await runCase(behind("http://me:hunter22@127.0.0.1:1")),
        await runCase(behind("http://me:hunter22@ nowhere")),
      ]
    ) {
      assert.equal(failureOf(end).class, "RepositoryUnavailable", failureOf(end).message);
      assert.doesNotMatch(JSON.stringify(end), /hunter22/);
    }
  },
});

partTest({
  name: "runMover() trusts the authorities of a folder besides those of the machine",
  parts,
  fn: async () => {
    await using folder = await makeMoverFolder();
    await using server = await startVersitygw({ buckets: ["backups"], tls: true });
    const given = await onS3(folder, server);
    const trusting = (SSL_CERT_DIR: string) => ({
      ...given,
      environment: { ...given.environment, SSL_CERT_DIR },
      operation: bootstrapOrCreate,
    });
    assert.match(failureOf(await runCase(trusting(folder.at("empty")))).message, /certificate/);
    await Deno.mkdir(folder.at("trust"));
    await Deno.writeTextFile(folder.at("trust/ca.crt"), server.caPem ?? "");
    assert.equal(bootstrapOf(await runCase(trusting(folder.at("trust")))).created, true);
  },
});
