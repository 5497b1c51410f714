import assert from "node:assert/strict";
import { decodeCatalog } from "../../api/mover/catalog_listing.ts";
import { partTest } from "../../tests/parts/mod.ts";
import {
  bootstrapOf,
  failureOf,
  makeMoverFolder,
  type MoverCase,
  type MoverEnd,
  type MoverFolder,
  runCase,
} from "../support/mover_case.ts";
import { kopiaPath, PlainKopia, writeExecutable, writeTree } from "../support/real_kopia.ts";

const only = { bootstrap: {} };
const orCreate = { bootstrap: { create: {} } };
const keepsEverything = [0, 0, 0, 0, 0, 0];
const builtIn = [10, 48, 7, 4, 24, 3];

/** A folder with a storage that is not there yet, a mover and, on another machine, plain kopia. */
interface Scene {
  readonly folder: MoverFolder;
  readonly binary: string;
  readonly plain: PlainKopia;
  /** Path of the storage. */
  readonly path: string;
  /** Makes the storage, empty. */
  readonly makeStorage: () => Promise<void>;
  readonly bootstrap: (operation: MoverCase["operation"], given?: Partial<MoverCase>) => Promise<MoverEnd>;
}

function bootstrapTest(name: string, fn: (scene: Scene) => Promise<void>): void {
  partTest({
    name,
    parts: ["kopia"],
    fn: async () => {
      await using folder = await makeMoverFolder();
      const binary = await kopiaPath();
      const path = folder.at("repository");
      await fn({
        folder,
        binary,
        plain: new PlainKopia(binary, folder),
        path,
        makeStorage: () => Deno.mkdir(path),
        bootstrap: (operation, given = {}) => runCase({ folder, binary, operation, ...given }),
      });
    },
  });
}

bootstrapTest(
  "bootstrap() creates a repository, makes it keep everything and finds it again",
  async ({ plain, path, makeStorage, bootstrap }) => {
    await makeStorage();
    const first = await bootstrap(orCreate);
    assert.equal(first.exitCode, 0);
    const { uniqueId, catalog: _, ...made } = bootstrapOf(first);
    assert.deepEqual(made, { created: true, snapshotCount: 0, totalSizeBytes: 0 });
    assert.match(uniqueId, /^[0-9a-f]{64}$/);

    const again = await bootstrap(only);
    const { catalog, ...found } = bootstrapOf(again);
    assert.deepEqual(found, { uniqueId, created: false, snapshotCount: 0, totalSizeBytes: 0 });
    assert.deepEqual([catalog?.snapshots, catalog?.truncated], [0, false]);

    await plain.connect(path);
    assert.deepEqual(await plain.keeps("--global"), keepsEverything);
    assert.equal(JSON.parse(await plain.run("maintenance", "info", "--json")).owner, "app@apps");
  },
);

bootstrapTest(
  "bootstrap() lays a new repository out as kopia itself does today, also in the root of a new volume",
  async ({ folder, plain, path, makeStorage, bootstrap }) => {
    await makeStorage();
    await Deno.mkdir(folder.at("repository", "lost+found"));
    assert.equal(bootstrapOf(await bootstrap(orCreate)).created, true);
    await plain.create(folder.at("by-hand"));
    assert.equal(
      await Deno.readTextFile(`${path}/.shards`),
      await Deno.readTextFile(folder.at("by-hand", ".shards")),
    );
  },
);

bootstrapTest(
  "bootstrap() leaves an almost empty storage alone when it may not create",
  async ({ path, bootstrap }) => {
    await writeTree(path, { "notes.txt": "not kopia's" });
    const end = await bootstrap(only);
    assert.equal(failureOf(end).class, "NotInitialized");
    assert.match(failureOf(end).message, /^Cannot open the repository: the storage holds none/);
  },
);

bootstrapTest(
  "bootstrap() uses the algorithms it is given, and says which one kopia does not know",
  async ({ plain, path, makeStorage, bootstrap }) => {
    await makeStorage();
    const wrong = await bootstrap({ bootstrap: { create: { encryption: "ROT13" } } });
    assert.equal(failureOf(wrong).class, "Unknown");
    assert.match(failureOf(wrong).message, /ROT13/);
    const create = { encryption: "CHACHA20-POLY1305-HMAC-SHA256", hash: "BLAKE3-256", splitter: "FIXED-4M" };
    bootstrapOf(await bootstrap({ bootstrap: { create } }));
    await plain.connect(path);
    const { contentFormat, objectFormat } = JSON.parse(await plain.run("repository", "status", "--json"));
    assert.deepEqual(
      [contentFormat.encryption, contentFormat.hash, objectFormat.splitter],
      Object.values(create),
    );
  },
);

