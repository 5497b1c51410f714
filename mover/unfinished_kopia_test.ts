import assert from "node:assert/strict";
import { partTest } from "../tests/parts/mod.ts";
import {
  backupOf,
  bootstrapOf,
  deletionOf,
  makeMoverFolder,
  type MoverFolder,
  runCase,
} from "./support/mover_case.ts";
import {
  kopiaPath,
  type ListedSnapshot,
  noise,
  PlainKopia,
  writeExecutable,
  writeTree,
} from "./support/real_kopia.ts";

interface Place extends AsyncDisposable {
  readonly folder: MoverFolder;
  readonly binary: string;
  readonly plain: PlainKopia;
  /** Uploads under the identity of every mover here, slowly, with a checkpoint a second; `before` goes before kopia. */
  upload(before?: string): Promise<string>;
  unfinished(): Promise<readonly ListedSnapshot[]>;
  readonly operations: {
    readonly backup: { readonly backup: ReturnType<typeof backupOperation> };
  };
}

const minutes = 60_000;
const backupOperation = (mountPath: string, more: Readonly<Record<string, unknown>> = {}) => ({
  ...{ mountPath, sourcePath: "/pvc/data", runId: "uid-2", tags: {} },
  ...more,
});

async function place(): Promise<Place> {
  const folder = await makeMoverFolder();
  const binary = await kopiaPath();
  const source = folder.at("source");
  await Deno.mkdir(folder.at("repository"));
  for (let each = 0; each < 3; each++) await writeTree(source, { [`${each}`]: noise(20_000_000, each + 1) });
  bootstrapOf(await runCase({ folder, binary, operation: { bootstrap: { create: {} } } }));
  const plain = new PlainKopia(binary, folder);
  await plain.connect(folder.at("repository"));
  return {
    folder,
    binary,
    plain,
    upload: async (before = "") => {
      await plain.run("repository", "throttle", "set", "--upload-bytes-per-second=4000000");
      const slow = await writeExecutable(folder.at("slow-kopia"), `exec ${before} '${binary}' "$@"`);
      const create = ["snapshot", "create", "--checkpoint-interval=1s", "--parallel=1"];
      return await new PlainKopia(slow, folder).run(
        ...create,
        "--override-source=app@apps:/pvc/data",
        "--tags=kopiur-run:uid-1",
        source,
      );
    },
    unfinished: async () => (await plain.list()).filter(({ incomplete }) => incomplete !== undefined),
    operations: { backup: { backup: backupOperation(source) } },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** What a mover deletes of a run that was at work in these minutes, asked so many minutes later. */
async function deleteOf({ folder, binary }: Place, runId: string, minutesLater = 0) {
  const now = Date.now();
  const window = {
    from: new Date(now - 5 * minutes).toISOString(),
    to: new Date(now + 5 * minutes).toISOString(),
  };
  const checkpoints = { sourcePaths: ["/pvc/data"], ...window };
  return deletionOf(
    await runCase({
      folder,
      binary,
      clock: () => now + minutesLater * minutes,
      operation: { snapshotDelete: { runId, snapshots: [], checkpoints } },
    }),
  );
}

partTest({
  name:
    "deleteSnapshots() deletes what kopia wrote down for a run that was killed, once nobody can be at work on it",
  parts: ["kopia"],
  fn: async () => {
    await using at = await place();
    await assert.rejects(at.upload("timeout -s KILL 7"));
    const left = await at.unfinished();
    assert.ok(left.length > 0);
    assert.ok(left.every(({ incomplete, tags }) => incomplete === "checkpoint" && tags === undefined));
    const { folder, binary } = at;
    const counted = async (minutesLater: number) => {
      const clock = () => Date.now() + minutesLater * minutes;
      return bootstrapOf(await runCase({ folder, binary, clock, operation: { bootstrap: {} } })).unfinished;
    };
    assert.equal(await counted(0), undefined, "it may go on");
    const told = await counted(91);
    assert.equal(told?.snapshotCount, left.length);
    assert.ok(told.sizeBytes >= 20_000_000 && told.sizeBytes <= 60_000_000, `${told.sizeBytes} bytes`);
    const early = await deleteOf(at, "uid-1");
    assert.deepEqual([early.deleted, early.checkpoints, early.left?.count], [0, undefined, left.length]);
    assert.deepEqual(await at.unfinished(), left);
    const late = await deleteOf(at, "uid-1", 91);
    assert.deepEqual(late, { deleted: 0, alreadyGone: 0, checkpoints: left.length });
    assert.deepEqual(await at.plain.list(), []);
    assert.equal(await counted(91), undefined);
  },
});

partTest({
  name: "deleteSnapshots() takes no checkpoint from an upload that goes on, and that upload ends well",
  parts: ["kopia"],
  fn: async () => {
    await using at = await place();
    const upload = at.upload();
    let ended = false;
    upload.finally(() => ended = true).catch(() => {});
    while (!ended && (await at.unfinished()).length === 0) await new Promise((go) => setTimeout(go, 200));
    // A run of another cluster with the same identity failed in the same minutes, and its Backup is deleted.
    const { left, ...rest } = await deleteOf(at, "uid-9");
    assert.ok(left !== undefined && left.count > 0);
    assert.deepEqual(rest, { deleted: 0, alreadyGone: 0 });
    assert.ok((await at.unfinished()).length >= left.count);
    await upload;
    const [saved, ...others] = await at.plain.list();
    assert.deepEqual(
      [saved?.incomplete, others],
      [undefined, []],
      "kopia drops its own checkpoints in the end",
    );
    await at.plain.run("snapshot", "verify", "--verify-files-percent=100", saved?.id ?? "");
  },
});

partTest({
  name: "backUp() takes what was left before it out of the repository, but not where nothing changed",
  parts: ["kopia"],
  fn: async () => {
    await using at = await place();
    const { folder, binary, operations } = at;
    const policy = { ignore: { ignoreIdenticalSnapshots: true } };
    const unchanged = { backup: { ...operations.backup.backup, runId: "uid-3", policy } };
    assert.equal(
      backupOf(await runCase({ folder, binary, operation: operations.backup })).unchanged,
      undefined,
    );
    await writeTree(folder.at("source"), { changed: noise(60_000_000, 9) });
    await assert.rejects(at.upload("timeout -s KILL 7"));
    await Deno.remove(folder.at("source", "changed"));
    const left = await at.unfinished();
    assert.ok(left.length > 0);
    assert.equal(backupOf(await runCase({ folder, binary, operation: unchanged })).unchanged, true);
    assert.deepEqual((await at.unfinished()).length, left.length);
    await writeTree(folder.at("source"), { changed: "1" });
    backupOf(
      await runCase({ folder, binary, operation: { backup: { ...unchanged.backup, runId: "uid-4" } } }),
    );
    assert.deepEqual(await at.unfinished(), []);
  },
});
