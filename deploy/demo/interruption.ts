const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * A signal that aborts at the first Ctrl-C, so that the work at hand can end in order. Another one ends the program
 * at once, as if this had never been asked for.
 */
export function listenForInterruption(): AbortSignal {
  const controller = new AbortController();
  function interrupt(): void {
    for (const signal of signals) Deno.removeSignalListener(signal, interrupt);
    controller.abort(new Error("Cannot go on: it was interrupted"));
  }
  for (const signal of signals) Deno.addSignalListener(signal, interrupt);
  return controller.signal;
}
