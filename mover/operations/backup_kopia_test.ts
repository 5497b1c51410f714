import assert from "node:assert/strict";
import { join } from "node:path";
import { partTest } from "../../tests/parts/mod.ts";
import {
  backupOf,
  bootstrapOf,
  deletionOf,
  failureOf,
  makeMoverFolder,
  type MoverFolder,
  runCase,
} from "../support/mover_case.ts";
import {
  kopiaPath,
  noise,
  PlainKopia,
  unprivilegedKopia,
  unprivilegedUid,
  writeTree,
} from "../support/real_kopia.ts";

interface Place {
  readonly folder: MoverFolder;
  readonly binary: string;
  readonly source: string;
}

/** A mover's folder with a repository it made and an empty source. */
async function place(folder: MoverFolder): Promise<Place> {
  const binary = await kopiaPath();
  await Deno.mkdir(folder.at("repository"));
  const source = folder.at("source");
  await Deno.mkdir(source);
  bootstrapOf(await runCase({ folder, binary, operation: { bootstrap: { create: {} } } }));
  return { folder, binary, source };
}

function backup(source: string, runId: string, sourcePath = "/pvc/data") {
  return {
    backup: { mountPath: source, sourcePath, runId, tags: { "kopiur-config": "apps/nightly" } },
  };
}

function bytesOf(content: string | Uint8Array): number {
  return typeof content === "string" ? new TextEncoder().encode(content).length : content.length;
}

async function readTree(folder: string, below = ""): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const { name, isDirectory, isSymlink } of Deno.readDir(join(folder, below))) {
    const path = join(below, name);
    if (isDirectory) { for (const [each, text] of await readTree(folder, path)) found.set(each, text); }
    else if (isSymlink) found.set(path, `-> ${await Deno.readLink(join(folder, path))}`);
    else found.set(path, (await Deno.readFile(join(folder, path))).toHex());
  }
  return found;
}

partTest({
  name: "backUp() makes a snapshot that plain kopia restores byte by byte",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const { binary, source } = await place(folder);
    const files = {
      "empty": "",
      "text": "hello\n",
      "deep/er/still": "x",
      "big": noise(5_000_000),
      "same as big": noise(5_000_000),
      "-rf": "a name like a flag",
      "@name": "a name like a file of arguments",
      "new\nline": "a name of two lines",
      "ünïcode 😀": "☃",
    };
    await writeTree(source, files);
    await Deno.symlink("text", join(source, "link"));
    const end = await runCase({ folder, binary, operation: backup(source, "uid-1") });
    assert.equal(end.exitCode, 0);
    const { snapshotId, startTime, endTime, bytesNew, repository, ...measured } = backupOf(end);
    const sizeBytes = Object.values(files).reduce((sum, content) => sum + bytesOf(content), 0);
    assert.deepEqual(measured, {
      sizeBytes,
      files: 9,
      filesNew: 9,
      filesUnchanged: 0,
      names: {},
      grownBytes: sizeBytes,
      reused: false,
    });
    assert.deepEqual([repository?.snapshotCount, repository?.totalSizeBytes], [0, 0], "as it began");
    assert.ok(startTime <= endTime);
    assert.ok(
      bytesNew !== undefined && bytesNew > 5_000_000 && bytesNew < 6_000_000,
      `the copy is stored once: ${bytesNew}`,
    );

    const plain = new PlainKopia(binary, folder);
    await plain.connect(folder.at("repository"));
    await plain.run("snapshot", "restore", snapshotId, folder.at("restored"));
    assert.deepEqual(await readTree(folder.at("restored")), await readTree(source));
    const [listed] = await plain.list();
    assert.deepEqual(listed?.tags, { "tag:kopiur-run": "uid-1", "tag:kopiur-config": "apps/nightly" });
  },
});

partTest({
  name: "backUp() counts what did not change, links left out",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const { binary, source } = await place(folder);
    await writeTree(source, { a: "1", b: "2", c: "3" });
    await Deno.symlink("a", join(source, "link"));
    backupOf(await runCase({ folder, binary, operation: backup(source, "uid-1") }));
    await Deno.writeTextFile(join(source, "c"), "changed");
    const second = backupOf(await runCase({ folder, binary, operation: backup(source, "uid-2") }));
    assert.deepEqual([second.files, second.filesNew, second.filesUnchanged], [3, 1, 2]);
  },
});

