import { runToolOk } from "../../tests/parts/mod.ts";

/**
 * The files a dynamically linked program needs to start, the loader included, by the paths its loader looks
 * for them at; sorted. Throws for a library that is not on this machine.
 */
export async function sharedLibraries(program: string): Promise<readonly string[]> {
  return parseLdd(await runToolOk(["ldd", program], { limitSeconds: 30, env: { LC_ALL: "C" } }));
}

/** The paths in what ldd printed. Throws when one is missing, or when there is none at all. */
export function parseLdd(output: string): readonly string[] {
  const paths: string[] = [];
  for (const line of output.split("\n").map((each) => each.trim())) {
    const missing = /^(\S+) => not found/.exec(line);
    if (missing !== null) {
      throw new Error(
        `Cannot collect shared libraries: "${missing[1]}" is not on this machine, expected glibc and libgcc`,
      );
    }
    const found = /^(?:\S+ => )?(\/\S+) \(0x[0-9a-f]+\)$/.exec(line);
    if (found?.[1] !== undefined) paths.push(found[1]);
  }
  if (paths.length === 0) {
    throw new Error(
      "Cannot collect shared libraries: ldd names none, expected those of a dynamically linked program",
    );
  }
  return paths.sort();
}
