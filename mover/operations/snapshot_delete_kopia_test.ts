import assert from "node:assert/strict";
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
import { kopiaPath, PlainKopia, writeTree } from "../support/real_kopia.ts";

const nowhere = "0123456789abcdef0123456789abcdef";

interface Place {
  readonly binary: string;
  readonly uniqueId: string;
  readonly plain: PlainKopia;
  /** Backs up and answers with the id of the snapshot. */
  backUp(runId: string, sourcePath?: string): Promise<string>;
}

async function place(folder: MoverFolder): Promise<Place> {
  const binary = await kopiaPath();
  await Deno.mkdir(folder.at("repository"));
  await writeTree(folder.at("source"), { a: "1" });
  const { uniqueId } = bootstrapOf(
    await runCase({ folder, binary, operation: { bootstrap: { create: {} } } }),
  );
  const plain = new PlainKopia(binary, folder);
  await plain.connect(folder.at("repository"));
  return {
    binary,
    uniqueId,
    plain,
    backUp: async (runId, sourcePath = "/pvc/data") => {
      const backup = { mountPath: folder.at("source"), sourcePath, runId, tags: {} };
      return backupOf(await runCase({ folder, binary, operation: { backup } })).snapshotId;
    },
  };
}

partTest({
  name: "deleteSnapshots() deletes every snapshot of the run and nothing else, once",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const { binary, uniqueId, plain, backUp } = await place(folder);
    const data = await backUp("uid-1");
    await backUp("uid-1", "/pvc/other");
    const kept = await backUp("uid-2");
    const operation = {
      snapshotDelete: { runId: "uid-1", uniqueId, snapshots: [{ id: data, sourcePath: "/pvc/data" }] },
    };
    const first = await runCase({ folder, binary, operation });
    assert.equal(first.exitCode, 0);
    assert.deepEqual(deletionOf(first), { deleted: 2, alreadyGone: 0 }, "also one the status does not know");
    assert.deepEqual((await plain.list()).map(({ id }) => id), [kept]);
    const again = await runCase({ folder, binary, operation });
    assert.deepEqual(deletionOf(again), { deleted: 0, alreadyGone: 1 });
  },
});

partTest({
  name: "deleteSnapshots() finds a snapshot whose id a pin has changed",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const { binary, plain, backUp } = await place(folder);
    const id = await backUp("uid-1");
    await plain.run("snapshot", "pin", "--add=keep", id);
    assert.notEqual((await plain.list())[0]?.id, id, "kopia made a new manifest");
    const snapshots = [{ id, sourcePath: "/pvc/data" }];
    const end = await runCase({
      folder,
      binary,
      operation: { snapshotDelete: { runId: "uid-1", snapshots } },
    });
    assert.deepEqual(deletionOf(end), { deleted: 1, alreadyGone: 1 });
    assert.deepEqual(await plain.list(), []);
  },
});

partTest({
  name: "deleteSnapshots() deletes an untagged snapshot of the source, and takes no id of content for one",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const { binary, plain, backUp } = await place(folder);
    const byHand = [
      "snapshot",
      "create",
      "--json",
      "--override-source=app@apps:/pvc/data",
      folder.at("source"),
    ];
    const { id, rootEntry } = JSON.parse(await plain.run(...byHand));
    const kept = await backUp("uid-2", "/pvc/other");
    const snapshots = [id, rootEntry.obj, nowhere, "--all", kept].map((each) => ({
      id: each,
      sourcePath: "/pvc/data",
    }));
    const end = await runCase({
      folder,
      binary,
      operation: { snapshotDelete: { runId: "uid-1", snapshots } },
    });
    assert.deepEqual(deletionOf(end), { deleted: 1, alreadyGone: 4 });
    // Both snapshots hold the folder with the id rootEntry.obj.
    assert.deepEqual((await plain.list()).map((each) => each.id), [kept]);
  },
});

partTest({
  name: "deleteSnapshots() deletes nothing in a repository that took the other's place",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const { binary, plain, backUp } = await place(folder);
    const id = await backUp("uid-1");
    const snapshotDelete = {
      runId: "uid-1",
      uniqueId: "00ff",
      snapshots: [{ id, sourcePath: "/pvc/data" }],
    };
    const end = await runCase({ folder, binary, operation: { snapshotDelete } });
    assert.equal(failureOf(end).class, "RepositoryReplaced");
    assert.equal(end.exitCode, 2);
    assert.equal((await plain.list()).length, 1);
  },
});
