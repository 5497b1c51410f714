import { runTool } from "../../tests/parts/mod.ts";
import type { BuildStamp } from "./build_stamp.ts";

/** A module of the tree and all it imports as one module, without npm imports, with its stamp in the first line. */
export async function bundleModule(root: string, module: string, stamp: BuildStamp): Promise<string> {
  const args = ["bundle", "--quiet", "--frozen", module];
  const result = await runTool([Deno.execPath(), ...args], { cwd: root, limitSeconds: 300 });
  if (result.code !== 0) {
    throw new Error(`Cannot bundle ${module}: deno bundle exited ${result.code}: ${result.stderr.trim()}`);
  }
  return asciiSource(`${stampLine(stamp)}\n${result.stdout}`);
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
  return `const KOPIUR_BUILD = Object.freeze(${JSON.stringify(stamp)});`;
}

/** Imports of a bundle that a compiled binary could not load; empty for a whole one. */
export function foreignImports(bundle: string): readonly string[] {
  const specifiers = bundle.matchAll(/^(?:import|export)\b[^"'`;]*?["']([^"']+)["'];?$/gm);
  return [...specifiers].map(([, specifier = ""]) => specifier).filter((each) => !each.startsWith("node:"));
}
