/** How every role ends: 0 done, 1 failed, 2 called or configured wrongly. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** Called or configured in a way that cannot work, whatever the world is like; the message says how to mend it. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UsageError";
  }
}
