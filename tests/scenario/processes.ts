import { pause, waitUntil } from "../cluster/mod.ts";

/** A process of a pod, as the host sees it. */
export interface FoundProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  /** Path of its control group, in which the uid of its pod stands. */
  readonly controlGroup: string;
}

/** Processes whose command line fits and whose control group has this in its path: a cluster's, or the uid of a pod. */
export function findProcesses(
  within: string,
  fits: (argv: readonly string[]) => boolean,
): readonly FoundProcess[] {
  const found: FoundProcess[] = [];
  for (const entry of Deno.readDirSync("/proc")) {
    const pid = Number(entry.name);
    if (!Number.isInteger(pid)) continue;
    const argv = readProc(pid, "cmdline")?.split("\0").filter((part) => part !== "") ?? [];
    if (argv.length === 0 || !fits(argv)) continue;
    const controlGroup = readProc(pid, "cgroup") ?? "";
    if (controlGroup.includes(within)) found.push({ pid, argv, controlGroup });
  }
  return found;
}

/** Kills processes at once, as a crash or the kernel's OOM killer does; answers with how many there were. */
export function killAll(processes: readonly FoundProcess[]): number {
  return signalAll(processes, "SIGKILL");
}

/** Sends a signal to processes, as far as they are still there; answers with how many there were. */
export function signalAll(processes: readonly FoundProcess[], signal: Deno.Signal): number {
  for (const { pid } of processes) {
    try {
      Deno.kill(pid, signal);
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    }
  }
  return processes.length;
}

/** Watches closely until a process fits, then kills it; throws when none came within the limit. */
export async function killWhenSeen(
  within: string,
  fits: (argv: readonly string[]) => boolean,
  limitSeconds: number,
): Promise<void> {
  await signalWhenSeen(within, fits, { signal: "SIGKILL", limitSeconds });
}

/** The same with any signal; answers with the processes. */
export async function signalWhenSeen(
  within: string,
  fits: (argv: readonly string[]) => boolean,
  { signal, limitSeconds }: { readonly signal: Deno.Signal; readonly limitSeconds: number },
): Promise<readonly FoundProcess[]> {
  const deadline = performance.now() + limitSeconds * 1000;
  while (performance.now() < deadline) {
    const found = findProcesses(within, fits);
    if (signalAll(found, signal) > 0) return found;
    await pause(5);
  }
  throw new Error(`Cannot send ${signal} to the process: none was seen within ${limitSeconds} s`);
}

/** Resolves as soon as a mover runs. */
export async function runningMover(within: string): Promise<void> {
  await waitUntil(() => findProcesses(within, isMover).length > 0 ? true : undefined, {
    what: "a mover",
    limitSeconds: 120,
    everyMs: 20,
  });
}

/** Resolves when no mover runs any more. */
export async function endedMover(within: string): Promise<void> {
  await waitUntil(() => findProcesses(within, isMover).length === 0 ? true : undefined, {
    what: "the mover to end",
    limitSeconds: 60,
    everyMs: 100,
  });
}

/** True for kopia taking a snapshot. */
export function isKopiaSnapshot(argv: readonly string[]): boolean {
  return argv[0]?.endsWith("kopia") === true && argv.includes("snapshot") && argv.includes("create");
}

/** True for the mover around it. */
export function isMover(argv: readonly string[]): boolean {
  return argv[0]?.endsWith("kopiur") === true && argv[1] === "mover";
}

/** True for the controller. */
export function isController(argv: readonly string[]): boolean {
  return argv[0]?.endsWith("kopiur") === true && argv[1] === "controller";
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/${file}`);
  } catch {
    // The process is gone, which is the answer.
    return undefined;
  }
}
