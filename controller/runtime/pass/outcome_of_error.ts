import { REASONS, StalledError, TransientError, WaitingError } from "../../../api/mod.ts";
import { answerOf } from "../../../kube/mod.ts";
import type { Outcome } from "../outcome.ts";

/** What lifts a refusal of the API server (a role, an admission policy) is not watched, so it is asked again. */
const refusalRecheckSeconds = 300;

/**
 * The outcome of a pass in which something threw. Texts of transient errors may hold volatile parts, so their
 * condition says the stable sentence of the reason; an error of no known class is a failure of ours.
 */
export function outcomeOfError(thrown: unknown): Outcome {
  if (thrown instanceof WaitingError) {
    const { reason, message, recheckAfterSeconds } = thrown;
    return { kind: "waiting", reason, message, recheckAfterSeconds };
  }
  if (thrown instanceof StalledError) {
    const { reason, message } = thrown;
    const recheck = answerOf(thrown) === undefined ? {} : { recheckAfterSeconds: refusalRecheckSeconds };
    return { kind: "stalled", reason, message, error: thrown, ...recheck };
  }
  const error = thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
  const reason = thrown instanceof TransientError ? thrown.reason : "InternalError";
  return { kind: "failed", reason, message: REASONS[reason], error };
}
