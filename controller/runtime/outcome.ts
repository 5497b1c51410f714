import { type Reason, REASONS, StalledError, TransientError, WaitingError } from "../../api/mod.ts";
import { answerOf } from "../../kube/mod.ts";

/** How a pass ended; queue, conditions, Event, log line, span and metric all come from it (report.ts). */
export type Outcome =
  | {
    readonly kind: "settled";
    readonly reason: Reason;
    readonly message: string;
    /** What the Ready condition says; a Failed run is settled and not Ready. */
    readonly ready: "True" | "False";
    readonly recheckAfterSeconds?: number;
    /** The look back is for a moment, not for the sake of looking: it is not spread. */
    readonly isPunctual?: true;
    /** No Event of its own: what may become true for thousands of objects at once, and is nothing new. */
    readonly isQuiet?: true;
  }
  | {
    readonly kind: "waiting";
    readonly reason: Reason;
    readonly message: string;
    readonly recheckAfterSeconds: number;
    /** No Event of its own: an ordinary wait that may begin for a thousand objects at once. */
    readonly isQuiet?: true;
  }
  | {
    readonly kind: "stalled";
    readonly reason: Reason;
    readonly message: string;
    /** A look now and then all the same, where the world outside may have been mended. */
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
