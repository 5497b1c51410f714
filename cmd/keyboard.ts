/** Where a person types. */
export interface Keyboard {
  /** Whether a person is likely to be there. */
  readonly isTerminal: boolean;
  /** What is typed up to the next end of line, without it; undefined when there is nothing more. Rejects with the signal's reason. */
  readLine(signal: AbortSignal): Promise<string | undefined>;
}

/** What standard input offers, as far as a keyboard needs it. */
export interface InputStream {
  read(buffer: Uint8Array): Promise<number | null>;
  isTerminal(): boolean;
}

/** More than that is no answer to a question. */
const LONGEST_LINE = 1024;

/** Standard input as a keyboard. What was typed beyond the line is lost with it, for nothing is asked twice. */
export function streamKeyboard(stream: InputStream): Keyboard {
  return {
    isTerminal: stream.isTerminal(),
    readLine: (signal) => orAborted(signal, readLine(stream)),
  };
}

async function readLine(stream: InputStream): Promise<string | undefined> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(LONGEST_LINE);
  let text = "";
  while (!text.includes("\n") && text.length <= LONGEST_LINE) {
    const count = await stream.read(buffer);
    if (count === null) return text === "" ? undefined : text;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return text.split(/\r?\n/)[0] ?? "";
}

/** A read cannot be called back; whoever gave up waiting for it ends the process. */
async function orAborted<T>(signal: AbortSignal, reading: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([reading, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
