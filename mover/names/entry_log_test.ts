import assert from "node:assert/strict";
import { join } from "node:path";
import { parseTelemetryConfig, startTelemetry, type Telemetry } from "../../telemetry/mod.ts";
import { EntryLog, followEntryLog } from "./entry_log.ts";

const tree = { object: "k0f", entries: 4 };

function logLine(text: string): string {
  return `2026-11-30T15:54:49.624310Z DEBUG ${text}\n`;
}

function saved(message: string, path: string, rest = ""): string {
  return logLine(`uploader ${message}\t{"path":"${path}","dur":"30.1µs"${rest}}`);
}

const root = saved("snapshotted directory", ".", ',"size":6,"mtime":"2026-11-30T15:54:43Z","oid":"k0f"');
const entries = [
  saved("snapshotted file", String.raw`sub/quote\"and\\back`),
  saved("cached", String.raw`two\nlines`),
  saved("snapshotted symlink", "link"),
  saved("snapshotted directory", "sub", ',"size":0,"oid":"k0e"'),
].join("");

const logs: Readonly<Record<string, readonly [text: string, proves: boolean]>> = {
  "a log of each entry of the tree": [entries + root, true],
  "a log with lines about other things": [
    logLine('uploader uploading\t{"source":"a@b:/c"}') + entries +
    logLine('kopia/repo PutBlob\t{"path":"x"}') +
    logLine("INFO kopia/cli Snapshotting") + root,
    true,
  ],
  "a log that tells of an entry that could not be read as well": [
    `${entries}${logLine('uploader snapshotted file\t{"path":"sub/b","error":"denied","dur":"3µs"}')}${root}`,
    true,
  ],
  "a log in which an entry is missing": [saved("cached", "a") + root, false],
  "a log that tells of one entry more": [entries + saved("cached", "a") + root, false],
  "a log in which the root is missing": [entries + saved("snapshotted directory", "sub2"), false],
  "a log of another tree": [entries + root.replace("k0f", "k0a"), false],
  "a log of two trees": [entries + root + root, false],
  "a log in which an entry could not be read": [
    entries.replace('link","dur"', 'link","error":"denied","dur"') + root,
    false,
  ],
  "a log in which a folder failed, as its entries may be in no snapshot": [
    `${entries}${
      logLine('uploader snapshotted directory\t{"path":"bad","error":"denied","dur":"3µs"}')
    }${root}`,
    false,
  ],
  "a log in which a byte is not UTF-8": [entries.replace("link", String.raw`li\ufffdk`) + root, false],
  "a log in which a name has a replacement character": [entries.replace("link", "li\ufffdk") + root, false],
  "a log whose last line breaks off": [entries + root.slice(0, -20), false],
  "a log without a line": ["", false],
};

for (const [what, [text, proves]] of Object.entries(logs)) {
  Deno.test(`EntryLog ${proves ? "takes for proof" : "proves nothing by"} ${what}`, () => {
    const log = new EntryLog();
    for (const line of text.split(/(?<=\n)/)) log.add(line);
    assert.equal(log.provesNamesOf(tree), proves);
  });
}

interface Place {
  readonly folder: string;
  readonly log: Telemetry["log"];
  readonly logged: string[];
}

async function inFolder(fn: (place: Place) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kopiur-entry-log-" });
  const logged: string[] = [];
  const build = { version: "0.0.0", commit: "test", date: "2026-01-01T00:00:00Z" };
  const config = parseTelemetryConfig({ RUST_LOG: "debug" }, { role: "mover", build, terminal: false });
  const telemetry = startTelemetry(config, { sink: (line) => logged.push(line) });
  try {
    await Deno.mkdir(join(folder, "cli-logs"));
    await fn({ folder, log: telemetry.log, logged });
  } finally {
    await telemetry.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
}

function piece(folder: string, number: number): string {
  return join(folder, "cli-logs", `kopia-20261130-155509-8214-snapshot-create.${number}.log`);
}

Deno.test("followEntryLog() reads all pieces of a log, and takes those kopia has ended away meanwhile", async () => {
  await inFolder(async ({ folder, log: teller }) => {
    const log = new EntryLog();
    const lines = (entries + root).split(/(?<=\n)/);
    const value = await followEntryLog({ log: teller }, folder, log, async () => {
      const watch = Deno.watchFs(join(folder, "cli-logs"));
      for (const [number, line] of lines.entries()) await Deno.writeTextFile(piece(folder, number), line);
      await Deno.symlink(piece(folder, 4), join(folder, "cli-logs", "latest.log"));
      for await (const { kind, paths } of watch) {
        if (kind === "remove" && paths.some((path) => path === piece(folder, 3))) break;
      }
      assert.ok((await Deno.stat(piece(folder, 4))).isFile, "kopia may still write to it");
      return 7;
    });
    assert.deepEqual([value, log.provesNamesOf(tree)], [7, true]);
  });
});

Deno.test("followEntryLog() proves nothing by a log that cannot be read, and stops nobody over it", async () => {
  await inFolder(async ({ folder, log: teller, logged }) => {
    const log = new EntryLog();
    const value = await followEntryLog({ log: teller }, folder, log, async () => {
      await Deno.writeTextFile(piece(folder, 0), entries);
      await Deno.mkdir(piece(folder, 1));
      return 7;
    });
    assert.deepEqual([value, log.provesNamesOf(tree)], [7, false]);
    assert.match(logged.join(""), /kopia's log of what it saves cannot be read/);
  });
});

Deno.test("followEntryLog() throws what kopia's run throws, and needs no log", async () => {
  await inFolder(async ({ folder, log: teller }) => {
    await Deno.remove(join(folder, "cli-logs"));
    const failing = followEntryLog(
      { log: teller },
      folder,
      new EntryLog(),
      () => Promise.reject(new Error("stopped")),
    );
    await assert.rejects(failing, /stopped/);
  });
});
