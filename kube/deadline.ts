import type { KubeClock } from "./clock.ts";

/** Thrown when the limit was reached; the caller gives it a meaning. */
export class DeadlinePassed extends Error {
  constructor(limitMs: number) {
    super(`no answer within ${limitMs / 1000} s`);
    this.name = "DeadlinePassed";
  }
}

/** A signal that aborts with another signal or at a limit. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Removes the limit; the other signal still applies. */
  lift(): void;
  /** Frees the timer and the listener. */
  end(): void;
}

/**
 * Starts a limit. Replaces `AbortSignal.any`, whose signals stay in memory for as long as
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
