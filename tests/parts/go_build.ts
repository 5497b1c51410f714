import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { GoSet } from "./recipe.ts";
import { runTool, runToolOk } from "./run_tool.ts";

const buildEnvironment = { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false", GOWORK: "off" };

/** The folder of a set's go.mod, go.sum and, if it has one, main.go. */
export function setFolder(set: GoSet): string {
  return join(fileURLToPath(new URL("./go", import.meta.url)), set.name);
}

/**
 * A key that changes with everything a set's binaries are made from: its files, its recipe, the build flags, the
 * platform. The Go toolchain is left out: go.mod names the least one, and a newer one is no reason to build again.
 */
export function setKey(set: GoSet): string {
  const hash = createHash("sha256");
  for (const name of ["go.mod", "go.sum", "main.go"]) {
    hash.update(`${name}\n`).update(readIfThere(join(setFolder(set), name)));
  }
  hash.update(JSON.stringify([set, buildEnvironment, Deno.build.os, Deno.build.arch]));
  return hash.digest("hex").slice(0, 12);
}

function readIfThere(path: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return new Uint8Array();
    throw cause;
  }
}

/** One sentence when this machine cannot build the set for want of Go, else undefined. */
export async function goMissing(set: GoSet): Promise<string | undefined> {
  const wanted = /^go (\S+)$/m.exec(await Deno.readTextFile(join(setFolder(set), "go.mod")))?.[1] ?? "1.26";
  const mend = `expected Go ${wanted} or newer on the PATH: install it from https://go.dev/dl/`;
  const found = await runTool(["go", "env", "GOVERSION"], { cwd: setFolder(set), limitSeconds: 600 })
    .catch(() => undefined);
  if (found === undefined) return `Cannot build ${set.name} ${set.version}: Go is not installed, ${mend}`;
  if (found.code === 0) return undefined;
  const said = found.stderr.trim().split("\n").at(-1) ?? "";
  return `Cannot build ${set.name} ${set.version}: "go" says "${said}", ${mend}`;
}

/** Builds every binary of a set into `folder`, with links for its other names. */
export async function buildSet(set: GoSet, folder: string, signal?: AbortSignal): Promise<void> {
  for (const binary of set.binaries) {
    const [file, ...links] = binary.names;
    const argv = [
      "go",
      "build",
      "-trimpath",
      "-ldflags",
      linkerFlags(set),
      "-o",
      join(folder, file),
      binary.package,
    ];
    await runToolOk(argv, {
      cwd: setFolder(set),
      env: buildEnvironment,
      limitSeconds: 3600,
      ...(signal === undefined ? {} : { signal }),
    });
    for (const link of links) await Deno.symlink(file, join(folder, link));
  }
}

function linkerFlags(set: GoSet): string {
  const variables = Object.entries(set.variables).map(([name, value]) => `-X=${name}=${value}`);
  return ["-s", "-w", ...variables].join(" ");
}
