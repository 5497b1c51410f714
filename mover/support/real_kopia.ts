import { join } from "node:path";
import { partPath, runToolOk } from "../../tests/parts/mod.ts";
import { RUN_TAG } from "../../api/mover/contract.ts";
import { type MoverFolder, password } from "./mover_case.ts";

/** A snapshot as a person sees it with plain kopia. */
export interface ListedSnapshot {
  readonly id: string;
  readonly incomplete?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly description?: string;
  readonly source: { readonly userName: string; readonly host: string; readonly path: string };
  readonly startTime: string;
  readonly endTime: string;
  readonly rootEntry: { readonly summ: { readonly size: number; readonly files: number } };
}

/** The parts of a policy that tests look at, as kopia shows them. */
export interface WorkingParts {
  readonly files?: { readonly ignore?: readonly string[]; readonly ignoreCacheDirs?: boolean };
  readonly compression?: { readonly compressorName?: string; readonly neverCompress?: readonly string[] };
  readonly splitter?: { readonly algorithm?: string };
  readonly errorHandling?: Readonly<Record<string, boolean>>;
}

/** The uid that kopia gets where the tests run as root, who may read everything. */
export const unprivilegedUid = 65532;

/** Plain kopia as a person on another machine uses it: its own identity, config and cache, no mover involved. */
export class PlainKopia {
  readonly #binary: string;
  readonly #folder: MoverFolder;
  readonly #secrets: Readonly<Record<string, string>>;

  constructor(binary: string, folder: MoverFolder, secrets: Readonly<Record<string, string>> = {}) {
    this.#binary = binary;
    this.#folder = folder;
    this.#secrets = { KOPIA_PASSWORD: password, ...secrets };
  }

  /** Runs a command and answers with its stdout; another exit code than 0 is an error. */
  async run(...args: readonly string[]): Promise<string> {
    return await runToolOk([this.#binary, ...args], {
      clearEnv: true,
      env: {
        KOPIA_CONFIG_PATH: this.#folder.at("plain", "repository.config"),
        KOPIA_CACHE_DIRECTORY: this.#folder.at("plain", "cache"),
        KOPIA_LOG_DIR: this.#folder.at("plain", "logs"),
        KOPIA_CHECK_FOR_UPDATES: "false",
        ...this.#secrets,
      },
    });
  }

  /** Creates a repository as `kopia repository create` does for anybody. */
  async create(path: string, ...flags: readonly string[]): Promise<void> {
    await this.run("repository", "create", "filesystem", `--path=${path}`, ...flags);
  }

  async connect(path: string): Promise<void> {
    await this.run("repository", "connect", "filesystem", `--path=${path}`);
  }

  /** Every snapshot of the repository. */
  async list(): Promise<readonly ListedSnapshot[]> {
    return JSON.parse(await this.run("snapshot", "list", "--all", "--json"));
  }

  /** The finished snapshots of a run. */
  async finishedOf(runId: string): Promise<readonly ListedSnapshot[]> {
    return (await this.list()).filter(({ tags, incomplete }) =>
      tags?.[`tag:${RUN_TAG}`] === runId && incomplete === undefined
    );
  }

  /** What the policies of the repository say themselves, by target. */
  async said(): Promise<Readonly<Record<string, unknown>>> {
    return JSON.parse(await this.run("policy", "export"));
  }

  /** A policy as it works. */
  async working(target: string): Promise<WorkingParts> {
    return JSON.parse(await this.run("policy", "show", "--json", target));
  }

  /** The six keeps of a policy: latest, hourly, daily, weekly, monthly, annual. */
  async keeps(target: string): Promise<readonly number[]> {
    const shown = await this.run("policy", "show", "--json", target);
    const { retention } = JSON.parse(shown);
    const names = ["keepLatest", "keepHourly", "keepDaily", "keepWeekly", "keepMonthly", "keepAnnual"];
    return names.map((name) => retention[name]);
  }
}

/** Path of the real kopia. */
export async function kopiaPath(): Promise<string> {
  return await partPath("kopia");
}

/** A kopia that may not read everything, also where the tests run as root. */
export async function unprivilegedKopia(folder: MoverFolder): Promise<string> {
  const real = await kopiaPath();
  if (Deno.uid() !== 0) return real;
  // The cache of parts lies in root's home, which nobody else may enter.
  const copy = folder.at("kopia");
  await Deno.copyFile(real, copy);
  await Deno.chmod(copy, 0o755);
  return await writeExecutable(
    folder.at("kopia-unprivileged"),
    // In a container mover and kopia are one user; here the mover's scratch folders are root's.
    `chmod -f a+rwX '${folder.at("scratch")}'/* '${
      folder.at("cache")
    }'/*.config\nexec setpriv --reuid=${unprivilegedUid} --regid=${unprivilegedUid} --clear-groups '${copy}' "$@"`,
  );
}

/** Writes a shell script that can be run. */
export async function writeExecutable(path: string, body: string): Promise<string> {
  await Deno.writeTextFile(path, `#!/bin/sh\n${body}\n`);
  await Deno.chmod(path, 0o755);
  return path;
}

/** Writes files, by path below the folder; folders are made. */
export async function writeTree(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    const parent = join(folder, path, "..");
    await Deno.mkdir(parent, { recursive: true });
    await Deno.writeFile(
      join(folder, path),
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  }
}

/** Bytes that do not compress and are the same for the same seed. */
export function noise(length: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed >>> 0 || 1;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}
