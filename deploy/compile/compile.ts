/** `deno task compile`: the program as one binary per platform, in `build/`. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Bundle } from "./bundle.ts";
import { type CompiledBinary, compileTarget } from "./compile_target.ts";
import { bundleTree, type Program } from "./program.ts";
import { findTarget, type Target, TARGETS } from "./target.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const usage = `usage: ./denow task compile [--host | <target>…]

Without arguments every target is compiled; one whose runtime cannot be had is skipped by name.
Targets: ${TARGETS.map((target) => target.triple).join(", ")}`;

/** The binary of this machine, compiled when anything changed. */
export async function compileHost(
  progress: (line: string) => void,
): Promise<
  { readonly path: string; readonly version: string; readonly date: Date; readonly target: Target }
> {
  const target = hostTarget();
  const program = await bundleTree(ROOT, Deno.env.get("SOURCE_DATE_EPOCH"));
  const path = await compileFor(target, program, progress);
  return { path, version: program.version, date: program.date, target };
}

async function compileFor(
  target: Target,
  program: Program,
  progress: (line: string) => void,
): Promise<string> {
  const outputFolder = join(ROOT, "build");
  await Deno.mkdir(outputFolder, { recursive: true });
  await writeModules(join(outputFolder, "bundle"), program.bundle);
  const denortBin = Deno.env.get("DENORT_BIN");
  const binary = await compileTarget({ ...program, target, outputFolder, denortBin });
  progress(describe(target, binary));
  if (target.triple === Deno.build.target) await linkHostBinary(outputFolder, target);
  return binary.path;
}

/** The target this machine runs; throws on one no release is made for. */
export function hostTarget(): Target {
  const target = findTarget(Deno.build.target);
  if (target !== undefined) return target;
  const expected = TARGETS.map((each) => `"${each.triple}"`).join(" or ");
  throw new Error(`Cannot compile for this machine: it is "${Deno.build.target}", expected ${expected}`);
}

function describe(target: Target, binary: CompiledBinary): string {
  const size = `${(binary.bytes / 1e6).toFixed(1)} MB`;
  const ratio = binary.denortBytes === undefined
    ? ""
    : `, ${(binary.bytes / binary.denortBytes).toFixed(3)} × denort (aim 1.05)`;
  return `build/kopiur-${target.triple}: ${binary.outcome}, ${size}${ratio}`;
}

/** `build/kopiur` is the binary of this machine, `build/kubectl-kopiur` the same as kubectl calls it. */
async function linkHostBinary(folder: string, target: Target): Promise<void> {
  for (const name of ["kopiur", "kubectl-kopiur"]) {
    const fresh = join(folder, `.${name}.${Deno.pid}`);
    await Deno.symlink(`kopiur-${target.triple}`, fresh);
    await Deno.rename(fresh, join(folder, name));
  }
}

/** What the lines of a stack trace are in; modules of earlier builds go. */
async function writeModules(folder: string, { modules }: Bundle): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, source] of modules) {
    const fresh = join(folder, `.${name}.${Deno.pid}`);
    await Deno.writeTextFile(fresh, source);
    await Deno.rename(fresh, join(folder, name));
  }
  for (const { name } of Deno.readDirSync(folder)) {
    if (name.endsWith(".js") && !modules.has(name)) await removeIfThere(join(folder, name));
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    // Another compilation of the same tree removed it as well.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function compileEveryTarget(): Promise<void> {
  const program = await bundleTree(ROOT, Deno.env.get("SOURCE_DATE_EPOCH"));
  for (const target of TARGETS) {
    try {
      await compileFor(target, program, console.log);
    } catch (error) {
      if (target.triple === Deno.build.target) throw error;
      console.log(`build/kopiur-${target.triple}: skipped: ${messageOf(error)}`);
    }
  }
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(usage);
    return 0;
  }
  if (args.length === 0) {
    await compileEveryTarget();
    return 0;
  }
  const targets = args.map((arg) => arg === "--host" ? hostTarget() : findTarget(arg));
  const unknown = targets.indexOf(undefined);
  if (unknown >= 0) {
    console.error(
      `Cannot compile for "${args[unknown]}": it is no target, expected one of the list\n\n${usage}`,
    );
    return 2;
  }
  const program = await bundleTree(ROOT, Deno.env.get("SOURCE_DATE_EPOCH"));
  for (const target of targets.filter((each) => each !== undefined)) {
    await compileFor(target, program, console.log);
  }
  return 0;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    console.error(messageOf(error));
    Deno.exit(1);
  }
}
