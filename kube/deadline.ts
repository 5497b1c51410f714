import type { KubeClock } from "./clock.ts";

/** Thrown inside of `withDeadline` when the limit was reached; what it means is for the caller to say. */
export class DeadlinePassed extends Error {
  constructor(limitMs: number) {
    super(`no answer within ${limitMs / 1000} s`);
    this.name = "DeadlinePassed";
  }
}

/** A signal that aborts with another one or when a limit is reached. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Takes the limit away; the other signal goes on counting. */
  lift(): void;
  /** Lets go of clock and signal. */
  end(): void;
}

/**
 * Starts a limit. Made by hand in place of `AbortSignal.any`, which keeps what it made alive for as long as
 * a process-long parent lives.
 */
export function startDeadline(clock: KubeClock, limitMs: number, signal: AbortSignal): Deadline {
  const controller = new AbortController();
  const lift = clock.setTimer(limitMs, () => controller.abort(new DeadlinePassed(limitMs)));
  function onAbort(): void {
    controller.abort(signal.reason);
  }
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  function end(): void {
    lift();
    signal.removeEventListener("abort", onAbort);
  }
  return { signal: controller.signal, lift, end };
}
