import assert from "node:assert/strict";
import type { BackupResult } from "../../api/mover/contract.ts";
import { partTest } from "../../tests/parts/mod.ts";
import { backupOf, bootstrapOf, makeMoverFolder, type MoverFolder, runCase } from "../support/mover_case.ts";
import { kopiaPath, PlainKopia, writeExecutable, writeTree } from "../support/real_kopia.ts";

interface Place extends AsyncDisposable {
  readonly folder: MoverFolder;
  readonly source: string;
  backUp(
    runId: string,
    policy?: { ignore: { ignoreIdenticalSnapshots: boolean } },
    binary?: string,
  ): Promise<BackupResult>;
  /** How often a tree was listed since it was asked the last time. */
  listings(): Promise<number>;
}

/** A mover's folder with a repository it made and a source a shell fills: names that are not UTF-8 it writes in octal. */
async function place(script: string): Promise<Place> {
  const folder = await makeMoverFolder();
  const binary = await writeExecutable(
    folder.at("kopia"),
    `echo "$1" >>'${folder.at("calls")}'
exec '${await kopiaPath()}' "$@"`,
  );
  await Deno.mkdir(folder.at("repository"));
  const source = folder.at("source");
  await Deno.mkdir(source);
  await fill(source, script);
  bootstrapOf(await runCase({ folder, binary, operation: { bootstrap: { create: {} } } }));
  return {
    folder,
    source,
    backUp: async (runId, policy, other = binary) => {
      const backup = { mountPath: source, sourcePath: "/pvc/data", runId, tags: {} };
      const operation = { backup: policy === undefined ? backup : { ...backup, policy } };
      return backupOf(await runCase({ folder, binary: other, operation }));
    },
    listings: async () => {
      const calls = (await Deno.readTextFile(folder.at("calls"))).split("\n");
      await Deno.remove(folder.at("calls"));
      return calls.filter((call) => call === "ls").length;
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** `put NAME TEXT` writes a file, folders included; NAME may hold octal escapes. */
async function fill(source: string, script: string): Promise<void> {
  const put = 'put() { path=$(printf "$1.") && path=${path%.} && mkdir -p "$(dirname "./$path")" && ' +
    'printf %s "$2" >"./$path"; }';
  const args = ["-ec", `cd '${source}'\n${put}\n${script}`];
  const { code, stderr } = await new Deno.Command("/bin/sh", { args, stdout: "null" }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

async function plainOf({ folder }: Place): Promise<PlainKopia> {
  const plain = new PlainKopia(await kopiaPath(), folder);
  await plain.connect(folder.at("repository"));
  return plain;
}

/** What is in the root of a snapshot, with objects. */
async function listOf(stage: Place, snapshotId: string): Promise<string> {
  return await (await plainOf(stage)).run("ls", "--show-object-id", snapshotId);
}

/** How many files plain kopia gives back. */
async function restoredFiles(stage: Place, snapshotId: string): Promise<number> {
  const plain = await plainOf(stage);
  const target = stage.folder.at("restored");
  await plain.run("snapshot", "restore", snapshotId, target);
  const { stdout } = await new Deno.Command("find", { args: [target, "-type", "f", "-printf", "x"] })
    .output();
  await Deno.remove(target, { recursive: true });
  return stdout.length;
}

function namesTest(name: string, script: string, fn: (stage: Place) => Promise<void>): void {
  partTest({
    name,
    parts: ["kopia"],
    fn: async () => {
      await using stage = await place(script);
      await fn(stage);
    },
  });
}

namesTest(
  "backUp() counts and names the file that is lost, as kopia makes one name of two",
  String.raw`put 'M\374ller.txt' 12345; put 'M\344ller.txt' 12; put ok.txt 123`,
  async (stage) => {
    const { names, files, sizeBytes, filesNew, filesUnchanged, snapshotId } = await stage.backUp("uid-1");
    const path = "M\ufffdller.txt";
    assert.deepEqual(names, { renamed: { count: 1, paths: [path] }, lost: { count: 1, paths: [path] } });
    assert.deepEqual([files, sizeBytes, filesNew, filesUnchanged], [2, 8, 2, 0]);
    assert.equal(await restoredFiles(stage, snapshotId), files);
  },
);

namesTest(
  "backUp() tells names that were changed from those that hold the replacement character",
  String.raw`put 'single\377' 1; put "real$(printf '\357\277\275')" 1; put 'back\\\\ufffdslash' 1`,
  async (stage) => {
    const { names, files, snapshotId } = await stage.backUp("uid-1");
    assert.deepEqual(names, { renamed: { count: 1, paths: ["single\ufffd"] } });
    assert.equal(files, 3);
    assert.equal(await restoredFiles(stage, snapshotId), 3);
  },
);

namesTest(
  "backUp() says that a name became that of a file which really is called so",
  String.raw`put "t$(printf '\357\277\275')" 1234; put 't\377' 1`,
  async (stage) => {
    const { names, files, snapshotId } = await stage.backUp("uid-1");
    // Kopia gives back the last of its list, which is in the order of the bytes: the changed one.
    const path = "t\ufffd";
    assert.deepEqual(names, { renamed: { count: 1, paths: [path] }, lost: { count: 1, paths: [path] } });
    assert.equal(await restoredFiles(stage, snapshotId), files);
  },
);

namesTest(
  "backUp() counts all that is in a folder that is lost, and what is below one that was renamed",
  String
    .raw`put 'd\376/a' 1; put 'd\376/deep/b' 1; put 'd\377/x' 1; put 'one\377/er\376/y' 1; put 'plain/z\377' 1
    mkdir "$(printf 'e\376')" "$(printf 'e\377')"; ln -s nowhere "$(printf 'link\377')"`,
  async (stage) => {
    const { names, files, snapshotId } = await stage.backUp("uid-1");
    assert.deepEqual(names?.lost, { count: 3, paths: ["d\ufffd/", "e\ufffd/"] });
    const { count, paths = [] } = names?.renamed ?? {};
    assert.equal(count, 6);
    assert.deepEqual(paths.toSorted(), [
      "d\ufffd/",
      "e\ufffd/",
      "link\ufffd",
      "one\ufffd/",
      "one\ufffd/er\ufffd/",
      "plain/z\ufffd",
    ]);
    assert.deepEqual([names?.unknown, files], [undefined, 3]);
    assert.equal(await restoredFiles(stage, snapshotId), 3);
  },
);

namesTest(
  "backUp() names what holds line breaks on one line, also where it looks like a line of kopia's list",
  String
    .raw`put 'two\nlines\377' 1; put 'a\n\nb\r/c\377' 1; put 'tab\there\033[31m' 1; put 'k00\nk0123  k0123/x\377' 1`,
  async (stage) => {
    const { names, files } = await stage.backUp("uid-1");
    assert.deepEqual([names?.unknown, names?.lost, names?.renamed?.count, files], [
      undefined,
      undefined,
      3,
      4,
    ]);
    const paths = [String.raw`a\n\nb\r/c`, String.raw`k00\nk0123  k0123/x`, String.raw`two\nlines`];
    assert.deepEqual(names?.renamed?.paths.toSorted(), paths.map((path) => `${path}\ufffd`));
  },
);

namesTest(
  "backUp() says nothing of names where all were kept, whatever rules, links and special files there are",
  String.raw`put ünï/☃.txt 1; put '.kopiaignore' 'left-out
'; put 'left-out/a\377' 1; put 'left-out/a\376' 1; put same 1; ln same also; ln -s same link; mkfifo pipe; mkdir empty
    put cache/CACHEDIR.TAG 'Signature: 8a477f597d28d172789f06886806bc55'; put 'cache/b\377' 1; put 'lost+found/c\377' 1`,
  async (stage) => {
    const result = await stage.backUp("uid-1");
    assert.deepEqual(result.names, {});
    assert.ok(result.excluded !== undefined);
    assert.equal(await stage.listings(), 0, "kopia's log told all of it");
    assert.deepEqual((await stage.backUp("uid-1")).names, {}, "also for a snapshot that was there");
    assert.equal(await stage.listings(), 1, "which nobody saw being made");
  },
);

namesTest(
  "backUp() lists nothing where all names were kept, whatever changed, and however long kopia's log is",
  String.raw`put first 1; mkdir many; cd many; seq 8000 | sed "s/$/$(printf %0200d 0)/" | xargs touch`,
  async (stage) => {
    const policy = { ignore: { ignoreIdenticalSnapshots: true } };
    assert.deepEqual((await stage.backUp("uid-1", policy)).names, {});
    await writeTree(stage.source, { first: "changed", more: "x" });
    const next = await stage.backUp("uid-2", policy);
    assert.deepEqual([next.names, next.files, next.filesNew], [{}, 8002, 2]);
    const unchanged = await stage.backUp("uid-3", policy);
    assert.deepEqual([unchanged.unchanged, unchanged.names], [true, {}]);
    assert.equal(await stage.listings(), 0);
    await fill(stage.source, String.raw`put 'late\377' 1`);
    const { names } = await stage.backUp("uid-4", policy);
    assert.deepEqual([names, await stage.listings()], [{ renamed: { count: 1, paths: ["late\ufffd"] } }, 1]);
  },
);

namesTest(
  "backUp() lists the snapshot when kopia cannot write its log, and takes no harm",
  "put a 1; put b 2",
  async (stage) => {
    const spoilt = await writeExecutable(
      stage.folder.at("kopia-without-log"),
      `for word; do case "$word" in --log-dir=*) touch "\${word#*=}/cli-logs";; esac; done
exec '${stage.folder.at("kopia")}' "$@"`,
    );
    const { names, files } = await stage.backUp("uid-1", undefined, spoilt);
    assert.deepEqual([names, files, await stage.listings()], [{}, 2, 1]);
  },
);

namesTest(
  "backUp() tells of names again for a snapshot it finds, and where nothing changed",
  String.raw`put 'a\376' 1; put 'a\377' 1`,
  async (stage) => {
    const policy = { ignore: { ignoreIdenticalSnapshots: true } };
    const first = await stage.backUp("uid-1", policy);
    const found = await stage.backUp("uid-1", policy);
    assert.deepEqual([found.reused, found.names, found.files], [true, first.names, 1]);
    const unchanged = await stage.backUp("uid-2", policy);
    assert.deepEqual([unchanged.unchanged, unchanged.names, unchanged.files], [true, first.names, 1]);
    await writeTree(stage.source, { more: "x" });
    const next = await stage.backUp("uid-3", policy);
    // Kopia never finds such a file in the snapshot before, so it is read each time.
    assert.deepEqual([next.names, next.files, next.filesNew], [first.names, 2, 2]);
  },
);

namesTest(
  "backUp() counts thousands of such names and names ten, in a folder whose list kopia cuts in pieces",
  String.raw`mkdir large; cd large; long=$(printf %0200d 0)
    seq 30000 | sed "s/$/$long/" | xargs touch
    seq 3000 | LC_ALL=C sed "s/$/$(printf 'x\376')/" | xargs touch; seq 1500 | LC_ALL=C sed "s/$/$(printf 'x\377')/" | xargs touch`,
  async (stage) => {
    const { names, files, snapshotId } = await stage.backUp("uid-1");
    assert.match(await listOf(stage, snapshotId), /^Ik\w+ +large$/m);
    assert.deepEqual([names?.renamed?.count, names?.lost?.count, names?.unknown], [3000, 1500, undefined]);
    assert.deepEqual([names?.renamed?.paths.length, names?.lost?.paths.length], [10, 10]);
    assert.equal(files, 33_000);
  },
);
