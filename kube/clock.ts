/** Time as this folder needs it: wall time for what is written, monotonic time for what is measured. */
export interface KubeClock {
  /** Milliseconds since the Unix epoch; may jump when the machine's clock is set. */
  epochMs(): number;
  /** Milliseconds since an arbitrary moment; never jumps. */
  monotonicMs(): number;
  /** Calls back once after the delay; the returned function cancels it. */
  setTimer(delayMs: number, callback: () => void): () => void;
}

/** A moment by both clocks. */
export interface Moment {
  readonly epochMs: number;
  readonly monotonicMs: number;
}

/** The present moment. */
export function momentOf(clock: KubeClock): Moment {
  return { epochMs: clock.epochMs(), monotonicMs: clock.monotonicMs() };
}

/**
 * Time since a moment, by the clock that shows more. A monotonic clock may stop while the machine sleeps, and a wall
 * clock may be set back. For a limit on age, overestimating is the safer error.
 */
export function elapsedMs(clock: KubeClock, since: Moment): number {
  return Math.max(clock.epochMs() - since.epochMs, clock.monotonicMs() - since.monotonicMs);
}

/** The longest delay of a timer in the runtime; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The clock of the machine. Delays may have any length. */
export function systemKubeClock(): KubeClock {
  return { epochMs: () => Date.now(), monotonicMs: () => performance.now(), setTimer: setLongTimer };
}

/** Resolves after the delay; rejects with the signal's reason when it aborts before. */
export function sleep(clock: KubeClock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const cancel = clock.setTimer(delayMs, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    function onAbort(): void {
      cancel();
      reject(signal.reason);
    }
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

function setLongTimer(delayMs: number, callback: () => void): () => void {
  let id: number;
  function arm(leftMs: number): void {
    if (leftMs <= longestTimerMs) id = setTimeout(callback, leftMs);
    else id = setTimeout(() => arm(leftMs - longestTimerMs), longestTimerMs);
  }
  arm(Math.max(0, delayMs));
  return () => clearTimeout(id);
}

/** The form of metav1.MicroTime. */
export function microTime(epochMs: number): string {
  const micros = String(Math.floor((epochMs - Math.floor(epochMs)) * 1000)).padStart(3, "0");
  return new Date(Math.floor(epochMs)).toISOString().replace(/Z$/, `${micros}Z`);
}
