import assert from "node:assert/strict";
import { join } from "node:path";
import { KOPIA_COMPRESSORS, KOPIA_SPLITTERS, type KopiaPolicy } from "../../api/kopia_policy.ts";
import { partTest, runTool } from "../../tests/parts/mod.ts";
import {
  backupOf,
  bootstrapOf,
  failureOf,
  makeMoverFolder,
  type MoverEnd,
  type MoverFolder,
  runCase,
} from "../support/mover_case.ts";
import { kopiaPath, noise, PlainKopia, writeExecutable, writeTree } from "../support/real_kopia.ts";

const target = "app@apps:/pvc/data";

/** A repository a mover made, a source, and plain kopia beside it. */
class Place {
  readonly folder: MoverFolder;
  readonly plain: PlainKopia;
  readonly uniqueId: string;
  /** Writes down what kopia was called with. */
  readonly #binary: string;
  #runs = 0;

  private constructor(folder: MoverFolder, plain: PlainKopia, binary: string, uniqueId: string) {
    this.folder = folder;
    this.plain = plain;
    this.#binary = binary;
    this.uniqueId = uniqueId;
  }

  static async make(folder: MoverFolder, kind: "ours" | "adopted" = "ours"): Promise<Place> {
    const real = await kopiaPath();
    const plain = new PlainKopia(real, folder);
    if (kind === "adopted") await plain.create(folder.at("repository"));
    else await Deno.mkdir(folder.at("repository"));
    await writeTree(folder.at("source"), { a: "1" });
    const binary = await writeExecutable(
      folder.at("kopia"),
      `echo "$1 $2" >>'${folder.at("calls")}'\nexec '${real}' "$@"`,
    );
    const made = await runCase({ folder, binary, operation: { bootstrap: { create: {} } } });
    if (kind === "ours") await plain.connect(folder.at("repository"));
    return new Place(folder, plain, binary, bootstrapOf(made).uniqueId);
  }

  /** A new run, unless it is named. */
  async backUp(policy: KopiaPolicy = {}, more: Readonly<Record<string, unknown>> = {}): Promise<MoverEnd> {
    await Deno.writeTextFile(this.folder.at("calls"), "");
    this.#runs += 1;
    return await runCase({
      folder: this.folder,
      binary: this.#binary,
      operation: {
        backup: {
          ...{ mountPath: this.folder.at("source"), sourcePath: "/pvc/data" },
          ...{ runId: `uid-${this.#runs}`, tags: {} },
          policy: { ...policy, ignore: { defaults: false, ...policy.ignore } },
          ...more,
        },
      },
    });
  }

  /** Kopia's commands of the last run, in order of the alphabet. */
  async calls(): Promise<readonly string[]> {
    return (await Deno.readTextFile(this.folder.at("calls"))).trim().split("\n").toSorted();
  }

  async filesOf(id: string): Promise<readonly string[]> {
    const listed = await this.plain.run("ls", "-r", id);
    return listed.trim().split("\n").map((line) => line.slice(id.length + 1)).toSorted();
  }
}

const threeCalls = ["policy show", "snapshot create", "snapshot list"];

