import { dirname, join } from "node:path";
import { cacheFolder } from "./cache_folder.ts";
import { ensureDebianPart } from "./debian.ts";
import { isDebianPart } from "./debian_package.ts";
import { diskMissing } from "./disk.ts";
import { exists } from "./exists.ts";
import { withFileLock } from "./file_lock.ts";
import { buildSet, goMissing, setKey } from "./go_build.ts";
import { type GoSet, goSetOf, type PartName } from "./recipe.ts";
import { secondsText } from "./seconds.ts";

/** Receives one line for a person at each step that takes time. */
export type Progress = (line: string) => void;

/** Tells a person on standard error, which every command of the project keeps free for this. */
export function stderrProgress(line: string): void {
  console.error(line);
}

/** The absolute path of a part; it is built or installed first when it is not there yet. */
export async function partPath(name: PartName, progress: Progress = stderrProgress): Promise<string> {
  if (isDebianPart(name)) return await ensureDebianPart(name, progress);
  const set = goSetOf(name);
  if (set === undefined) throw new Error(`Cannot find the part "${name}": no recipe has it`);
  return join(await ensureSet(set, progress), name);
}

/** Makes several parts, in the order given, and answers with their paths. */
export async function ensureParts<N extends PartName>(
  names: readonly N[],
  progress: Progress = stderrProgress,
): Promise<Readonly<Record<N, string>>> {
  const found: [N, string][] = [];
  for (const name of names) found.push([name, await partPath(name, progress)]);
  // The entries were made from exactly these names.
  return Object.fromEntries(found) as Record<N, string>;
}

/** The folder in the cache a set is or will be built into. */
export function setCacheFolder(set: GoSet): string {
  return join(cacheFolder(), "parts", `${set.name}-${set.version}-${setKey(set)}`);
}

async function ensureSet(set: GoSet, progress: Progress): Promise<string> {
  const folder = setCacheFolder(set);
  if (exists(folder)) return folder;
  return await withFileLock(join(dirname(folder), `.${set.name}.lock`), async () => {
    // Another process may have built it while this one waited for the lock.
    if (!exists(folder)) await buildInto(set, folder, progress);
    return folder;
  });
}

async function buildInto(set: GoSet, folder: string, progress: Progress): Promise<void> {
  const missing = await goMissing(set) ??
    await diskMissing(dirname(folder), `build ${set.name} ${set.version}`);
  if (missing !== undefined) throw new Error(missing);
  await removeAbandonedBuilds(set, dirname(folder));
  const started = performance.now();
  progress(`building ${set.name} ${set.version} (once) …`);
  const work = await Deno.makeTempDir({ dir: dirname(folder), prefix: `.${set.name}-` });
  try {
    await buildSet(set, work);
    await Deno.chmod(work, 0o755);
    await Deno.rename(work, folder);
  } catch (cause) {
    await Deno.remove(work, { recursive: true });
    throw cause;
  }
  progress(`built ${set.name} ${set.version} in ${secondsText((performance.now() - started) / 1000)}`);
}

/** What a build that was killed left: whoever holds the set's lock may remove it. */
async function removeAbandonedBuilds(set: GoSet, folder: string): Promise<void> {
  for (const { name, isDirectory } of [...Deno.readDirSync(folder)]) {
    if (isDirectory && name.startsWith(`.${set.name}-`)) {
      await Deno.remove(join(folder, name), { recursive: true });
    }
  }
}