bootstrapTest(
  "bootstrap() leaves an empty storage empty when it may not create",
  async ({ path, makeStorage, bootstrap }) => {
    await makeStorage();
    const end = await bootstrap(only);
    assert.equal(failureOf(end).class, "NotInitialized");
    assert.match(failureOf(end).message, /repository" is empty, expected a kopia repository/);
    assert.equal(end.exitCode, 2);
    assert.deepEqual([...Deno.readDirSync(path)], []);
  },
);

bootstrapTest("bootstrap() makes no repository where the volume is not", async ({ path, bootstrap }) => {
  const end = await bootstrap(orCreate);
  assert.equal(failureOf(end).class, "NotFound");
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
});

bootstrapTest(
  "bootstrap() knows a wrong password and makes no second repository",
  async ({ plain, path, bootstrap }) => {
    await plain.create(path);
    const end = await bootstrap(orCreate, { environment: { KOPIA_PASSWORD: "not the password" } });
    assert.equal(failureOf(end).class, "AuthFailure");
    assert.equal(end.exitCode, 2);
    assert.ok(!JSON.stringify(end).includes("not the password"));
    assert.deepEqual(await plain.list(), []);
  },
);

bootstrapTest("bootstrap() creates nothing beside foreign data", async ({ path, bootstrap }) => {
  // Kopia sees only files that end as its own do.
  await writeTree(path, { "somebody.f": "data" });
  const end = await bootstrap(orCreate);
  assert.equal(failureOf(end).class, "NotInitialized");
  assert.match(failureOf(end).message, /found existing data/);
});

bootstrapTest(
  "bootstrap() adopts a repository in use: counts it and leaves its policy alone",
  async ({ folder, plain, path, bootstrap }) => {
    await plain.create(path);
    await writeTree(folder.at("one"), { a: "12345", b: "123" });
    await writeTree(folder.at("two"), { a: "12" });
    for (const name of ["one", "one", "two"]) await plain.run("snapshot", "create", folder.at(name));
    const end = await bootstrap(orCreate);
    const { uniqueId: _, catalog: __, ...found } = bootstrapOf(end);
    assert.deepEqual(found, { created: false, snapshotCount: 3, totalSizeBytes: 10 });
    assert.deepEqual(await plain.keeps("--global"), builtIn);
  },
);

bootstrapTest(
  "bootstrap() leaves the policy of an empty repository that somebody else made",
  async ({ plain, path, bootstrap }) => {
    await plain.create(path);
    assert.equal(bootstrapOf(await bootstrap(orCreate)).created, false);
    assert.deepEqual(await plain.keeps("--global"), builtIn);
  },
);

bootstrapTest(
  "bootstrap() sets the policy when an earlier pod was killed between create and that",
  async ({ folder, binary, plain, path, makeStorage, bootstrap }) => {
    await makeStorage();
    // Stands for the death of the pod: everything after "repository create" fails.
    const dying = await writeExecutable(
      folder.at("dying"),
      `case "$1 $2" in "repository "[cs]*) exec '${binary}' "$@";; *) exit 1;; esac`,
    );
    const killed = await bootstrap(orCreate, { binary: dying });
    assert.equal(failureOf(killed).class, "Unknown");
    await plain.connect(path);
    assert.deepEqual(await plain.keeps("--global"), builtIn, "killed in the middle");

    assert.equal(bootstrapOf(await bootstrap(orCreate)).created, false);
    assert.deepEqual(await plain.keeps("--global"), keepsEverything);
  },
);

bootstrapTest(
  "bootstrap() sets the policy when an earlier pod was killed inside create",
  async ({ plain, path, makeStorage, bootstrap }) => {
    await makeStorage();
    // The repository is there; neither policy nor owner is.
    await plain.create(path, "--create-only");
    assert.equal(bootstrapOf(await bootstrap(orCreate)).created, false);
    await plain.connect(path);
    assert.deepEqual(await plain.keeps("--global"), keepsEverything);
    assert.equal(JSON.parse(await plain.run("maintenance", "info", "--json")).owner, "app@apps");
  },
);

bootstrapTest(
  "bootstrap() prints a catalog that holds what kopia lists, of every identity",
  async ({ folder, plain, path, bootstrap }) => {
    await plain.create(path);
    await plain.run("policy", "set", "--global", "--keep-latest=100");
    const sources = ["app@apps:/pvc/data", "app@apps:/pvc/ünïcode 😀", "root@laptop:/home/a:b"];
    for (let round = 0; round < 4; round++) {
      for (const [index, source] of sources.entries()) {
        await writeTree(folder.at("source"), { a: `${round}`, [`b${index}`]: "more" });
        await plain.run(
          ...["snapshot", "create", `--override-source=${source}`, `--tags=kopiur-run:uid-${index}`],
          ...[`--description=round ${round}`, folder.at("source")],
        );
      }
    }
    const end = await bootstrap(only);
    const { catalog } = bootstrapOf(end);
    assert.ok(catalog !== undefined);
    const listing = decodeCatalog(`${end.log}${end.printed}${end.log}`, catalog);
    assert.ok(listing.kind === "listing", JSON.stringify(listing));
    const listed = (await plain.list()).map((
      { id, source, startTime, endTime, rootEntry, tags, description },
    ) => ({
      ...{ id, username: source.userName, hostname: source.host, path: source.path },
      // Kopia has nanoseconds.
      startTime: new Date(startTime).toISOString(),
      endTime: new Date(endTime).toISOString(),
      ...{ sizeBytes: rootEntry.summ.size, files: rootEntry.summ.files },
      ...{ runId: tags?.["tag:kopiur-run"], description },
    }));
    assert.equal(listed.length, 12);
    const byId = (a: { readonly id: string }, b: { readonly id: string }) => a.id < b.id ? -1 : 1;
    assert.deepEqual(listing.entries.toSorted(byId), listed.toSorted(byId));
    assert.equal(listing.truncated, false);
  },
);
