import { join } from "node:path";
import { exists, runTool } from "../../tests/parts/mod.ts";
import type { Bundle } from "./bundle.ts";
import { checkDenort, chooseDenort, type Denort, fetchDenort } from "./denort.ts";
import { sha256Hex } from "./sha256.ts";
import type { Target } from "./target.ts";

/** What a compiled binary may do; nothing it is not granted here can be had later, and nobody is asked. */
export const PERMISSIONS: readonly string[] = [
  // All variables are read once; kopia and exec plugins inherit them.
  "--allow-env",
  // API servers, OTLP collectors and the listening port are configuration.
  "--allow-net",
  // Kubeconfigs, certificates, work specs and sources lie where people put them.
  "--allow-read",
  "--allow-write",
  // kopia, and credential plugins a kubeconfig names.
  "--allow-run",
  // Host name, processor time, memory.
  "--allow-sys",
  "--no-prompt",
];

/**
 * V8 keeps house for a browser: with its own settings a start with 10 000 Backups peaks at 240 MB. These cost at most
 * a tenth more CPU time; what is left as soon as 1 000 Backups are reconciled goes from 130 to 103 MB by the last two.
 */
const V8_FLAGS: readonly string[] = [
  // The heap may grow by so much of what lives before it is collected, and not to a multiple.
  "--heap-growing-percent=40",
  "--max-semi-space-size=4",
  // Without it the heap grows by at least 8 MB whatever the percentage says, with it by 2 MB.
  "--memory-saver-mode",
  // Each function that waits for Maglev holds 32 KB segments of the C heap, hundreds at a time after a start, and
  // glibc cannot give back what lies below a later allocation. So five times as many calls make a function hot.
  "--invocation-count-for-maglev=2000",
];

const FLAGS: readonly string[] = [
  `--v8-flags=${V8_FLAGS.join(",")}`,
  // A code cache would be read back from a shared temporary folder, where anyone may have put it.
  "--no-code-cache",
  "--no-check",
  "--no-config",
  "--no-lock",
  ...PERMISSIONS,
];

/** How long `deno compile` may take, the download of its runtime included. */
const LIMIT_SECONDS = 90;

/** What to compile. */
export interface CompileInput {
  readonly bundle: Bundle;
  /** Written into the binary as the time of its files, so that equal bundles give equal binaries. */
  readonly date: Date;
  readonly target: Target;
  readonly outputFolder: string;
  readonly denortBin: string | undefined;
}

/** A binary that is there now. */
export interface CompiledBinary {
  readonly path: string;
  readonly bytes: number;
  /** Undefined when Deno's own copy was used. */
  readonly denortBytes: number | undefined;
  readonly outcome: "compiled" | "unchanged";
}

/** Compiles a bundle for a target, unless the binary that is there came from the same input. */
export async function compileTarget(input: CompileInput): Promise<CompiledBinary> {
  const path = join(input.outputFolder, `kopiur-${input.target.triple}`);
  const stampPath = `${path}.input`;
  const denort = await chooseDenort(input.target, input.denortBin);
  const stamp = await inputStamp(input);
  if (exists(path) && (await readIfThere(stampPath)) === stamp) {
    return await describe(path, denort, "unchanged");
  }
  const used = await compileWithFallback(input, await checkDenort(input.target, denort), path);
  await Deno.writeTextFile(stampPath, stamp);
  return await describe(path, used, "compiled");
}

async function compileWithFallback(input: CompileInput, denort: Denort, path: string): Promise<Denort> {
  const failure = await compileWith(input, denort, path);
  if (failure === undefined) return denort;
  // Only a runtime that cannot be downloaded has another source; anything else is a fault of the bundle.
  if (denort.kind === "file" || !/denort-|base binary/.test(failure)) {
    throw new Error(`Cannot compile for ${input.target.triple}: ${failure}`);
  }
  const fetched = await fetchDenort(input.target);
  const second = await compileWith(input, fetched, path);
  if (second !== undefined) throw new Error(`Cannot compile for ${input.target.triple}: ${second}`);
  return fetched;
}

/** Runs `deno compile` in an empty folder; what it said when it failed. */
async function compileWith(input: CompileInput, denort: Denort, path: string): Promise<string | undefined> {
  const work = await Deno.makeTempDir({ prefix: "kopiur-compile-" });
  try {
    const { entry, modules } = input.bundle;
    for (const [name, source] of modules) {
      const path = join(work, name);
      await Deno.writeTextFile(path, source);
      await Deno.utime(path, input.date, input.date);
    }
    const args = ["compile", "--target", input.target.triple, ...FLAGS, "--output", "kopiur", entry];
    const env = denort.kind === "file" ? { DENORT_BIN: denort.path } : {};
    const result = await runCompile([Deno.execPath(), ...args], work, env);
    if (result !== undefined) return result;
    const fresh = `${path}.${Deno.pid}`;
    await Deno.copyFile(join(work, "kopiur"), fresh);
    await Deno.rename(fresh, path);
    return undefined;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function runCompile(
  argv: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const { DENORT_BIN: _replaced, ...inherited } = Deno.env.toObject();
  const options = { cwd, env: { ...inherited, ...env }, clearEnv: true, limitSeconds: LIMIT_SECONDS };
  try {
    const result = await runTool(argv, options);
    return result.code === 0 ? undefined : result.stderr.trim();
  } catch (error) {
    // A runtime that trickles or hangs is as good as one that cannot be reached.
    if (error instanceof Error && error.message.includes("was killed")) {
      return `base binary: ${error.message}`;
    }
    throw error;
  }
}

async function inputStamp(input: CompileInput): Promise<string> {
  const { entry, modules } = input.bundle;
  const settings = [Deno.version.deno, ...FLAGS, input.denortBin ?? "", input.date.toISOString(), entry];
  const parts = [...settings, ...[...modules].flat()];
  return await sha256Hex(new TextEncoder().encode(parts.join("\0")));
}

async function describe(
  path: string,
  denort: Denort,
  outcome: CompiledBinary["outcome"],
): Promise<CompiledBinary> {
  const bytes = (await Deno.stat(path)).size;
  const denortBytes = denort.kind === "file" ? (await Deno.stat(denort.path)).size : undefined;
  return { path, bytes, denortBytes, outcome };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
