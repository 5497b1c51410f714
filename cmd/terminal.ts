/** Output for a person or a pipe. */
export interface Terminal {
  /** False for a pipe or a file. */
  readonly isTerminal: boolean;
  /** Writes the whole text and waits for a slow reader. A closed pipe is no error. */
  write(text: string): void;
}

/** The part of a standard stream that a terminal needs. */
export interface Stream {
  writeSync(bytes: Uint8Array): number;
  isTerminal(): boolean;
}

/** A standard stream as a terminal. */
export function streamTerminal(stream: Stream): Terminal {
  return {
    isTerminal: stream.isTerminal(),
    write(text: string): void {
      let rest = new TextEncoder().encode(text);
      while (rest.length > 0) {
        try {
          rest = rest.subarray(stream.writeSync(rest));
        } catch (error) {
          if (error instanceof Deno.errors.BrokenPipe) return;
          if (!(error instanceof Deno.errors.WouldBlock)) throw error;
          pauseOneMillisecond();
        }
      }
    },
  };
}

function pauseOneMillisecond(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}

/** Whether to use colours: only on a terminal, never with NO_COLOR or TERM=dumb; FORCE_COLOR also colours a pipe. */
export function wantsColor(
  terminal: Terminal,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const { NO_COLOR: none = "", FORCE_COLOR: forced = "", TERM: kind = "" } = env;
  if (none !== "") return false;
  if (forced !== "" && forced !== "0") return true;
  return terminal.isTerminal && kind !== "dumb";
}
