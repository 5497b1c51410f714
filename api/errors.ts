import type { Reason } from "./catalogs/reasons.ts";

/** Come back later: something that is expected to appear is not there yet. Not a failure. */
export class WaitingError extends Error {
  readonly reason: Reason;
  readonly recheckAfterSeconds: number;
  constructor(reason: Reason, message: string, recheckAfterSeconds: number, options?: ErrorOptions) {
    super(message, options);
    this.name = "WaitingError";
    this.reason = reason;
    this.recheckAfterSeconds = recheckAfterSeconds;
  }
}

/** A person must act; trying again changes nothing until something that is watched changes. */
export class StalledError extends Error {
  readonly reason: Reason;
  constructor(reason: Reason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StalledError";
    this.reason = reason;
  }
}

/** Back off and try again; every error of unknown class is treated as this one. */
export class TransientError extends Error {
  readonly reason: Reason;
  constructor(reason: Reason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TransientError";
    this.reason = reason;
  }
}
