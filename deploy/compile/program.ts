import { join } from "node:path";
import { buildStamp, readRevision } from "./build_stamp.ts";
import { type Bundle, bundleModule, foreignImports } from "./bundle.ts";

/** The program, ready to be compiled for any platform. */
export interface Program {
  readonly version: string;
  readonly bundle: Bundle;
  readonly date: Date;
}

/** Bundles the tree at `root`, with what git and deno.json say of it baked in. */
export async function bundleTree(root: string, sourceDateEpoch: string | undefined): Promise<Program> {
  const stamp = buildStamp(await readVersion(root), await readRevision(root), sourceDateEpoch);
  const bundle = await bundleModule(root, "mod.ts", stamp);
  const foreign = foreignImports(bundle);
  if (foreign.length > 0) {
    throw new Error(
      `Cannot compile the bundle: it imports "${
        foreign.join('", "')
      }", expected node: modules and its own only`,
    );
  }
  return { version: stamp.version, bundle, date: new Date(stamp.date) };
}

async function readVersion(root: string): Promise<string> {
  const config: unknown = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const version = typeof config === "object" && config !== null && "version" in config
    ? config.version
    : undefined;
  if (typeof version === "string") return version;
  throw new Error("Cannot read the version: deno.json has none, expected a text");
}
