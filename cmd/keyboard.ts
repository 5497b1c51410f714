/** Input from a person. */
export interface Keyboard {
  /** False for a pipe or a file, where nobody can answer. */
  readonly isTerminal: boolean;
  /** The next line without its line break; undefined at the end of the input. Rejects with the signal's reason. */
  readLine(signal: AbortSignal): Promise<string | undefined>;
}

/** The part of standard input that a keyboard needs. */
export interface InputStream {
  read(buffer: Uint8Array): Promise<number | null>;
  isTerminal(): boolean;
}

/** In bytes; a longer line is no answer to a question. */
const LONGEST_LINE = 1024;

/** Standard input as a keyboard. Input after the first line is dropped: a command asks only one question. */
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

/** Rejects when the signal aborts. The read itself cannot be cancelled; the process ends soon after. */
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
