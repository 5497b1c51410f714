import assert from "node:assert/strict";
import { parseTelemetryConfig, startTelemetry } from "../../telemetry/mod.ts";
import { type KopiaExit, type KopiaRun, runKopia } from "./run.ts";
import { MoverError } from "../mover_error.ts";
import { makeMoverFolder, type MoverFolder } from "../support/mover_case.ts";

interface RunCase {
  /** Shell text that plays kopia. */
  readonly body: string;
  readonly run?: Omit<KopiaRun, "command">;
  readonly signal?: AbortSignal;
  readonly stopGraceSeconds?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

interface Ended {
  readonly exit: KopiaExit | MoverError;
  readonly log: string;
}

async function writeScript(folder: MoverFolder, body: string): Promise<string> {
  const binary = folder.at("kopia");
  await Deno.writeTextFile(binary, `#!/bin/sh\n${body}\n`);
  await Deno.chmod(binary, 0o755);
  return binary;
}

async function play(given: RunCase): Promise<Ended> {
  await using folder = await makeMoverFolder();
  return await playBinary(await writeScript(folder, given.body), given);
}

async function playBinary(binary: string, given: Omit<RunCase, "body">): Promise<Ended> {
  const lines: string[] = [];
  const config = parseTelemetryConfig({ RUST_LOG: "kopia=debug", KOPIUR_LOG_FORMAT: "json" }, {
    role: "mover",
    build: { version: "0.0.0", commit: "test", date: "2026-01-01T00:00:00Z" },
    terminal: false,
  });
  const telemetry = startTelemetry(config, { sink: (line) => lines.push(line) });
  const process = {
    binary,
    environment: given.environment ?? {},
    log: telemetry.log.child({ target: "kopia" }),
    signal: given.signal ?? new AbortController().signal,
    stopGraceSeconds: given.stopGraceSeconds ?? 5,
  };
  const command = { name: "snapshot create", args: given.args ?? ["snapshot", "create"] };
  try {
    const exit = await runKopia(process, { command, ...given.run });
    return { exit, log: lines.join("") };
  } catch (error) {
    assert.ok(error instanceof MoverError, String(error));
    return { exit: error, log: lines.join("") };
  } finally {
    await telemetry.shutdown();
  }
}

function exitOf(ended: Ended): KopiaExit {
  if (ended.exit instanceof MoverError) throw ended.exit;
  return ended.exit;
}

function errorOf(ended: Ended): MoverError {
  assert.ok(ended.exit instanceof MoverError, "it should have failed");
  return ended.exit;
}

Deno.test("runKopia() collects stdout, keeps the tail of stderr and answers with the code", async () => {
  const ended = await play({
    body: `echo '{"a":1}'; i=0; while [ $i -lt 30 ]; do echo "line $i" >&2; i=$((i+1)); done; exit 1`,
  });
  const exit = exitOf(ended);
  assert.equal(exit.code, 1);
  assert.equal(exit.stdout, '{"a":1}\n');
  assert.equal(exit.tail.length, 20);
  assert.equal(exit.tail.at(-1), "line 29");
});

Deno.test("runKopia() logs each line of stderr under the target kopia as it comes", async () => {
  const { log } = await play({ body: "echo one >&2; echo two >&2" });
  const records = log.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(
    records.map(({ target, level, fields }) => [target, level, fields.message]),
    [["kopia", "DEBUG", "one"], ["kopia", "DEBUG", "two"]],
  );
});

Deno.test("runKopia() gives kopia its arguments as they are and an environment that inherits nothing", async () => {
  const args = ["a b", "$HOME", "`id`", "'\"", "*", "--", "-x"];
  const ended = await play({
    body: `for each in "$@"; do echo "$each"; done; /usr/bin/env | grep -v -e '^_=' -e '^PWD=' -e '^SHLVL='`,
    args,
    environment: { KOPIA_PASSWORD: "secret" },
  });
  assert.deepEqual(exitOf(ended).stdout.trim().split("\n"), [...args, "KOPIA_PASSWORD=secret"]);
});

Deno.test("runKopia() gives kopia no standard input to wait for", async () => {
  assert.equal(exitOf(await play({ body: "cat; echo done" })).stdout, "done\n");
});

Deno.test("runKopia() gives stdout line by line to whom wants it, and collects nothing", async () => {
  const lines: string[] = [];
  const ended = await play({
    body: "printf 'one\\ntwo\\nthree'",
    run: { onLine: (line) => lines.push(line) },
  });
  assert.deepEqual(lines, ["one", "two", "three"]);
  assert.equal(exitOf(ended).stdout, "");
});

Deno.test("runKopia() stops a kopia whose stdout does not end", async () => {
  const error = errorOf(await play({ body: "exec yes 0123456789012345678901234567890123456789" }));
  assert.equal(error.failureClass, "UnexpectedOutput");
  assert.match(error.message, /longer than \d+ characters/);
});

Deno.test("runKopia() bears 50 MB on stderr in the memory of its tail", async () => {
  const ended = await play({ body: "head -c 50000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo end >&2" });
  const { tail, code } = exitOf(ended);
  assert.equal(code, 0);
  assert.equal(tail.at(-1), "end");
  assert.ok(tail.join("").length < 100_000);
});

Deno.test("runKopia() stops kopia when the reader of its lines gives up, and says why", async () => {
  const refuse = (line: string) => {
    throw new MoverError("UnexpectedOutput", `Cannot read "${line}": it is nonsense, expected sense`);
  };
  const error = errorOf(await play({ body: "echo hm; exec sleep 60", run: { onLine: refuse } }));
  assert.equal(error.failureClass, "UnexpectedOutput");
  assert.match(error.message, /Cannot read "hm"/);
});

Deno.test("runKopia() ends a kopia that hangs at its time limit, with the tail", async () => {
  const ended = await play({ body: "echo waiting >&2; exec sleep 60", run: { limitSeconds: 0.2 } });
  const error = errorOf(ended);
  assert.equal(error.failureClass, "RepositoryUnavailable");
  assert.match(error.message, /^Cannot finish "snapshot create": .* within 0.2 s; the storage/);
  assert.deepEqual(error.tail, ["waiting"]);
});

Deno.test("runKopia() forwards the abort as SIGTERM and waits for kopia to tidy up", async () => {
  const stop = new AbortController();
  const reason = new MoverError("Interrupted", "Cannot finish: told to stop");
  const ended = await play({
    body: "trap 'echo tidied up >&2; exit 0' TERM; echo ready; while :; do sleep 0.05; done",
    signal: stop.signal,
    run: { onLine: () => stop.abort(reason) },
  });
  const error = errorOf(ended);
  assert.equal(error.failureClass, "Interrupted");
  assert.deepEqual(error.tail, ["tidied up"]);
});

Deno.test("runKopia() kills a kopia that does not mind SIGTERM", async () => {
  const stop = new AbortController();
  const started = performance.now();
  const ended = await play({
    body: "trap '' TERM; echo ready; while :; do sleep 0.05; done",
    signal: stop.signal,
    stopGraceSeconds: 0.3,
    run: { onLine: () => stop.abort(new MoverError("Interrupted", "Cannot finish: told to stop")) },
  });
  assert.equal(errorOf(ended).failureClass, "Interrupted");
  assert.ok(performance.now() - started >= 300);
});

Deno.test("runKopia() does not start kopia after the abort", async () => {
  const reason = new MoverError("Interrupted", "Cannot finish: told to stop");
  const ended = await play({ body: "echo started >&2", signal: AbortSignal.abort(reason) });
  assert.equal(errorOf(ended).failureClass, "Interrupted");
  assert.equal(ended.log, "");
});

Deno.test("runKopia() names the signal that ended kopia", async () => {
  const exit = exitOf(await play({ body: "kill -KILL $$" }));
  assert.equal(exit.endedBy, "SIGKILL");
  assert.equal(exit.code, 137);
});

Deno.test("runKopia() does not wait for a child of kopia that holds the pipes", async () => {
  const started = performance.now();
  const exit = exitOf(await play({ body: "sleep 30 & echo done" }));
  assert.equal(exit.code, 0);
  assert.equal(exit.stdout, "done\n");
  assert.ok(performance.now() - started < 20_000);
});

Deno.test("runKopia() waits for a program that is still being written", async () => {
  await using folder = await makeMoverFolder();
  const binary = await writeScript(folder, "echo ran");
  // A file that is open for writing cannot be executed (ETXTBSY).
  const writer = await Deno.open(binary, { write: true });
  const close = setTimeout(() => writer.close(), 60);
  try {
    assert.equal(exitOf(await playBinary(binary, {})).stdout, "ran\n");
  } finally {
    clearTimeout(close);
  }
});

Deno.test("runKopia() says that there is no kopia", async () => {
  const error = errorOf(await playBinary("/nowhere/kopia", {}));
  assert.equal(error.failureClass, "Unknown");
  assert.match(error.message, /^Cannot start kopia: .*\/nowhere\/kopia/);
});

const progressOf = (bytes: string) =>
  `printf '\\r | 1 hashing, 0 hashed (${bytes}), 0 cached (0 B), uploaded 0 B, estimating...' >&2; printf '\\r' >&2`;

Deno.test("runKopia() ends a kopia that gets nowhere, though it goes on talking", async () => {
  const ended = await play({
    body: `while :; do ${progressOf("1 B")}; echo trying again >&2; sleep 0.05; done`,
    run: { stallSeconds: 0.4 },
  });
  const error = errorOf(ended);
  assert.equal(error.failureClass, "RepositoryUnavailable");
  assert.match(error.message, /got nowhere for 0.4 s \(1 hashing, 0 hashed \(1 B\)/);
  assert.equal(error.tail.at(-1), "trying again");
});

Deno.test("runKopia() leaves a kopia alone that hashes one file for very long", async () => {
  const ended = await play({
    body: `i=0; while [ $i -lt 12 ]; do i=$((i+1)); ${
      progressOf("$i MB").replaceAll("'", '"')
    }; sleep 0.1; done`,
    run: { stallSeconds: 0.7 },
  });
  assert.equal(exitOf(ended).code, 0);
  assert.deepEqual(exitOf(ended).tail, [], "progress is no last word");
});

Deno.test("runKopia() leaves a kopia alone whose figures are too large to move often", async () => {
  const ended = await play({
    body: `${progressOf("1.2 TB")}; sleep 1.2; ${progressOf("1.3 TB")}`,
    run: { stallSeconds: 0.4 },
  });
  assert.equal(exitOf(ended).code, 0);
});

Deno.test("runKopia() hears each progress line at once and once, though kopia ends it only with the next", async () => {
  const heard: string[] = [];
  const at = (bytes: string) => progressOf(bytes).split(";")[0];
  const { promise: second, resolve } = Promise.withResolvers<void>();
  const running = play({
    body: `${at("1 B")}; sleep 0.1; ${at("2 B")}; sleep 5`,
    run: {
      limitSeconds: 2,
      onProgress: ({ words }) => {
        heard.push(words);
        if (heard.length === 2) resolve();
      },
    },
  });
  const startMs = performance.now();
  await second;
  assert.ok(performance.now() - startMs < 1900, "not when kopia is stopped");
  await running;
  assert.deepEqual(heard.map((words) => /\((\d B)\), 0 cached/.exec(words)?.[1]), ["1 B", "2 B"]);
});

Deno.test("runKopia() hears what kopia says behind its progress", async () => {
  const heard: string[] = [];
  const ended = await play({
    body: `${
      progressOf("1 B").split(";")[0]
    }; echo 'async write error: x' >&2; printf '\n ! Error when processing "a": b\n' >&2`,
    run: { onErrorLine: (line) => heard.push(line) },
  });
  assert.equal(exitOf(ended).code, 0);
  assert.deepEqual(heard, ["async write error: x", 'Error when processing "a": b']);
});

Deno.test("runKopia() keeps no word about kopia's own log file, which comes for each of its lines", async () => {
  const trouble = "2026-11-30 15:55:12.995126434 +0000 UTC write error: write x.log: no space left on device";
  const { exit, log } = await play({
    body: `echo denied >&2; for number in 1 2 3; do echo '${trouble}' >&2; done; exit 1`,
  });
  assert.ok("code" in exit);
  assert.deepEqual(exit.tail, ["denied"]);
  assert.match(log, /write error/);
});
