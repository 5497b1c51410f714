/** Writes log lines to a standard stream, at once and whole. */

/** Takes one line, line end included. */
export type Sink = (line: string) => void;

/** What a standard stream offers, as far as a sink needs it. */
export interface SyncWriter {
  writeSync(bytes: Uint8Array): number;
}

const mostTries = 200;

/**
 * A sink that has written the line when it returns, so that nothing is lost at exit. It never throws: a reader
 * that went away (EPIPE) ends the output, a full non-blocking pipe is waited for up to 200 ms per line.
 */
export function streamSink(stream: SyncWriter): Sink {
  const encoder = new TextEncoder();
  let readerIsGone = false;
  return function write(line: string): void {
    if (readerIsGone) return;
    let rest = encoder.encode(line);
    for (let tries = 0; rest.length > 0 && tries < mostTries;) {
      try {
        rest = rest.subarray(stream.writeSync(rest));
      } catch (error) {
        if (!(error instanceof Deno.errors.WouldBlock)) {
          readerIsGone = error instanceof Deno.errors.BrokenPipe;
          return;
        }
        tries += 1;
        pauseOneMillisecond();
      }
    }
  };
}

function pauseOneMillisecond(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}