partTest({
  name:
    "backUp() adds, changes and removes rules and compression with the recipe, and costs a process only then",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const place = await Place.make(folder);
    await writeTree(folder.at("source"), {
      "a.log": "1",
      "b.tmp": "2",
      "keep/c": "3",
      "-d": "4",
      "x.gz": "5",
    });

    const first = backupOf(
      await place.backUp({
        compression: { compressor: "zstd", neverCompress: ["gz", ".jpg"] },
        splitter: "FIXED-4M",
        ignore: { paths: ["*.log", "/keep", "-d"], cacheDirs: true },
        errorHandling: { ignoreFileErrors: true, ignoreDirErrors: true, ignoreUnknownTypes: false },
      }),
    );
    assert.deepEqual(await place.calls(), [...threeCalls, "policy set"].toSorted());
    assert.deepEqual(await place.filesOf(first.snapshotId), ["a", "b.tmp", "x.gz"]);
    const set = await place.plain.working(target);
    assert.deepEqual(set.files?.ignore, ["*.log", "-d", "/keep"]);
    assert.deepEqual(set.compression, { compressorName: "zstd", neverCompress: [".gz", ".jpg"] });
    assert.equal(set.splitter?.algorithm, "FIXED-4M");
    assert.equal(set.files?.ignoreCacheDirs, true);
    assert.deepEqual(set.errorHandling, {
      ...{ ignoreFileErrors: true, ignoreDirectoryErrors: true, ignoreUnknownTypes: false },
    });

    const fewer: KopiaPolicy = { compression: { neverCompress: [".jpg"] }, ignore: { paths: ["*.tmp"] } };
    const second = backupOf(await place.backUp(fewer));
    assert.deepEqual(await place.filesOf(second.snapshotId), ["-d", "a", "a.log", "keep/", "keep/c", "x.gz"]);
    backupOf(await place.backUp(fewer));
    assert.deepEqual(await place.calls(), threeCalls, "nothing differs any more");

    const third = backupOf(await place.backUp());
    assert.equal((await place.filesOf(third.snapshotId)).length, 7);
    assert.deepEqual(Object.keys(await place.plain.said()).toSorted(), ["(global)", target]);
    const said = JSON.stringify((await place.plain.said())[target]);
    assert.doesNotMatch(said, /ignoreCacheDirs|jpg|tmp|zstd|FIXED|Errors/, "nothing is left of it");
    backupOf(await place.backUp());
    assert.deepEqual(await place.calls(), threeCalls);
  },
});

partTest({
  name: "backUp() compresses, but not the files with an extension that was left out",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const place = await Place.make(folder);
    const policy: KopiaPolicy = { compression: { compressor: "zstd", neverCompress: ["raw"] } };
    await writeTree(folder.at("source"), { text: "all work and no play\n".repeat(100_000) });
    const compressed = backupOf(await place.backUp(policy)).bytesNew ?? Infinity;
    assert.ok(compressed < 100_000, `${compressed} bytes`);
    await writeTree(folder.at("source"), { "other.raw": "all play and no work\n".repeat(100_000) });
    const whole = backupOf(await place.backUp(policy)).bytesNew ?? 0;
    assert.ok(whole > 2_000_000, `${whole} bytes`);
  },
});

partTest({
  name: "backUp() makes no snapshot of what did not change where that is wanted, and one of what did",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const place = await Place.make(folder);
    const policy: KopiaPolicy = { ignore: { ignoreIdenticalSnapshots: true } };
    const first = backupOf(await place.backUp(policy));
    assert.equal(first.unchanged, undefined);
    const same = backupOf(await place.backUp(policy));
    assert.deepEqual(
      [same.snapshotId, same.unchanged, same.files, same.filesNew, same.repository?.snapshotCount],
      [first.snapshotId, true, 1, 0, 1],
    );
    assert.equal((await place.plain.list()).length, 1);
    await writeTree(folder.at("source"), { a: "changed" });
    const changed = backupOf(await place.backUp(policy));
    assert.deepEqual(
      [changed.unchanged, changed.repository?.snapshotCount],
      [undefined, 1],
      "before its own",
    );
    assert.notEqual(changed.snapshotId, first.snapshotId);
    const kept = backupOf(await place.backUp());
    assert.equal(kept.unchanged, undefined, "no longer wanted");
    assert.equal((await place.plain.list()).length, 3);
  },
});

partTest({
  name: "backUp() is unchanged also where files cannot be read, and still tells of them",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const place = await Place.make(folder);
    await Deno.symlink("nowhere", join(folder.at("source"), "link"));
    // A socket is an error only where unknown types are not left out.
    const listener = Deno.listen({ transport: "unix", path: join(folder.at("source"), "socket") });
    const policy: KopiaPolicy = {
      ignore: { ignoreIdenticalSnapshots: true },
      errorHandling: { ignoreUnknownTypes: false, ignoreFileErrors: true },
    };
    const first = backupOf(await place.backUp(policy));
    const same = backupOf(await place.backUp(policy));
    listener.close();
    assert.deepEqual([first.unreadable?.count, same.unchanged, same.unreadable], [1, true, first.unreadable]);
  },
});

