import { join } from "node:path";
import { cacheFolder } from "./cache_folder.ts";
import { debianParts, packageMissingSentence } from "./debian_package.ts";
import type { Progress } from "./ensure.ts";
import { exists } from "./exists.ts";
import { withFileLock } from "./file_lock.ts";
import type { DebianPartName } from "./recipe.ts";
import { runTool, runToolOk } from "./run_tool.ts";
import { secondsText } from "./seconds.ts";

/** The absolute path of a Debian part; its package is installed or unpacked first where that is possible. */
export async function ensureDebianPart(name: DebianPartName, progress: Progress): Promise<string> {
  const found = findDebianPart(name);
  if (found !== undefined) return found;
  return await withFileLock(join(cacheFolder(), "debian", ".lock"), async () => {
    const meanwhile = findDebianPart(name);
    if (meanwhile !== undefined) return meanwhile;
    const started = performance.now();
    progress(`fetching Debian package ${debianParts[name].package} (once) …`);
    await fetchPackage(name);
    const now = findDebianPart(name);
    if (now === undefined) throw new Error(packageMissingSentence(name, "its package did not bring it"));
    progress(`fetched ${debianParts[name].package} in ${secondsText((performance.now() - started) / 1000)}`);
    return now;
  });
}

/** Where the part is on this machine or in the cache; undefined when it is nowhere. */
export function findDebianPart(name: DebianPartName): string | undefined {
  const part = debianParts[name];
  const unpacked = part.way === "unpack"
    ? part.candidates.map((path) => join(unpackFolder(part.package), path))
    : [];
  return [...part.candidates, ...unpacked].find(exists);
}

function unpackFolder(packageName: string): string {
  return join(cacheFolder(), "debian", packageName);
}

/** One sentence when the part is not here and cannot be fetched by this user on this machine, else undefined. */
export function debianPartMissing(name: DebianPartName): string | undefined {
  if (findDebianPart(name) !== undefined) return undefined;
  if (!exists("/usr/bin/apt-get")) {
    return packageMissingSentence(name, "this is no Debian, so it cannot be fetched for you");
  }
  if (debianParts[name].way === "unpack" || Deno.uid() === 0) return undefined;
  return packageMissingSentence(name, "only root can install it");
}

async function fetchPackage(name: DebianPartName): Promise<void> {
  const part = debianParts[name];
  const missing = debianPartMissing(name);
  if (missing !== undefined) throw new Error(missing);
  if (part.way === "unpack") return await unpack(name);
  await aptGet(name, ["install", "-y", "--no-install-recommends", part.package]);
}

async function unpack(name: DebianPartName): Promise<void> {
  const { package: packageName } = debianParts[name];
  const download = await Deno.makeTempDir({ dir: join(cacheFolder(), "debian"), prefix: ".download-" });
  try {
    // apt fetches as its own user, who must be able to write here.
    await Deno.chmod(download, 0o777);
    await aptGet(name, ["download", packageName], download);
    const archives = [...Deno.readDirSync(download)].filter((entry) => entry.name.endsWith(".deb"));
    const tree = join(download, "tree");
    for (const archive of archives) await runToolOk(["dpkg", "-x", join(download, archive.name), tree]);
    await Deno.rename(tree, unpackFolder(packageName));
  } finally {
    await Deno.remove(download, { recursive: true });
  }
}

async function aptGet(name: DebianPartName, args: readonly string[], cwd = "/"): Promise<void> {
  const run = () =>
    runTool(["apt-get", "-q", ...args], {
      cwd,
      env: { DEBIAN_FRONTEND: "noninteractive" },
      limitSeconds: 600,
    });
  const first = await run();
  if (first.code === 0) return;
  // The package lists of a fresh image are empty or old.
  if (Deno.uid() === 0) await runTool(["apt-get", "-q", "update"], { limitSeconds: 600 });
  const second = await run();
  if (second.code === 0) return;
  const said = second.stderr.trim().split("\n").at(-1) ?? "";
  throw new Error(packageMissingSentence(name, `apt-get failed with "${said}"`));
}
