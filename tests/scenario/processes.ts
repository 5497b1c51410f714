import { pause } from "../cluster/mod.ts";

/** A process of a pod, as the host sees it. */
export interface FoundProcess {
  readonly pid: number;
  readonly argv: readonly string[];
}

/** Processes of this cluster whose command line fits; the control group tells two clusters apart. */
export function findProcesses(
  cluster: string,
  fits: (argv: readonly string[]) => boolean,
): readonly FoundProcess[] {
  const found: FoundProcess[] = [];
  for (const entry of Deno.readDirSync("/proc")) {
    const pid = Number(entry.name);
    if (!Number.isInteger(pid)) continue;
    const argv = readProc(pid, "cmdline")?.split("\0").filter((part) => part !== "") ?? [];
    if (argv.length === 0 || !fits(argv)) continue;
    if (readProc(pid, "cgroup")?.includes(`kopiur-${cluster}/`)) found.push({ pid, argv });
  }
  return found;
}

/** Kills processes at once, as a crash or the kernel's OOM killer does; answers with how many there were. */
export function killAll(processes: readonly FoundProcess[]): number {
  for (const { pid } of processes) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    }
  }
  return processes.length;
}

/** Watches closely until a process fits, then kills it; throws when none came within the limit. */
export async function killWhenSeen(
  cluster: string,
  fits: (argv: readonly string[]) => boolean,
  limitSeconds: number,
): Promise<void> {
  const deadline = performance.now() + limitSeconds * 1000;
  while (performance.now() < deadline) {
    if (killAll(findProcesses(cluster, fits)) > 0) return;
    await pause(5);
  }
  throw new Error(`Cannot kill the process: none was seen within ${limitSeconds} s`);
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
