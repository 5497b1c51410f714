/** `parts [list|path NAME|NAME…]`: builds every part (or those named), or tells where they are. */
import { cacheFolder } from "./cache_folder.ts";
import { findDebianPart } from "./debian.ts";
import { debianParts, isDebianPart } from "./debian_package.ts";
import { ensureParts, partPath, setCacheFolder } from "./ensure.ts";
import { exists } from "./exists.ts";
import { goPartNames, goSets, type PartName } from "./recipe.ts";
import { secondsText } from "./seconds.ts";

const usage = `Usage: parts [build] [PART…] | list | path PART

build  builds or fetches every part, or those named, into ${cacheFolder()}
list   says of each part where it is, or that it is not there yet
path   prints the path of one part, building it if needed`;

async function main(argv: readonly string[]): Promise<number> {
  const [command = "build", ...rest] = argv;
  if (command === "list") return list();
  const names = command === "build" || command === "path" ? rest : argv;
  const unknown = names.find((name) => !isPartName(name));
  if (unknown !== undefined || (command === "path" && names.length !== 1)) {
    console.error(unknown === undefined ? usage : `Cannot find the part "${unknown}"\n\n${usage}`);
    return 2;
  }
  const parts = names.filter(isPartName);
  if (command === "path") {
    for (const part of parts) console.log(await partPath(part));
    return 0;
  }
  const started = performance.now();
  await ensureParts(parts.length > 0 ? parts : allParts());
  console.log(`parts ready in ${secondsText((performance.now() - started) / 1000)}: ${cacheFolder()}`);
  return 0;
}

function list(): number {
  for (const set of goSets) {
    const folder = setCacheFolder(set);
    console.log(`${`${set.name} ${set.version}`.padEnd(20)} ${exists(folder) ? folder : "not built"}`);
  }
  for (const name of Object.keys(debianParts).filter(isDebianPart)) {
    console.log(`${name.padEnd(20)} ${findDebianPart(name) ?? "not installed"}`);
  }
  return 0;
}

function allParts(): readonly PartName[] {
  return [...Object.keys(debianParts).filter(isDebianPart), ...goPartNames];
}

function isPartName(name: string): name is PartName {
  return isDebianPart(name) || goPartNames.some((part) => part === name);
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (cause) {
    console.error(cause instanceof Error ? cause.message : String(cause));
    Deno.exit(1);
  }
}
