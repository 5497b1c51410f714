import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { parseMoverResult } from "../../api/mover/contract.ts";
import { waitUntil } from "../cluster/mod.ts";
import { exists, partPath, partTest } from "../parts/mod.ts";
import { inFolder, kopiurBinary, runKopiur } from "./kopiur_binary.ts";

type Json = Readonly<Record<string, unknown>>;

function aSpec(folder: string, operation: Json): Json {
  return {
    version: 1,
    operation,
    identity: { username: "photos", hostname: "apps" },
    repository: { filesystem: { path: join(folder, "repository") } },
    target: { kind: "Backup", namespace: "apps", name: "photos-1" },
    limits: { timeoutSeconds: 60 },
    cache: {},
  };
}

async function moverEnv(folder: string, spec: string): Promise<Record<string, string>> {
  await Deno.mkdir(join(folder, "repository"), { recursive: true });
  await Deno.writeTextFile(join(folder, "work-spec.json"), spec);
  return {
    KOPIUR_WORK_SPEC_PATH: join(folder, "work-spec.json"),
    KOPIUR_RESULT_PATH: join(folder, "result"),
    KOPIA_CACHE_DIRECTORY: join(folder, "cache"),
    KOPIA_LOG_DIR: join(folder, "logs"),
    KOPIA_CONFIG_PATH: join(folder, "kopia.config"),
    KOPIA_CHECK_FOR_UPDATES: "false",
    KOPIA_PASSWORD: "correct-horse",
  };
}

async function resultIn(folder: string) {
  const parsed = parseMoverResult(await Deno.readTextFile(join(folder, "result")));
  ok(parsed.kind === "result", parsed.kind === "unreadable" ? parsed.why : "");
  return parsed.result;
}

Deno.test("kopiur mover refuses a work spec it cannot understand with 2 and a result", async () => {
  const specs: Readonly<Record<string, string>> = {
    "no JSON": "{",
    "another version": JSON.stringify({ version: 2 }),
    "an unknown operation": JSON.stringify({ version: 1, operation: { dance: {} } }),
  };
  for (const [name, spec] of Object.entries(specs)) {
    await inFolder(async (folder) => {
      const { code } = await runKopiur(["mover"], { env: await moverEnv(folder, spec) });
      equal(code, 2, name);
      const result = await resultIn(folder);
      equal("failure" in result && result.failure.class, "InvalidWorkSpec", name);
    });
  }
});

partTest({
  name: "kopiur mover makes a repository and backs a folder up, with nothing of its secret in the log",
  parts: ["kopia"],
  fn: async () => {
    await inFolder(async (folder) => {
      const source = join(folder, "source");
      await Deno.mkdir(source);
      await Deno.writeTextFile(join(source, "a.txt"), "a");
      const kopia = { KOPIUR_KOPIA_BINARY: await partPath("kopia"), RUST_LOG: "debug" };

      const create = aSpec(folder, { bootstrap: { create: {} } });
      const env = { ...await moverEnv(folder, JSON.stringify(create)), ...kopia };
      const made = await runKopiur(["mover"], { env });
      equal(made.code, 0, made.stdout);
      const bootstrap = await resultIn(folder);
      equal("bootstrap" in bootstrap && bootstrap.bootstrap.created, true);

      const backup = { mountPath: source, sourcePath: "/pvc/photos", runId: "uid-1", tags: {} };
      await Deno.writeTextFile(join(folder, "work-spec.json"), JSON.stringify(aSpec(folder, { backup })));
      const done = await runKopiur(["mover"], { env });
      equal(done.code, 0, done.stdout);
      const result = await resultIn(folder);
      deepEqual("backup" in result && [result.backup.files, result.backup.reused], [1, false]);
      ok(!`${made.stdout}${done.stdout}${made.stderr}${done.stderr}`.includes("correct-horse"));
    });
  },
});

Deno.test("kopiur mover told to stop ends its kopia, says Interrupted and answers 1", async () => {
  await inFolder(async (folder) => {
    const kopia = join(folder, "kopia");
    // A kopia that hangs, as one does on a storage that is not there; it tells that it has begun.
    await Deno.writeTextFile(kopia, `#!/bin/sh\ntouch ${folder}/begun\nexec sleep 60\n`, { mode: 0o755 });
    const env = {
      // With leave to create, for in an empty folder there is nothing else to start kopia for.
      ...await moverEnv(folder, JSON.stringify(aSpec(folder, { bootstrap: { create: {} } }))),
      KOPIUR_KOPIA_BINARY: kopia,
      PATH: "/usr/bin:/bin",
    };
    const command = new Deno.Command(await kopiurBinary(), {
      args: ["mover"],
      env,
      clearEnv: true,
      stdout: "piped",
      stderr: "piped",
    });
    const mover = command.spawn();
    const begun = join(folder, "begun");
    await waitUntil(() => exists(begun) ? true : undefined, { what: "kopia to begin", limitSeconds: 20 });
    mover.kill("SIGTERM");
    const { code, stdout } = await mover.output();
    equal(code, 1);
    match(new TextDecoder().decode(stdout), /stopping signal=SIGTERM/);
    const result = await resultIn(folder);
    equal("failure" in result && result.failure.class, "Interrupted");
  });
});
