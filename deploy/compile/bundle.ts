import { basename, join } from "node:path";
import { runTool } from "../../tests/parts/mod.ts";
import type { BuildStamp } from "./build_stamp.ts";

/** What `cmd/build.ts` calls its stamp. */
const STAMP_NAME = "KOPIUR_BUILD";

/** A program as modules beside each other in one folder; a dynamic import reads its modules only then. */
export interface Bundle {
  /** Name of the module that is run. */
  readonly entry: string;
  /** Sources by name, in the order of names. */
  readonly modules: ReadonlyMap<string, string>;
}

/**
 * A module of the tree and all it imports, without npm imports, with its stamp where it is read. Each dynamic import
 * is a module of its own: one source would have to be read, parsed and kept in memory by every process as a whole.
 */
export async function bundleModule(root: string, module: string, stamp: BuildStamp): Promise<Bundle> {
  const folder = await Deno.makeTempDir({ prefix: "kopiur-bundle-" });
  try {
    const args = ["bundle", "--quiet", "--frozen", "--code-splitting", "--outdir", folder, module];
    const result = await runTool([Deno.execPath(), ...args], { cwd: root, limitSeconds: 300 });
    if (result.code !== 0) {
      throw new Error(`Cannot bundle ${module}: deno bundle exited ${result.code}: ${result.stderr.trim()}`);
    }
    return { entry: `${basename(module, ".ts")}.js`, modules: await readModules(folder, stamp) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function readModules(folder: string, stamp: BuildStamp): Promise<ReadonlyMap<string, string>> {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  const modules = new Map<string, string>();
  for (const name of names) {
    const source = await Deno.readTextFile(join(folder, name));
    const stamped = source.includes(STAMP_NAME) ? `${stampLine(stamp)}\n${source}` : source;
    modules.set(name, asciiSource(stamped));
  }
  return modules;
}

/**
 * The same program in ASCII. One character beyond Latin-1, be it in a comment, makes the engine keep the whole
 * source in two bytes per character: 4 MB more in every process.
 */
export function asciiSource(source: string): string {
  // deno-lint-ignore no-control-regex
  return source.replace(/(\\*)([^\x00-\x7f])/g, (_all, backslashes: string, unit: string) => {
    // An escaped character that needs no escape means itself; its backslash would undo ours.
    const kept = backslashes.slice(backslashes.length % 2);
    return `${kept}\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** The line `cmd/build.ts` finds its stamp in. */
export function stampLine(stamp: BuildStamp): string {
  return `const ${STAMP_NAME} = Object.freeze(${JSON.stringify(stamp)});`;
}

/** Imports of a bundle that a compiled binary could not load; empty for a whole one. */
export function foreignImports({ modules }: Bundle): readonly string[] {
  const imported = [...modules.values()].flatMap((source) => [
    ...source.matchAll(/^(?:import|export)\b[^"'`;]*?["']([^"']+)["'];?$/gm),
  ]);
  const specifiers = imported.map(([, specifier = ""]) => specifier);
  return specifiers.filter((each) => !each.startsWith("node:") && !modules.has(each.replace(/^\.\//, "")));
}
