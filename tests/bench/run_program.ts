import { pause } from "../cluster/mod.ts";
import { readProcessMemory } from "./figures/process_memory.ts";

/** A program to run to its end. */
export interface ProgramRun {
  readonly argv: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly limitSeconds: number;
}

/** What running it took. */
export interface ProgramCost {
  readonly seconds: number;
  /** The most memory the program itself had resident; what it started does not count. */
  readonly peakBytes: number;
}

const lookEveryMs = 20;

/** Runs a program to its end; a failure is an error with its last words. Measures nothing but the program. */
export async function runProgram(run: ProgramRun, signal: AbortSignal): Promise<ProgramCost> {
  const [command = "", ...args] = run.argv;
  const limit = AbortSignal.timeout(run.limitSeconds * 1000);
  const started = performance.now();
  const child = new Deno.Command(command, {
    args,
    env: { ...run.env },
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.any([limit, signal]),
  }).spawn();
  const output = child.output();
  const watching = new AbortController();
  const peak = watchPeak(child.pid, watching.signal);
  const { code, stdout, stderr } = await output;
  const seconds = (performance.now() - started) / 1000;
  watching.abort();
  signal.throwIfAborted();
  if (code !== 0) throw failure(run, code, limit.aborted, [stderr, stdout]);
  return { seconds, peakBytes: await peak };
}

/** The kernel keeps the peak; it is read until the program ends, for then it is gone. */
async function watchPeak(pid: number, ended: AbortSignal): Promise<number> {
  let peakBytes = 0;
  while (!ended.aborted) {
    peakBytes = Math.max(peakBytes, readProcessMemory(pid)?.peakBytes ?? 0);
    await pause(lookEveryMs, ended).catch(() => undefined);
  }
  return peakBytes;
}

function failure(
  { argv, limitSeconds }: ProgramRun,
  code: number,
  late: boolean,
  streams: readonly Uint8Array[],
): Error {
  const words = streams.map((bytes) => new TextDecoder().decode(bytes).trim()).find((text) => text !== "") ??
    "";
  const what = late ? `it ran longer than ${limitSeconds} s` : `it exited ${code}`;
  return new Error(`Cannot run "${argv[0]}": ${what}, expected 0: ${words.split("\n").slice(-8).join("\n")}`);
}
