import { IGNORED_BY_DEFAULT } from "../../api/kopia_policy.ts";
import { makeMoverFolder, type MoverCase, type MoverEnd, type MoverFolder, runCase } from "./mover_case.ts";

/** What a fake kopia does per command: shell text by "repository status", "snapshot create", …; "*" for the rest. */
export type FakeScript = Readonly<Record<string, string>>;

/** Shell text that prints the policy of a source, and that of the folder above it, as `policy show` does. */
export function showPolicies(source: string, above = "{}"): string {
  return `echo '${source}'; echo '${above}'`;
}

/** Shell text that lists files of a folder as `ls` does; the folder is the last of its arguments. */
export function listTree(...names: readonly string[]): string {
  return ["for root; do :; done", ...names.map((name) => `echo "0a  $root/${name}"`)].join("\n");
}

/** Shell text that writes lines about entries as kopia does into the log of `snapshot create`. */
export function logEntries(...entries: readonly (readonly [message: string, fields: string])[]): string {
  const lines = entries.map(([message, fields]) =>
    `2026-11-30T15:54:49.624310Z DEBUG uploader ${message}\t{${fields}}`
  );
  return `for word; do case "$word" in --log-dir=*) logs="\${word#*=}/cli-logs";; esac; done; mkdir "$logs"
cat >"$logs/kopia-1-snapshot-create.0.log" <<'LOG'\n${lines.join("\n")}\nLOG`;
}

/** Answers of a kopia with which nothing is wrong and whose repository is empty. */
export const healthyScript: FakeScript = {
  "repository status": `echo '{"uniqueIDHex":"0123abcd"}'`,
  "snapshot list": String.raw`printf '[\n]'`,
  "ls --recursive": listTree("a", "b"),
  "policy show": showPolicies(JSON.stringify({ files: { ignore: IGNORED_BY_DEFAULT } })),
  "*": "echo unexpected command >&2; exit 1",
};

/** Writes an executable that plays kopia with a shell script. Each call is added to the file `calls`. */
export async function writeFakeKopia(folder: MoverFolder, script: FakeScript): Promise<string> {
  const path = folder.at("fake-kopia");
  const cases = Object.entries({ ...healthyScript, ...script })
    .toSorted(([a], [b]) => Number(a === "*") - Number(b === "*"))
    .map(([command, body]) => `${command === "*" ? "*" : `"${command}"`})\n${body}\n;;`);
  const text = `#!/bin/sh\necho "$1 $2" >>'${folder.at("calls")}'\nprintf '%s\\n' "$@" >>'${
    folder.at("words")
  }'\ncase "$1 $2" in\n${cases.join("\n")}\nesac\n`;
  await Deno.writeTextFile(path, text);
  await Deno.chmod(path, 0o755);
  return path;
}

/** A run of a mover with a fake kopia. */
export type FakeCase = Omit<MoverCase, "folder" | "binary"> & { readonly script?: FakeScript };

/**
 * What came of it: `calls` are kopia's commands in order, `words` everything it was called with, `scratch` what was
 * left in the scratch folder.
 */
export interface FakeEnd {
  readonly end: MoverEnd;
  readonly calls: readonly string[];
  readonly words: readonly string[];
  readonly scratch: readonly string[];
}

/** Runs a mover with a fake kopia in a folder of its own. */
export async function runFake({ script, ...given }: FakeCase): Promise<FakeEnd> {
  await using folder = await makeMoverFolder();
  const binary = await writeFakeKopia(folder, script ?? {});
  const end = await runCase({ folder, binary, ...given });
  const scratch = [...Deno.readDirSync(folder.at("scratch"))].map(({ name }) => name);
  return { end, calls: await readLines(folder, "calls"), words: await readLines(folder, "words"), scratch };
}

async function readLines(folder: MoverFolder, name: string): Promise<readonly string[]> {
  try {
    return (await Deno.readTextFile(folder.at(name))).trim().split("\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Shell text that prints a JSON text. */
export function printJson(json: string): string {
  return `cat <<'JSON'\n${json}\nJSON`;
}

/** Shell text that prints manifests as `snapshot list` does. */
export function printList(manifests: readonly string[]): string {
  return printJson(`[\n ${manifests.join(",\n ")}\n]`);
}

/** Shell text that tells whether the fake was already given a command. */
export function wasCalled(command: string): string {
  return `grep -q '${command}' "\${0%/*}/calls"`;
}

/** A manifest as kopia prints it; what is given replaces what is there. */
export function manifestJson(parts: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    id: "fc4d31be4d877d67f363bec80d112488",
    source: { host: "apps", userName: "app", path: "/pvc/data" },
    description: "",
    startTime: "2026-11-21T08:03:15.907064006Z",
    endTime: "2026-11-21T08:03:16.908575857Z",
    stats: { totalSize: 8, fileCount: 2, cachedFiles: 0, nonCachedFiles: 2, dirCount: 1, errorCount: 0 },
    rootEntry: {
      name: "data",
      type: "d",
      obj: "kd8e3d20b571805dc5d95c56f05c6aa9f",
      summ: { size: 8, files: 2, symlinks: 0, dirs: 1, numFailed: 0 },
    },
    tags: { "tag:kopiur-run": "uid-1" },
    ...parts,
  });
}
