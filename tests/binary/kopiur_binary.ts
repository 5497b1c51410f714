import { compileHost } from "../../deploy/compile/compile.ts";
import { runTool, stderrProgress, type ToolResult } from "../parts/mod.ts";

let compiled: Promise<string> | undefined;

/** The compiled program of this tree, compiled when anything changed; its path. */
export function kopiurBinary(): Promise<string> {
  return compiled ??= compileHost(stderrProgress).then(({ path }) => path);
}

/** How the program is started; nothing of the test's own environment reaches it. */
export interface KopiurOptions {
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the compiled program to its end. */
export async function runKopiur(args: readonly string[], options: KopiurOptions = {}): Promise<ToolResult> {
  const environment = { env: options.env ?? {}, clearEnv: true, limitSeconds: 60 };
  return await runTool([await kopiurBinary(), ...args], environment);
}

/** A folder that is gone after `work`. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kopiur-binary-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
