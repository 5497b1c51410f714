/** Sends a signal to a process of this machine; one that is already gone is no error. */
export function sendSignal(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
  }
}

/** The process id of the first child of a process, or undefined when it has none or is gone. */
export function firstChildOf(pid: number): number | undefined {
  const first = readProcFile(`/proc/${pid}/task/${pid}/children`)?.trim().split(" ")[0];
  return first === undefined || first === "" ? undefined : Number(first);
}

/**
 * What tells one process from a later one with the same id: the moment it started, in clock ticks since boot.
 * Undefined when no such process is running; one that has ended but was not yet reaped does not count.
 */
export function processStart(pid: number): string | undefined {
  const stat = readProcFile(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The command in parentheses may hold anything, so the fields are counted from its end.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

/** A process and what tells it from a later one with the same id. */
export interface RunningProcess {
  readonly pid: number;
  readonly start: string;
  readonly command: string;
}

/** A process and all that descend from it, as they are now. */
export function listDescendants(pid: number): readonly RunningProcess[] {
  const start = processStart(pid);
  if (start === undefined) return [];
  const command = (readProcFile(`/proc/${pid}/cmdline`) ?? "").replaceAll("\0", " ").trim();
  return [{ pid, start, command }, ...childrenOf(pid).flatMap(listDescendants)];
}

/** The children of a process; each of its threads may have some. */
function childrenOf(pid: number): readonly number[] {
  const threads = readProcFolder(`/proc/${pid}/task`);
  return threads.flatMap((thread) =>
    (readProcFile(`/proc/${pid}/task/${thread}/children`) ?? "").split(" ").filter((word) =>
      word.trim() !== ""
    )
  ).map(Number);
}

function readProcFolder(path: string): readonly string[] {
  try {
    return [...Deno.readDirSync(path)].map((entry) => entry.name);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    return [];
  }
}

function readProcFile(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    // It ended while we looked: the same as not being there.
    return undefined;
  }
}
