/** Writes whole log lines to a standard stream, synchronously. */

/** Writes one line, line end included. */
export type Sink = (line: string) => void;

/** The part of a standard stream that a sink needs. */
export interface SyncWriter {
  writeSync(bytes: Uint8Array): number;
}

const mostTries = 200;

/**
 * A sink that has written the line when it returns, so that nothing is lost at exit. It never throws: a closed
 * pipe (EPIPE) ends the output, and it waits for a full non-blocking pipe up to 200 ms per line.
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
