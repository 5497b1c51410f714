/** `deno task image`: binary, kopia and the glibc base they need as one OCI archive in `build/`, without a daemon. */
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { exists, partPath } from "../../tests/parts/mod.ts";
import { compileHost } from "../compile/compile.ts";
import { baseLayer, kopiaLayer, kopiurLayer, PROGRAM_PATH, USER_ID } from "./layers.ts";
import { keepArchive } from "./keep_archive.ts";
import { type Image, ociArchive } from "./oci_archive.ts";
import { sharedLibraries } from "./shared_libraries.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const usage = "usage: ./denow task image [--name <registry/repository:tag>] [--output <file>]";

/**
 * The environment of every container of the image. One arena, for glibc would keep what each of the program's threads
 * once needed: twice the memory in use.
 */
export const IMAGE_ENV = { PATH: "/usr/local/bin", MALLOC_ARENA_MAX: "1" } as const;

/** What to call the image and where to put it. */
export interface ImageRequest {
  /** `kopiur.local/kopiur:<version>` by default. */
  readonly name?: string;
  /** `build/kopiur-image.tar` by default. */
  readonly output?: string;
}

/** An archive that `ctr images import` and `docker load` take. */
export interface BuiltImage {
  readonly name: string;
  readonly path: string;
  readonly digest: string;
  readonly sizeBytes: number;
  /** Of kopiur and kopia alone. */
  readonly programBytes: number;
}

/**
 * Compiles what changed and writes the image of this machine's architecture. Equal input gives equal bytes, so an
 * archive that already is what would be written is left as it is.
 */
export async function buildImage(
  request: ImageRequest,
  progress: (line: string) => void,
): Promise<BuiltImage> {
  const binary = await compileHost(progress);
  const kopia = await partPath("kopia", progress);
  const path = request.output ?? join(ROOT, "build", "kopiur-image.tar");
  const created = binary.date.toISOString();
  const image: Image = {
    name: request.name ?? `kopiur.local/kopiur:${binary.version}`,
    layers: [
      baseLayer(await sharedLibraries(binary.path), exists),
      kopiaLayer(kopia),
      kopiurLayer(binary.path, join(ROOT, "LICENSE")),
    ],
    config: {
      architecture: binary.target.architecture,
      entrypoint: [`/${PROGRAM_PATH.kopiur}`],
      user: `${USER_ID}:${USER_ID}`,
      env: IMAGE_ENV,
      labels: imageLabels(binary.version, created),
      created,
    },
  };
  const archive = await ociArchive(image);
  const outcome = await keepArchive(path, archive);
  const sizeBytes = (await Deno.stat(path)).size;
  progress(`${relative(ROOT, path)}: ${outcome}, ${(sizeBytes / 1e6).toFixed(1)} MB`);
  const { name, digest } = archive;
  const programBytes = (await Deno.stat(binary.path)).size + (await Deno.stat(kopia)).size;
  return { name, digest, sizeBytes, path, programBytes };
}

/** What the image says of itself. */
export function imageLabels(version: string, created: string): Readonly<Record<string, string>> {
  const annotation = (name: string) => `org.opencontainers.image.${name}`;
  return {
    [annotation("title")]: "kopiur",
    [annotation("description")]: "Backs up Kubernetes volumes into kopia repositories",
    [annotation("version")]: version,
    [annotation("created")]: created,
    // kopiur and kopia; Deno and V8; glibc; libgcc; the Mozilla certificate authorities.
    [annotation("licenses")]:
      "Apache-2.0 AND MIT AND BSD-3-Clause AND LGPL-2.1-or-later AND GPL-3.0-or-later WITH GCC-exception-3.1 AND MPL-2.0",
  };
}

function parseRequest(args: readonly string[]): ImageRequest | undefined {
  const found: { name?: string; output?: string } = {};
  for (let at = 0; at < args.length; at += 2) {
    const value = args[at + 1];
    if (value === undefined) return undefined;
    if (args[at] === "--name") found.name = value;
    else if (args[at] === "--output") found.output = value;
    else return undefined;
  }
  return found;
}

async function main(args: readonly string[]): Promise<number> {
  const request = parseRequest(args);
  if (request === undefined) {
    console.error(usage);
    return args.includes("--help") ? 0 : 2;
  }
  const image = await buildImage(request, console.error);
  const ratio = (image.sizeBytes / image.programBytes).toFixed(3);
  console.log(`${image.path}: ${image.name} ${image.digest}`);
  console.log(`${(image.sizeBytes / 1e6).toFixed(1)} MB, ${ratio} × binary + kopia (aim 1.15)`);
  return 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