partTest({
  name: "backUp() knows its repository without one kopia more, and writes nothing into another",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const place = await Place.make(folder);
    const right = backupOf(await place.backUp({}, { uniqueId: place.uniqueId }));
    assert.deepEqual(await place.calls(), threeCalls);

    const before = await treeOf(folder.at("repository"));
    const wrong = await place.backUp({ compression: { compressor: "zstd" } }, { uniqueId: "f".repeat(64) });
    assert.equal(failureOf(wrong).class, "RepositoryReplaced");
    assert.equal(wrong.exitCode, 2);
    assert.deepEqual(await place.calls(), ["policy show", "repository status", "snapshot list"]);
    assert.deepEqual(await treeOf(folder.at("repository")), before);
    assert.deepEqual((await place.plain.list()).map(({ id }) => id), [right.snapshotId]);
  },
});

async function treeOf(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) found.push(...await treeOf(path));
    else found.push(`${path} ${(await Deno.stat(path)).size}`);
  }
  return found.toSorted();
}

partTest({
  name: "backUp() leaves tags and description where people see them, and passes the rest on",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const place = await Place.make(folder);
    const end = await place.backUp(
      {
        upload: { parallelFiles: 3, limitMbPerSec: 7 },
        extraArgs: ["--fail-fast", "--force-hash=50", "--checkpoint-interval=10m"],
      },
      {
        tags: { "kopiur-config": "apps/nightly", team: "a: b, c", "@file": "--flag" },
        description: '-- before\n the "upgrade" $(id) 😀',
      },
    );
    backupOf(end);
    const [listed] = await place.plain.list();
    assert.deepEqual(listed?.tags, {
      ...{ "tag:kopiur-run": "uid-1", "tag:kopiur-config": "apps/nightly" },
      ...{ "tag:team": "a: b, c", "tag:@file": "--flag" },
    });
    assert.equal(listed?.description, '-- before\n the "upgrade" $(id) 😀');
    const config = JSON.parse(await Deno.readTextFile(folder.at("cache", "repository.config")));
    assert.equal(config.storage.config.maxUploadSpeedBytesPerSecond, 7_000_000);
    // The limit is the mover's own: nobody else's kopia is slowed down.
    assert.match(await place.plain.run("repository", "throttle", "get"), /Max Upload Speed: +\(unlimited\)/);
  },
});

partTest({
  name: "backUp() goes no faster to the storage than it may",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const place = await Place.make(folder);
    // The first six seconds' worth are free.
    await writeTree(folder.at("source"), { big: noise(12_000_000) });
    const { durationSeconds } = (await place.backUp({ upload: { limitMbPerSec: 1 } })).result;
    assert.ok(durationSeconds > 5, `${durationSeconds} s`);
  },
});

partTest({
  name:
    "backUp() changes no policy but that of its source in an adopted repository, and keeps every snapshot",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const place = await Place.make(folder, "adopted");
    const { plain } = place;
    const others = [
      [
        "--global",
        "--keep-latest=2",
        "--add-ignore=*.bak",
        "--add-never-compress=.mp4",
        "--compression=pgzip",
      ],
      ["app@apps", "--ignore-cache-dirs=false"],
      ["app@apps:/pvc", "--splitter=FIXED-2M"],
      ["app@apps:/pvc/other", "--add-ignore=*"],
      ["root@laptop:/pvc/data", "--keep-latest=1", "--compression=zstd"],
    ];
    for (const flags of others) await plain.run("policy", "set", ...flags);
    await writeTree(folder.at("source"), { "x.bak": "1", "y.log": "2" });
    const { [target]: _, ...before } = await plain.said();

    const inherited = backupOf(await place.backUp());
    assert.deepEqual(await place.filesOf(inherited.snapshotId), ["a", "y.log"]);
    for (const paths of [["*.log"], ["*.log", "/b"], ["*.tmp"], []]) {
      backupOf(await place.backUp({ ignore: { paths }, compression: { neverCompress: ["gz"] } }));
      const working = await plain.working(target);
      assert.deepEqual(working.files?.ignore, paths.length > 0 ? paths : ["*.bak"]);
      assert.deepEqual(working.compression, { compressorName: "pgzip", neverCompress: [".gz", ".mp4"] });
      assert.equal(working.splitter?.algorithm, "FIXED-2M");
    }
    const back = backupOf(await place.backUp());
    assert.deepEqual(await place.filesOf(back.snapshotId), ["a", "y.log"]);
    assert.deepEqual((await plain.working(target)).compression?.neverCompress, [".mp4"]);

    const { [target]: own, ...after } = await plain.said();
    assert.deepEqual(after, before, "what others rely on is as it was");
    assert.ok(own !== undefined);
    assert.deepEqual(await plain.keeps(target), [0, 0, 0, 0, 0, 0]);
    assert.equal((await plain.list()).length, 6, "more than the two the global policy keeps");
  },
});

