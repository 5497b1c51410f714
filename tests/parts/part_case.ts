import { join } from "node:path";
import { debianPartMissing } from "./debian.ts";
import { isDebianPart } from "./debian_package.ts";
import { setCacheFolder } from "./ensure.ts";
import { exists } from "./exists.ts";
import { goSetOf, type PartName } from "./recipe.ts";
import { missingPartPolicy } from "./requirement.ts";

/** A test that runs against real parts. */
export interface PartTestOptions {
  readonly name: string;
  readonly parts: readonly PartName[];
  /** What else the test needs of the machine: one sentence when it is missing. */
  readonly machineMissing?: () => string | undefined;
  readonly fn: (t: Deno.TestContext) => void | Promise<void>;
}

/**
 * Registers a test that needs parts. Where they cannot be had the test is skipped under a name that says why, or,
 * with the policy "require", fails with the same sentence.
 */
export function partTest(options: PartTestOptions): void {
  const missing = missingParts(options.parts) ?? options.machineMissing?.();
  if (missing === undefined) return Deno.test(options.name, options.fn);
  if (missingPartPolicy() === "skip") {
    return Deno.test({ name: `${options.name} (skipped: ${missing})`, ignore: true, fn: options.fn });
  }
  Deno.test(options.name, () => {
    throw new Error(missing);
  });
}

/** One sentence naming the first part that is neither here nor can be made here; undefined when all can. */
export function missingParts(names: readonly PartName[]): string | undefined {
  return names.map(missingPart).find((sentence) => sentence !== undefined);
}

function missingPart(name: PartName): string | undefined {
  if (isDebianPart(name)) return debianPartMissing(name);
  const set = goSetOf(name);
  if (set !== undefined && exists(setCacheFolder(set))) return undefined;
  if (Deno.build.os !== "linux") return `Cannot run ${name}: this is ${Deno.build.os}, expected Linux`;
  const path = Deno.env.get("PATH") ?? "";
  if (path.split(":").some((folder) => exists(join(folder, "go")))) return undefined;
  return `Cannot build ${name}: Go is not on the PATH, expected it from https://go.dev/dl/`;
}
