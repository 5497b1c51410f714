import { REASONS } from "../../../api/mod.ts";
import type { Outcome } from "../../runtime/outcome.ts";
import type { Decision } from "./decide.ts";
import type { Delay } from "./delays.ts";
import type { RepositoryState } from "../repository_state.ts";

/** A safety net: Jobs, pods, Secrets and volumes are watched. */
const FOLLOW_SECONDS = 15;
const OBSTACLE_SECONDS = 60;
/** The pass after a result was recorded removes its Job. */
const CLEAN_UP_SECONDS = 1;

/** Why the repository is not being opened or read now, although it is due. */
export function delayIn(decision: Decision): Delay | undefined {
  switch (decision.kind) {
    case "wait":
      return decision.obstacle;
    case "queue":
    case "stay":
      return decision.delay;
    default:
      return undefined;
  }
}

/** The outcome of a pass; `repositoryState` is the state after it. */
export function outcomeOf(decision: Decision, repositoryState: RepositoryState): Outcome {
  const delay = delayIn(decision);
  switch (decision.kind) {
    case "leave":
      return {
        kind: "settled",
        ready: "False",
        reason: "Deleting",
        message: "The Repository is being deleted; what its storage holds stays",
      };
    case "refuse":
      return { kind: "stalled", reason: "InvalidSpec", message: decision.message };
    case "wait":
      return { kind: "waiting", ...decision.obstacle, recheckAfterSeconds: OBSTACLE_SECONDS };
    case "take":
      return stateOutcome(repositoryState, CLEAN_UP_SECONDS);
    case "stay":
      return delayedOutcome(repositoryState, delay, Math.ceil(decision.seconds));
    case "queue":
      return delayedOutcome(repositoryState, delay, decision.delay.recheckAfterSeconds);
    case "start":
      return stateOutcome(repositoryState, FOLLOW_SECONDS);
  }
}

function stateOutcome(repositoryState: RepositoryState, recheckAfterSeconds: number): Outcome {
  switch (repositoryState.kind) {
    case "unknown":
      return { kind: "waiting", reason: "Initializing", message: REASONS.Initializing, recheckAfterSeconds };
    case "open": {
      const message = openMessage(repositoryState);
      return { kind: "settled", ready: "True", reason: "Ready", message, recheckAfterSeconds };
    }
    case "failed": {
      const { reason, message, isRetryable } = repositoryState;
      return isRetryable
        ? { kind: "settled", ready: "False", reason, message, recheckAfterSeconds }
        : { kind: "stalled", reason, message, recheckAfterSeconds };
    }
  }
}

function delayedOutcome(
  repositoryState: RepositoryState,
  delay: Delay | undefined,
  recheckAfterSeconds: number,
): Outcome {
  if (delay === undefined) return stateOutcome(repositoryState, recheckAfterSeconds);
  if (repositoryState.kind === "open") {
    const message = `${openMessage(repositoryState)}; it cannot be read again yet: ${delay.message}`;
    return { kind: "settled", ready: "True", reason: "Ready", message, recheckAfterSeconds };
  }
  // The message of a failure says more than the wait for the next try.
  if (delay.reason === "NoSlot" && repositoryState.kind === "failed") {
    return stateOutcome(
      { ...repositoryState, message: `${repositoryState.message}; ${delay.message}` },
      recheckAfterSeconds,
    );
  }
  return { kind: "waiting", ...delay, recheckAfterSeconds };
}

function openMessage(
  { uniqueId, isUntried }: Extract<RepositoryState, { readonly kind: "open" }>,
): string {
  const open = `The repository with unique id "${uniqueId}" is open`;
  return isUntried ? `${open}; its credentials changed since, and are not tried yet` : open;
}
