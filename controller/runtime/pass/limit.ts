import { TransientError } from "../../../api/mod.ts";
import type { KubeClock } from "../../../kube/mod.ts";

/**
 * Runs work with a signal that aborts with `signal` or, as a TransientError, when the limit is over. Waits for
 * the work to notice: what it was writing is never left running behind a next pass.
 */
export async function withinLimit<T>(
  limit: { readonly clock: KubeClock; readonly limitMs: number; readonly what: string },
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const { clock, limitMs, what } = limit;
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const cancel = clock.setTimer(limitMs, () => {
    const message = `Cannot ${what}: it took longer than ${limitMs / 1000} s`;
    controller.abort(new TransientError("DeadlineExceeded", message));
  });
  try {
    return await work(controller.signal);
  } finally {
    cancel();
    signal.removeEventListener("abort", onAbort);
  }
}
