import type { FailureClass } from "../api/reasons.ts";

/** Extras of a {@link MoverError}. */
export interface MoverErrorOptions extends ErrorOptions {
  /** The last lines kopia wrote to stderr, oldest first. */
  readonly tail?: readonly string[];
}

/** Why an operation cannot go on, already classed: the class decides exit code and retry. */
export class MoverError extends Error {
  readonly failureClass: FailureClass;
  readonly tail: readonly string[];
  constructor(failureClass: FailureClass, message: string, options: MoverErrorOptions = {}) {
    super(message, options);
    this.name = "MoverError";
    this.failureClass = failureClass;
    this.tail = options.tail ?? [];
  }
}
