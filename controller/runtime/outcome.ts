import { type Reason, REASONS, StalledError, TransientError, WaitingError } from "../../api/mod.ts";
import { answerOf } from "../../kube/mod.ts";

/** How a pass ended; queue, conditions, Event, log line, span and metric all come from it (report.ts). */
export type Outcome =
  | {
    readonly kind: "settled";
    readonly reason: Reason;
    readonly message: string;
    /** The status of the Ready condition; a Failed run is settled and not Ready. */
    readonly ready: "True" | "False";
    readonly recheckAfterSeconds?: number;
    /** The recheck is for an exact time, so it gets no jitter. */
    readonly isPunctual?: true;
    /** No Event: it may become true for thousands of objects at once, and is no news. */
    readonly isQuiet?: true;
  }
  | {
    readonly kind: "waiting";
    readonly reason: Reason;
    readonly message: string;
    readonly recheckAfterSeconds: number;
    /** No Event: an ordinary wait that may begin for a thousand objects at once. */
    readonly isQuiet?: true;
  }
  | {
    readonly kind: "stalled";
    readonly reason: Reason;
    readonly message: string;
    /** A recheck all the same, where the cause may be removed outside the cluster. */
    readonly recheckAfterSeconds?: number;
    /** Its chain of messages goes to Event and log, never to the conditions. */
    readonly error?: Error;
  }
  | {
    readonly kind: "failed";
    readonly reason: Reason;
    /** A stable sentence: it goes to the conditions. */
    readonly message: string;
    /** Its chain of messages goes to Event and log, never to the conditions. */
    readonly error: Error;
  };

/** A refusal by the API server (a role, an admission policy) may end without a watched change, so it is retried. */
const refusalRecheckSeconds = 300;

/**
 * The outcome of a pass in which something threw. Texts of transient errors may have volatile parts, so their
 * condition has the stable sentence of the reason. An error of unknown class is an internal failure.
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