partTest({
  name: "backUp() calls an empty source what it is",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const { binary, source } = await place(folder);
    const end = await runCase({ folder, binary, operation: backup(source, "uid-1") });
    assert.equal(end.exitCode, 0);
    assert.deepEqual([backupOf(end).files, backupOf(end).sizeBytes], [0, 0]);
  },
});

partTest({
  name: "backUp() makes one snapshot per run and source, however often it is run",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const { binary, source } = await place(folder);
    await writeTree(source, { a: "1" });
    const first = backupOf(await runCase({ folder, binary, operation: backup(source, "uid-1") }));
    await writeTree(source, { a: "changed meanwhile" });
    const second = backupOf(await runCase({ folder, binary, operation: backup(source, "uid-1") }));
    const { bytesNew: _new, grownBytes: _grown, repository: _before, ...known } = first;
    const { repository, ...found } = second;
    assert.deepEqual(found, { ...known, reused: true });
    assert.equal(repository?.snapshotCount, 1);
    assert.deepEqual(repository?.recent?.ids, [first.snapshotId.slice(0, 12)], "its listing shows its own");
    const other = backupOf(
      await runCase({ folder, binary, operation: backup(source, "uid-1", "/pvc/other") }),
    );
    assert.notEqual(other.snapshotId, first.snapshotId);
    const plain = new PlainKopia(binary, folder);
    await plain.connect(folder.at("repository"));
    assert.equal((await plain.finishedOf("uid-1")).length, 2);
  },
});

partTest({
  name: "backUp() calls a snapshot partial when files cannot be read, with count and paths",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const binary = await unprivilegedKopia(folder);
    const source = folder.at("source");
    await writeTree(source, { ok: "fine", secret: "no", "closed/in": "no", "shut/a": "no", "shut/b": "no" });
    await Deno.mkdir(folder.at("repository"));
    // The names in "shut" can be listed, and nothing else.
    for (const [path, mode] of [["secret", 0], ["closed", 0], ["shut", 0o444]] as const) {
      await Deno.chmod(join(source, path), mode);
    }
    if (Deno.uid() === 0) await Deno.chown(folder.at("repository"), unprivilegedUid, unprivilegedUid);
    bootstrapOf(await runCase({ folder, binary, operation: { bootstrap: { create: {} } } }));

    const end = await runCase({ folder, binary, operation: backup(source, "uid-1") });
    const { snapshotId, files, unreadable, names } = backupOf(end);
    assert.deepEqual(unreadable, { count: 4, paths: ["closed", "secret", "shut/a", "shut/b"] });
    assert.deepEqual([files, names], [1, {}], "what could not be read is no name that is lost");

    const again = backupOf(await runCase({ folder, binary, operation: backup(source, "uid-1") }));
    assert.deepEqual([again.snapshotId, again.reused, again.unreadable], [snapshotId, true, unreadable]);

    // The root of the source: nothing at all can be read.
    await Deno.chmod(source, 0);
    const closed = await runCase({ folder, binary, operation: backup(source, "uid-2") });
    assert.equal(failureOf(closed).class, "PermissionDenied");
    assert.equal(closed.exitCode, 2);
    await Deno.chmod(source, 0o755);
    for (const path of ["closed", "shut"]) await Deno.chmod(join(source, path), 0o755);
  },
});

partTest({
  name: "backUp() says that the source is missing",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const { binary, source } = await place(folder);
    const end = await runCase({ folder, binary, operation: backup(join(source, "nowhere"), "uid-1") });
    assert.equal(failureOf(end).class, "SourceError");
    assert.match(failureOf(end).message, /failed to prepare source.*no such file or directory/);
    assert.match(failureOf(end).tail, /encountered 2 errors/);
    assert.equal(end.exitCode, 1);
  },
});

partTest({
  name: "backUp() needs a repository and makes none",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    await Deno.mkdir(folder.at("repository"));
    const end = await runCase({ folder, binary: await kopiaPath(), operation: backup(folder.path, "uid-1") });
    assert.equal(failureOf(end).class, "NotInitialized");
    assert.deepEqual([...Deno.readDirSync(folder.at("repository"))], []);
  },
});

