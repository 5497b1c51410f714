import { join } from "node:path";
import { chooseDenort } from "../../deploy/compile/denort.ts";
import { hostTarget } from "../../deploy/compile/compile.ts";
import { PERMISSIONS } from "../../deploy/compile/compile_target.ts";
import { runToolOk } from "../parts/mod.ts";

/** A small program of this folder to measure against; without imports, for nothing is bundled. */
export type ReferenceProgram = "hello" | "list_and_keep";

/** Compiles a reference program with the runtime of the product into `folder`; answers with its path. */
export async function compileProgram(name: ReferenceProgram, folder: string): Promise<string> {
  const source = join(folder, `${name}.ts`);
  const output = join(folder, name);
  await Deno.copyFile(new URL(`./programs/${name}.ts`, import.meta.url), source);
  const denort = await chooseDenort(hostTarget(), Deno.env.get("DENORT_BIN"));
  const flags = ["--no-check", "--no-config", "--no-lock", "--no-code-cache", ...PERMISSIONS];
  await runToolOk([Deno.execPath(), "compile", "--quiet", ...flags, "--output", output, source], {
    cwd: folder,
    ...(denort.kind === "file" ? { env: { DENORT_BIN: denort.path } } : {}),
  });
  return output;
}
