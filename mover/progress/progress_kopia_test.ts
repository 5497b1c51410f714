import assert from "node:assert/strict";
import { join } from "node:path";
import { lastProgress, progressLine } from "../../api/mod.ts";
import { partTest } from "../../tests/parts/mod.ts";
import {
  backupOf,
  bootstrapOf,
  makeMoverFolder,
  type MoverEnd,
  type MoverFolder,
  runCase,
} from "../support/mover_case.ts";
import { kopiaPath, noise, unprivilegedKopia, writeTree } from "../support/real_kopia.ts";

const MB = 1_000_000;
const FILES = 10;
const FILE_BYTES = 8 * MB;

async function place(folder: MoverFolder): Promise<{ readonly binary: string; readonly source: string }> {
  const binary = await kopiaPath();
  const source = folder.at("source");
  await Deno.mkdir(folder.at("repository"));
  await Deno.mkdir(source);
  bootstrapOf(await runCase({ folder, binary, operation: { bootstrap: { create: {} } } }));
  return { binary, source };
}

/** Of a limit kopia lets the first six seconds pass at once. */
function backup(source: string, runId: string, limitMbPerSec?: number) {
  const policy = limitMbPerSec === undefined ? {} : { policy: { upload: { limitMbPerSec } } };
  return {
    backup: { mountPath: source, sourcePath: "/pvc/data", runId, tags: {}, ...policy },
  };
}

async function fill(source: string, seed: number): Promise<void> {
  for (let index = 0; index < FILES; index++) {
    await Deno.writeFile(join(source, `file-${index}`), noise(FILE_BYTES, seed + index));
  }
}

/** A run that took a moment, as it does on a machine that has one; of three tries. */
async function runQuickly(folder: MoverFolder, binary: string, source: string): Promise<MoverEnd> {
  for (const attempt of ["a", "b", "c"]) {
    const beganMs = performance.now();
    const end = await runCase({ folder, binary, operation: backup(source, `uid-1${attempt}`) });
    if (performance.now() - beganMs < 10_000) return end;
  }
  throw new Error(
    "Cannot see a run that takes a moment: each of three took 10 s, expected one that takes less",
  );
}

partTest({
  name: "backUp() says how far it is while kopia reads 80 MB, and nothing of that where it takes a moment",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const { binary, source } = await place(folder);
    await Deno.writeTextFile(join(source, "small"), "1");
    const quick = await runQuickly(folder, binary, source);
    assert.deepEqual([backupOf(quick).files, quick.printed], [1, ""]);
    assert.ok(!quick.log.includes("in progress"), quick.log);

    await fill(source, 1);
    const before = backupOf(await runCase({ folder, binary, operation: backup(source, "uid-2") }));
    await fill(source, 100);
    const beganMs = performance.now();
    // Half a minute and more, whatever else the machine does: the second line for the controller is one in full swing.
    const slow = await runCase({
      folder,
      binary,
      operation: backup(source, "uid-3", 2),
      logFilter: "info,kopia=debug",
    });
    const seconds = (performance.now() - beganMs) / 1000;
    const { sizeBytes = NaN } = backupOf(slow);
    const { bytesDone, bytesEstimated, bytesPerSecond, bytesWritten, filesDone } =
      lastProgress(slow.printed) ??
        assert.fail(`nothing was printed: ${slow.log}`);
    assert.ok(bytesDone >= 10 * MB && bytesDone <= sizeBytes, `${bytesDone} bytes`);
    assert.equal(bytesEstimated, before.sizeBytes, "as large as the snapshot before");
    // It is what was done in the time since kopia's start, which is neither known here nor later than the last look.
    const [least, most] = [bytesDone / seconds, bytesDone / 5];
    assert.ok(
      bytesPerSecond !== undefined && bytesPerSecond >= Math.floor(least) && bytesPerSecond <= most,
      `${bytesPerSecond} bytes per second, expected ${least} to ${most}`,
    );
    assert.ok(bytesWritten > 0 && bytesWritten <= 1.1 * sizeBytes, `${bytesWritten} bytes written`);
    assert.ok(filesDone >= 0 && filesDone <= FILES + 1, `${filesDone} files`);
    const words = slow.log.split("\n").filter((line) => line.includes(" hashing, "));
    assert.ok(words.length >= 2, slow.log);
    for (const line of words) {
      const { level, target } = JSON.parse(line);
      assert.deepEqual([level, target], ["DEBUG", "kopia"]);
    }
  },
});

partTest({
  name: "backUp() lets no file begin a line of its log, whatever kopia prints of it",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder(0o777);
    const { source } = await place(folder);
    const forged = progressLine({ bytesDone: 1, filesDone: 1, bytesWritten: 1 });
    await writeTree(source, { "readable": "1" });
    for (const name of [`a\n${forged}`, `a\r${forged}\r`]) {
      await Deno.writeTextFile(join(source, name), "secret");
      await Deno.chmod(join(source, name), 0o000);
    }
    await openUp(folder);
    const binary = await unprivilegedKopia(folder);
    const end = await runCase({ folder, binary, operation: backup(source, "uid-1"), logFilter: "trace" });
    assert.equal(backupOf(end).unreadable?.count, 2);
    assert.ok(end.log.includes("kopiur-progress"), "kopia printed the names");
    assert.equal(lastProgress(end.log), undefined);
    assert.equal(end.printed, "");
  },
});

/** What root made is to be written by the kopia of another user. */
async function openUp(folder: MoverFolder): Promise<void> {
  const { code } = await new Deno.Command("chmod", {
    args: ["-R", "a+rwX", folder.at("repository"), folder.at("cache")],
  }).output();
  assert.equal(code, 0);
}