partTest({
  name: "backUp() ends soon when the storage takes no more, and the next try makes one snapshot",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const { binary, source } = await place(folder);
    for (let each = 0; each < 20; each++) {
      await writeTree(source, { [`${each}`]: noise(5_000_000, each + 1) });
    }
    // Kopia files its data under "p"; it tries twice for each file.
    await Deno.writeTextFile(folder.at("repository", "p"), "");
    const operation = backup(source, "uid-1");
    const end = await runCase({ folder, binary, operation, stopGraceSeconds: 1 });
    assert.equal(failureOf(end).class, "RepositoryUnavailable");
    assert.match(failureOf(end).message, /despite 2 retries.*not a directory/);
    assert.equal(end.exitCode, 1);
    assert.ok(end.result.durationSeconds < 40, "it does not go through all twenty files");

    await Deno.remove(folder.at("repository", "p"));
    const retried = backupOf(await runCase({ folder, binary, operation }));
    assert.deepEqual([retried.files, retried.unreadable], [20, undefined]);
    const plain = new PlainKopia(binary, folder);
    await plain.connect(folder.at("repository"));
    assert.deepEqual((await plain.finishedOf("uid-1")).map(({ id }) => id), [retried.snapshotId]);
  },
});

const manyRuns = 16;

partTest({
  name: "backUp() loses no snapshot to kopia's retention in a repository we made",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const { binary, source } = await place(folder);
    await writeTree(source, { a: "1" });
    for (let run = 0; run < manyRuns; run++) {
      backupOf(await runCase({ folder, binary, operation: backup(source, `uid-${run}`) }));
    }
    const plain = new PlainKopia(binary, folder);
    await plain.connect(folder.at("repository"));
    assert.equal((await plain.list()).length, manyRuns);
  },
});

partTest({
  name: "backUp() loses no snapshot in an adopted repository and leaves its other policies alone",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const binary = await kopiaPath();
    const plain = new PlainKopia(binary, folder);
    await plain.create(folder.at("repository"));
    await plain.run("policy", "set", "--global", "--keep-latest=2", "--ignore-identical-snapshots=true");
    const source = folder.at("source");
    await writeTree(source, { a: "1" });
    for (let run = 0; run < manyRuns; run++) {
      backupOf(await runCase({ folder, binary, operation: backup(source, `uid-${run}`) }));
    }
    assert.equal((await plain.list()).length, manyRuns, "also those in which nothing had changed");
    assert.deepEqual(await plain.keeps("--global"), [2, 48, 7, 4, 24, 3]);
    assert.deepEqual(await plain.keeps("app@apps:/pvc/data"), [0, 0, 0, 0, 0, 0]);
  },
});

partTest({
  name: "backUp() writes nothing into a repository that took the place of its own a moment ago",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const { binary, source } = await place(folder);
    await writeTree(source, { a: "1" });
    const first = await runCase({ folder, binary, operation: { bootstrap: {} } });
    const { uniqueId } = bootstrapOf(first);
    await Deno.remove(folder.at("repository"), { recursive: true });
    const plain = new PlainKopia(binary, folder);
    await plain.create(folder.at("repository"));
    // The cache still holds the format of the former one, which kopia would believe for a quarter of an hour.
    const { backup: operation } = backup(source, "uid-1");
    const end = await runCase({ folder, binary, operation: { backup: { ...operation, uniqueId } } });
    assert.equal(failureOf(end).class, "RepositoryReplaced", failureOf(end).message);
    assert.deepEqual(await plain.list(), []);
  },
});

partTest({
  name:
    "backUp() continues the history that another client wrote under an odd identity, and can delete of it",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const binary = await kopiaPath();
    const plain = new PlainKopia(binary, folder);
    await Deno.mkdir(folder.at("repository"));
    await plain.create(folder.at("repository"));
    await writeTree(folder.at("source"), { a: "1", b: noise(100_000) });
    for (
      const identity of [
        { username: "Admin User", hostname: "BÜRO-PC" },
        { username: "-x=y", hostname: "--z" },
        { username: "管理者\\DOMAIN", hostname: "Host, 2nd (old)" },
      ]
    ) {
      const source = `${identity.username}@${identity.hostname}:/data`;
      await plain.run("snapshot", "create", `--override-source=${source}`, "--", folder.at("source"));
      const runId = `uid-${identity.username}`;
      const end = await runCase({
        folder,
        binary,
        identity,
        operation: backup(folder.at("source"), runId, "/data"),
      });
      assert.equal(backupOf(end).filesNew, 0, "it stands on what the other client saved");
      const [made] = await plain.finishedOf(runId);
      assert.deepEqual(made?.source, { userName: identity.username, host: identity.hostname, path: "/data" });
      const operation = {
        snapshotDelete: { runId, snapshots: [{ id: backupOf(end).snapshotId, sourcePath: "/data" }] },
      };
      assert.equal(deletionOf(await runCase({ folder, binary, identity, operation })).deleted, 1);
    }
  },
});
