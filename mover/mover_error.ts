import type { FailureClass } from "../api/catalogs/reasons.ts";
import { errorChain } from "../telemetry/mod.ts";

/** Extras of a {@link MoverError}. */
export interface MoverErrorOptions extends ErrorOptions {
  /** The last lines kopia wrote to stderr, oldest first. */
  readonly tail?: readonly string[];
  /** True when the failure came before kopia was asked to save anything. */
  readonly nothingSaved?: true;
}

/** Why an operation cannot go on. The class decides exit code and retry. */
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

/** Runs steps that save nothing: a failure in them gets `nothingSaved`. Throws MoverError. */
export async function beforeSaving<T>(prepare: () => T | Promise<T>): Promise<T> {
  try {
    return await prepare();
  } catch (error) {
    const { failureClass, message, tail, cause } = asMoverError(error);
    throw new MoverError(failureClass, message, { cause, tail, nothingSaved: true });
  }
}

/** The error as a MoverError; any other error gets the class Unknown. */
export function asMoverError(error: unknown): MoverError {
  return error instanceof MoverError ? error : new MoverError("Unknown", errorChain(error), { cause: error });
}
