import type { LifecycleOptions } from "./lifecycle.ts";

/** The lifecycle of this process: its signals, its exit, its timers. */
export function processLifecycle(
  deadlineMs: number,
  tell: LifecycleOptions["tell"],
): LifecycleOptions {
  return {
    deadlineMs,
    tell,
    exit: (code) => Deno.exit(code),
    onSignal: (name, callback) => {
      Deno.addSignalListener(name, callback);
      return () => Deno.removeSignalListener(name, callback);
    },
    setTimer: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
  };
}
