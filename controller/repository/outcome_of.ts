import { type Reason, REASONS } from "../../api/mod.ts";
import type { Outcome } from "../runtime/outcome.ts";
import type { BootstrapRun, Decision } from "./decide.ts";
import type { Standing } from "./standing.ts";

/** Jobs, pods, Secrets and volumes are watched; this is for what a watch does not tell. */
const FOLLOW_SECONDS = 15;
const OBSTACLE_SECONDS = 60;
/** The pass after a result was taken removes the Job that gave it. */
const CLEAN_UP_SECONDS = 1;
/** So long a pod may pull its image and mount its volumes before that is worth telling. */
const START_GRACE_MS = 30_000;

/** How a pass ends; `standing` is what is known of the repository after it. */
export function outcomeOf(decision: Decision, standing: Standing, now: Date): Outcome {
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
      return standingOutcome(standing, CLEAN_UP_SECONDS);
    case "rest":
      return standingOutcome(standing, Math.ceil(decision.seconds));
    case "follow":
      return followOutcome(standing, holdOf(decision.run, now));
    case "start":
    case "replace":
    case "clear":
      return standingOutcome(standing, FOLLOW_SECONDS);
  }
}

interface Hold {
  readonly reason: Reason;
  readonly message: string;
}

function standingOutcome(standing: Standing, recheckAfterSeconds: number): Outcome {
  switch (standing.kind) {
    case "unknown":
      return { kind: "waiting", reason: "Initializing", message: REASONS.Initializing, recheckAfterSeconds };
    case "open": {
      const message = openMessage(standing.uniqueId);
      return { kind: "settled", ready: "True", reason: "Ready", message, recheckAfterSeconds };
    }
    case "failed": {
      const { reason, message, isRetryable } = standing;
      return isRetryable
        ? { kind: "settled", ready: "False", reason, message, recheckAfterSeconds }
        : { kind: "stalled", reason, message, recheckAfterSeconds };
    }
  }
}

function followOutcome(standing: Standing, hold: Hold | undefined): Outcome {
  if (hold === undefined) return standingOutcome(standing, FOLLOW_SECONDS);
  if (standing.kind !== "open") return { kind: "waiting", ...hold, recheckAfterSeconds: FOLLOW_SECONDS };
  const message = `${openMessage(standing.uniqueId)}; it cannot be read again yet: ${hold.message}`;
  return { kind: "settled", ready: "True", reason: "Ready", message, recheckAfterSeconds: FOLLOW_SECONDS };
}

function openMessage(uniqueId: string): string {
  return `The repository with unique id "${uniqueId}" is open`;
}

function holdOf(run: BootstrapRun, now: Date): Hold | undefined {
  if (run.kind !== "waiting") return undefined;
  const age = now.getTime() - Date.parse(run.since);
  if (run.why === "PodNotStarted" && age < START_GRACE_MS) return undefined;
  return { reason: run.why, message: `${REASONS[run.why]}: ${run.text}` };
}
