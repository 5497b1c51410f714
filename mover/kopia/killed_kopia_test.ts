import assert from "node:assert/strict";
import { join } from "node:path";
import { partTest } from "../../tests/parts/mod.ts";
import { type MoverConfig, moverDefaults } from "../mod.ts";
import {
  backupOf,
  bootstrapOf,
  environmentOf,
  makeMoverFolder,
  type MoverCase,
  type MoverFolder,
  readResult,
  runCase,
  workSpecOf,
} from "../support/mover_case.ts";
import { kopiaPath, noise, PlainKopia, writeExecutable, writeTree } from "../support/real_kopia.ts";

const moverProcess = join(import.meta.dirname ?? ".", "..", "support", "mover_process.ts");

/** A mover that runs as a process of its own; it can be told to die. */
interface RunningMover {
  /** Resolves when the mover has logged a line with the text. */
  sees(text: string): Promise<void>;
  /** What the kernel does to a container: mover and kopia are gone at once. */
  killContainer(): Promise<void>;
  terminate(): Promise<number>;
}

async function startMover(given: MoverCase): Promise<RunningMover> {
  const { folder } = given;
  const workSpecPath = folder.at("work-spec.json");
  await Deno.writeTextFile(workSpecPath, JSON.stringify(workSpecOf(given)));
  const config: MoverConfig = {
    ...moverDefaults,
    workSpecPath,
    resultPath: folder.at("termination-log"),
    kopiaBinary: given.binary,
    scratchFolder: folder.at("scratch"),
    environment: environmentOf(given),
    stopGraceSeconds: 5,
  };
  const configPath = folder.at("config.json");
  await Deno.writeTextFile(configPath, JSON.stringify(config));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", moverProcess, configPath],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let seen = "";
  return {
    sees: async (text) => {
      while (!seen.includes(text)) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`Cannot see "${text}": the mover ended and said ${seen}`);
        seen += value;
      }
    },
    killContainer: async () => {
      child.kill("SIGKILL");
      Deno.kill(Number(await Deno.readTextFile(folder.at("kopia.pid"))), "SIGKILL");
      await reader.cancel();
      await child.status;
    },
    terminate: async () => {
      child.kill("SIGTERM");
      while (!(await reader.read()).done);
      return (await child.status).code;
    },
  };
}

/** A kopia that leaves its pid behind; `create` is what it does for "snapshot create". */
async function staged(folder: MoverFolder, real: string, create: string): Promise<string> {
  return await writeExecutable(
    folder.at("staged-kopia"),
    `echo $$ >'${folder.at("kopia.pid")}'\n` +
      `if [ "$1 $2" = "snapshot create" ]; then\n${
        create.replaceAll("KOPIA", `'${real}'`)
      }\nfi\nexec '${real}' "$@"`,
  );
}

const backup = (source: string) => ({
  backup: { mountPath: source, sourcePath: "/pvc/data", runId: "uid-1", tags: {} },
});

const moments: Readonly<Record<string, { create: string; sees: string; reused: boolean }>> = {
  "before the snapshot is begun": {
    create: "echo reached >&2; exec sleep 60",
    sees: "reached",
    reused: false,
  },
  "while the snapshot is being made": {
    create: `exec KOPIA "$@"`,
    sees: "Snapshotting app@apps:/pvc/data",
    reused: false,
  },
  "when the snapshot is saved and nobody was told": {
    create: `KOPIA "$@" >/dev/null; echo reached >&2; exec sleep 60`,
    sees: "reached",
    reused: true,
  },
};

for (const [moment, { create, sees, reused }] of Object.entries(moments)) {
  partTest({
    name: `runMover() killed ${moment} and run again leaves one finished snapshot`,
    parts: ["kopia"],
    fn: async () => {
      await using folder = await makeMoverFolder();
      const binary = await kopiaPath();
      const source = folder.at("source");
      await writeTree(source, { big: noise(100_000_000), small: "1" });
      await Deno.mkdir(folder.at("repository"));
      bootstrapOf(await runCase({ folder, binary, operation: { bootstrap: { create: {} } } }));
      await Deno.writeTextFile(folder.at("termination-log"), "");

      const operation = backup(source);
      const mover = await startMover({ folder, binary: await staged(folder, binary, create), operation });
      await mover.sees(sees);
      await mover.killContainer();
      assert.equal(await Deno.readTextFile(folder.at("termination-log")), "", "a killed mover tells nothing");

      const retried = backupOf(await runCase({ folder, binary, operation }));
      assert.equal(retried.reused, reused);
      assert.equal(retried.files, 2);
      const plain = new PlainKopia(binary, folder);
      await plain.connect(folder.at("repository"));
      assert.deepEqual((await plain.finishedOf("uid-1")).map(({ id }) => id), [retried.snapshotId]);
      await plain.run("snapshot", "verify", "--verify-files-percent=100", retried.snapshotId);
    },
  });
}

partTest({
  name: "runMover() told to stop lets kopia keep its work, answers Interrupted and goes on next time",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const binary = await kopiaPath();
    const source = folder.at("source");
    for (let each = 0; each < 30; each++) {
      await writeTree(source, { [`${each}`]: noise(20_000_000, each + 1) });
    }
    await Deno.mkdir(folder.at("repository"));
    bootstrapOf(await runCase({ folder, binary, operation: { bootstrap: { create: {} } } }));

    const operation = backup(source);
    const mover = await startMover({
      folder,
      binary: await staged(folder, binary, `exec KOPIA "$@"`),
      operation,
    });
    await mover.sees("Snapshotting app@apps:/pvc/data");
    assert.equal(await mover.terminate(), 1);
    const result = await readResult(folder.at("termination-log"));
    assert.ok("failure" in result);
    assert.equal(result.failure.class, "Interrupted");
    const plain = new PlainKopia(binary, folder);
    await plain.connect(folder.at("repository"));
    assert.deepEqual(await plain.finishedOf("uid-1"), [], "an incomplete snapshot is no snapshot");

    const retried = backupOf(await runCase({ folder, binary, operation }));
    assert.equal(retried.files, 30);
    assert.equal(retried.reused, false);
    assert.deepEqual((await plain.finishedOf("uid-1")).map(({ id }) => id), [retried.snapshotId]);
  },
});
