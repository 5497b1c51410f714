import { pause } from "../cluster/mod.ts";
import { readProcessMemory } from "./figures/process_memory.ts";

/** What the reference program keeps, and what that takes. */
export interface Kept {
  readonly objects: number;
  readonly residentBytes: number;
}

const limitMs = 60_000;

/** How the reference program is run. */
export interface ListerRun {
  readonly program: string;
  readonly kubeconfigPath: string;
  readonly listPath: string;
  /** As long as a controller is given before it is measured. */
  readonly settleMs: number;
}

/** Runs programs/list_and_keep.ts, compiled, against an API server and reads its memory once it has listed. */
export async function listAndKeep(
  run: ListerRun,
  signal: AbortSignal,
): Promise<Kept> {
  const child = new Deno.Command(run.program, {
    args: [run.kubeconfigPath, run.listPath],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
    signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
  }).spawn();
  try {
    const objects = keptCount(await firstChunk(child.stdout));
    await pause(run.settleMs, signal);
    const residentBytes = readProcessMemory(child.pid)?.residentBytes;
    if (residentBytes === undefined) {
      throw new Error("Cannot measure list_and_keep: it has ended, expected it to wait");
    }
    return { objects, residentBytes };
  } finally {
    await child.stdin.close();
    await child.status;
  }
}

async function firstChunk(stream: ReadableStream<Uint8Array>): Promise<string> {
  for await (const chunk of stream.values({ preventCancel: true })) return new TextDecoder().decode(chunk);
  return "";
}

/** The number the program says it keeps. */
export function keptCount(line: string): number {
  const count = /^kept ([0-9]+)$/m.exec(line)?.[1];
  if (count !== undefined) return Number(count);
  throw new Error(`Cannot measure list_and_keep: it said "${line.trim()}", expected "kept" and a number`);
}
