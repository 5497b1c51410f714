/** Where text for a person or a pipe goes. */
export interface Terminal {
  /** Whether a person is likely to look at it. */
  readonly isTerminal: boolean;
  /** Writes all of the text, however slowly it is read. A reader that has gone is no error: nobody is left to tell. */
  write(text: string): void;
}

/** What a standard stream offers, as far as a terminal needs it. */
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

/** Whether to colour: only for a person, never under NO_COLOR or on a dumb terminal; FORCE_COLOR colours a pipe too. */
export function wantsColor(
  terminal: Terminal,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const { NO_COLOR: none = "", FORCE_COLOR: forced = "", TERM: kind = "" } = env;
  if (none !== "") return false;
  if (forced !== "" && forced !== "0") return true;
  return terminal.isTerminal && kind !== "dumb";
}
