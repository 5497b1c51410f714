/** Memory of a process as the kernel counts it: everything resident, shared pages of its program included. */
export interface ProcessMemory {
  readonly residentBytes: number;
  /** The most that ever was resident. */
  readonly peakBytes: number;
  /** Resident and backed by no file: what the process itself asked for. */
  readonly anonymousBytes: number;
}

/** Reads /proc/<pid>/status text; undefined when it has no memory, as a process that has ended. */
export function parseProcessStatus(text: string): ProcessMemory | undefined {
  const residentBytes = kilobytes(text, "VmRSS");
  const peakBytes = kilobytes(text, "VmHWM");
  const anonymousBytes = kilobytes(text, "RssAnon");
  if (residentBytes === undefined || peakBytes === undefined || anonymousBytes === undefined) {
    return undefined;
  }
  return { residentBytes, peakBytes, anonymousBytes };
}

/** Memory of a running process; undefined when there is none of that id. */
export function readProcessMemory(pid: number): ProcessMemory | undefined {
  return parseProcessStatus(readProcFile(pid, "status") ?? "");
}

/** Seconds of processor time a process has used; undefined when there is none of that id. */
export function readProcessorSeconds(pid: number): number | undefined {
  return parseProcessorSeconds(readProcFile(pid, "stat") ?? "");
}

/** Clock ticks per second in /proc on every Linux there is. */
const ticksPerSecond = 100;

/** Reads /proc/<pid>/stat text: user and system time, all threads together. */
export function parseProcessorSeconds(text: string): number | undefined {
  // The name in parentheses may hold anything, so the fields are counted from its end.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks / ticksPerSecond : undefined;
}

function kilobytes(text: string, field: string): number | undefined {
  const found = new RegExp(`^${field}:\\s*([0-9]+) kB$`, "m").exec(text)?.[1];
  return found === undefined ? undefined : Number(found) * 1024;
}

/** Text of a file of /proc; undefined when the process has ended, which it may do while we look. */
function readProcFile(pid: number, name: string): string | undefined {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/${name}`);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    return undefined;
  }
}