partTest({
  name: "backUp() loses no snapshot while it drops identical ones and rules come and go",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const place = await Place.make(folder);
    const runs = 12;
    for (let run = 0; run < runs; run++) {
      await writeTree(folder.at("source"), { a: `${run}` });
      const paths = run % 3 === 0 ? [] : [`*.${run % 3}`];
      backupOf(await place.backUp({ ignore: { paths, ignoreIdenticalSnapshots: run % 2 === 0 } }));
    }
    assert.equal((await place.plain.list()).length, runs);
  },
});

partTest({
  name: "backUp() saves nothing in a repository whose policy compresses with what this kopia cannot read",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const place = await Place.make(folder, "adopted");
    await place.plain.run("policy", "set", "--global", "--compression=lz4");
    assert.match(failureOf(await place.backUp()).message, /files with "lz4".*kopia 0\.22 alone$/);
    assert.deepEqual(await place.plain.list(), []);
    assert.equal(backupOf(await place.backUp({ compression: { compressor: "zstd" } })).unreadable, undefined);
    await place.plain.run("policy", "set", "--global", "--compression=none", "--metadata-compression=lz4");
    assert.match(failureOf(await place.backUp()).message, /folders with "lz4"/);
  },
});

partTest({
  name: "kopiaPolicy knows the compressors and splitters of this kopia, and no other",
  parts: ["kopia"],
  fn: async () => {
    const binary = await kopiaPath();
    const known = async (flag: string) => {
      const { stderr } = await runTool([binary, "policy", "set", "--global", `--${flag}=no such`]);
      return (/must be one of (\S+), got/.exec(stderr)?.[1] ?? "").split(",");
    };
    const deprecated = ["lz4", "zstd-best-compression"];
    const compressors = (await known("compression")).filter((name) =>
      ![...deprecated, "inherit"].includes(name)
    );
    assert.deepEqual(compressors.toSorted(), KOPIA_COMPRESSORS.toSorted());
    // The two short names stand for one of the others each.
    const splitters = (await known("splitter")).filter((name) =>
      !["DYNAMIC", "FIXED", "inherit"].includes(name)
    );
    assert.deepEqual(splitters.toSorted(), KOPIA_SPLITTERS.toSorted());
  },
});

partTest({
  name: "backUp() leaves out what file systems make by themselves, and puts it back where it is wanted",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const place = await Place.make(folder);
    await writeTree(folder.at("source"), {
      "lost+found/1": "",
      ".Trash-1000/old": "",
      "System Volume Information/x": "",
      "photos/@eaDir/thumb": "",
      "photos/lost+found/mine": "",
    });
    const first = backupOf(await place.backUp({ ignore: { defaults: true } }));
    assert.deepEqual(
      (await place.filesOf(first.snapshotId)).filter((path) => !path.endsWith("/")),
      ["a", "photos/lost+found/mine"],
    );
    assert.deepEqual(first.excluded, { files: 0, folders: 4 });
    backupOf(await place.backUp({ ignore: { defaults: true } }));
    assert.deepEqual(await place.calls(), threeCalls, "nothing differs any more");
    const all = backupOf(await place.backUp());
    assert.equal(all.files, 6);
    assert.equal(all.excluded, undefined);
  },
});
