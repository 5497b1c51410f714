/**
 * How every role ends: 0 done, 1 failed, 2 called or configured wrongly. The plugin also: 124 a wait that took too
 * long, as timeout(1) says it, and 130 broken off by Ctrl-C, as a shell says it.
 */
export const EXIT = { ok: 0, failed: 1, usage: 2, timeout: 124, interrupted: 130 } as const;

/** Called or configured in a way that cannot work, whatever the world is like; the message says how to mend it. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UsageError";
  }
}
