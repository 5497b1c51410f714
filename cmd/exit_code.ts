/**
 * Exit codes of every role: 0 done, 1 failed, 2 called or configured wrongly. The plugin also has 124 for a wait that
 * took too long (as timeout(1)) and 130 for Ctrl-C (as a shell).
 */
export const EXIT = { ok: 0, failed: 1, usage: 2, timeout: 124, interrupted: 130 } as const;

/** A command line or configuration that cannot work; the message says how to correct it. Exit code 2. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UsageError";
  }
}
