import type { FailureClass } from "../api/catalogs/reasons.ts";
import { errorChain } from "../telemetry/mod.ts";

/** Extras of a {@link MoverError}. */
export interface MoverErrorOptions extends ErrorOptions {
  /** The last lines kopia wrote to stderr, oldest first. */
  readonly tail?: readonly string[];
  /** True where it struck before anything could have been saved. */
  readonly nothingSaved?: true;
}

/** Why an operation cannot go on, already classed: the class decides exit code and retry. */
export class MoverError extends Error {
  readonly failureClass: FailureClass;
  readonly tail: readonly string[];
  readonly nothingSaved: boolean;
  constructor(failureClass: FailureClass, message: string, options: MoverErrorOptions = {}) {
    super(message, options);
    this.name = "MoverError";
    this.failureClass = failureClass;
    this.tail = options.tail ?? [];
    this.nothingSaved = options.nothingSaved ?? false;
  }
}

/** Does what comes before anything is saved: whatever goes wrong there says so. Throws MoverError. */
export async function beforeSaving<T>(prepare: () => T | Promise<T>): Promise<T> {
  try {
    return await prepare();
  } catch (error) {
    const { failureClass, message, tail, cause } = asMoverError(error);
    throw new MoverError(failureClass, message, { cause, tail, nothingSaved: true });
  }
}

/** What was thrown, classed; what nobody classed is Unknown. */
export function asMoverError(error: unknown): MoverError {
  return error instanceof MoverError ? error : new MoverError("Unknown", errorChain(error), { cause: error });
}
