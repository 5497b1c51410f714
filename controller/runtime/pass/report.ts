import {
  type Condition,
  type ConditionChange,
  type ConditionValue,
  findCondition,
  type Reason,
} from "../../../api/mod.ts";
import { OUTCOME_ACTION } from "../../../api/catalogs/events.ts";
import { errorChain } from "../../../telemetry/mod.ts";
import type { Outcome } from "../outcome.ts";
import type { PlannedEvent } from "../plan.ts";

/** What happens to the key after a pass. */
export type QueueAction =
  /** Nothing until something changes; the key's failures are forgotten. */
  | { readonly kind: "forget" }
  /** Again in that time; the key's failures are forgotten. */
  | { readonly kind: "after"; readonly seconds: number }
  /** Again after the key's own back-off. */
  | { readonly kind: "backoff" }
  /** Again at once, as the object changed meanwhile. */
  | { readonly kind: "again" };

/** The whole report of one pass, as data. */
export interface Report {
  /** Absent when nothing changed, or when the plan has its own Event for it. */
  readonly event?: PlannedEvent;
  readonly log: {
    readonly level: "debug" | "info" | "warn" | "error";
    readonly message: string;
    readonly fields: Readonly<Record<string, unknown>>;
  };
  /** Set when the span must be marked as failed. */
  readonly failure?: { readonly reason: Reason; readonly text: string; readonly error?: Error };
  readonly result: "success" | "error" | "requeue" | "requeue_after";
  readonly errorClass?: "transient" | "structural";
  readonly queue: QueueAction;
}

/** The parts of a pass that the report needs. */
export interface Turn {
  readonly outcome: Outcome;
  readonly before: readonly Condition[];
  readonly after: readonly Condition[];
  /** Events of the plan; one of them replaces the outcome's own Event. */
  readonly planned: readonly PlannedEvent[];
  /** From 0 to 1, exclusive. */
  readonly random: number;
}

const jitter = 0.1;
/** By then the lease is renewed, or lost for good. */
const fencedRecheckSeconds = 5;
const staleRecheckSeconds = 15;

/** What each outcome means for queue, Event, log, span and counters. */
export function reportOf(turn: Turn): Report {
  const { outcome } = turn;
  const isTransition = readyChanged(turn.before, turn.after);
  const event = isTransition ? eventOf(turn) : undefined;
  const reported = event === undefined ? {} : { event };
  const { reason, message: detail } = outcome;
  switch (outcome.kind) {
    case "settled": {
      const level = isTransition ? "info" : "debug";
      const log = { level, message: "settled", fields: { reason, detail } } as const;
      if (outcome.recheckAfterSeconds === undefined) {
        return { ...reported, log, result: "success", queue: { kind: "forget" } };
      }
      const { recheckAfterSeconds, isPunctual } = outcome;
      const seconds = isPunctual ? recheckAfterSeconds : jittered(recheckAfterSeconds, turn.random);
      return { ...reported, log, result: "requeue_after", queue: { kind: "after", seconds } };
    }
    case "waiting": {
      const level = isTransition ? "info" : "debug";
      const log = { level, message: "waiting", fields: { reason, detail } } as const;
      const seconds = outcome.recheckAfterSeconds;
      return { ...reported, log, result: "requeue_after", queue: { kind: "after", seconds } };
    }
    case "stalled": {
      const { error } = outcome;
      const cause = error === undefined ? {} : { error };
      const level = isTransition || error !== undefined ? "warn" : "debug";
      const log = { level, message: "stalled", fields: { reason, detail, ...cause } } as const;
      const failure = { reason, text: textOf(outcome), ...cause };
      const queue: QueueAction = outcome.recheckAfterSeconds === undefined
        ? { kind: "forget" }
        : { kind: "after", seconds: jittered(outcome.recheckAfterSeconds, turn.random) };
      return { ...reported, log, failure, result: "error", errorClass: "structural", queue };
    }
    case "failed": {
      const { error } = outcome;
      const log = { level: "error", message: "failed", fields: { reason, detail, error } } as const;
      const failure = { reason, text: textOf(outcome), error };
      return {
        ...reported,
        log,
        failure,
        result: "error",
        errorClass: "transient",
        queue: { kind: "backoff" },
      };
    }
  }
}

/** A write conflicted because the object changed meanwhile: no Event, no error; the pass is repeated. */
export function reportConflict(error: Error): Report {
  const log = { level: "debug", message: "changed meanwhile", fields: { error } } as const;
  return { log, result: "requeue", queue: { kind: "again" } };
}

/** This process may not write now: nothing is reported, and the key comes back in case it leads again. */
export function reportFenced(error: Error): Report {
  const log = { level: "debug", message: "may not write", fields: { error } } as const;
  return { log, result: "requeue", queue: { kind: "after", seconds: fencedRecheckSeconds } };
}

/** The plan takes something away, but the caches are stale: nothing was applied. */
export function reportStale(): Report {
  const log = { level: "debug", message: "waits for fresh caches", fields: {} } as const;
  return { log, result: "requeue", queue: { kind: "after", seconds: staleRecheckSeconds } };
}

/** The object does not exist any more. */
export function reportGone(): Report {
  return {
    log: { level: "debug", message: "gone", fields: {} },
    result: "success",
    queue: { kind: "forget" },
  };
}

/** The pass was aborted because the process ends. */
export function reportInterrupted(): Report {
  const log = { level: "debug", message: "interrupted", fields: {} } as const;
  return { log, result: "requeue", queue: { kind: "forget" } };
}

/** Ready, Reconciling and Stalled for an outcome (kstatus). */
export function outcomeConditions(outcome: Outcome): readonly ConditionChange[] {
  const { reason, message } = outcome;
  switch (outcome.kind) {
    case "settled":
      return [set("Ready", outcome.ready), { kind: "remove", type: "Reconciling" }, {
        kind: "remove",
        type: "Stalled",
      }];
    case "waiting":
      return [set("Ready", "Unknown"), set("Reconciling", "True"), { kind: "remove", type: "Stalled" }];
    case "stalled":
      return [set("Ready", "False"), { kind: "remove", type: "Reconciling" }, set("Stalled", "True")];
    case "failed":
      return [set("Ready", "False"), set("Reconciling", "True"), { kind: "remove", type: "Stalled" }];
  }

  function set(type: ConditionValue["type"], status: ConditionValue["status"]): ConditionChange {
    return { kind: "set", value: { type, status, reason, message } };
  }
}

/** The text of an outcome with its cause: for Events, logs and spans only. */
export function textOf(outcome: Outcome): string {
  if (outcome.kind === "settled" || outcome.kind === "waiting" || outcome.error === undefined) {
    return outcome.message;
  }
  const chain = errorChain(outcome.error);
  return chain.startsWith(outcome.message) ? chain : `${outcome.message}: ${chain}`;
}

/** The Event of an outcome, whether or not it is reported. */
export function outcomeEvent(outcome: Outcome): PlannedEvent {
  const isGood = outcome.kind === "waiting" || (outcome.kind === "settled" && outcome.ready === "True");
  const type = isGood ? "Normal" : "Warning";
  return { type, reason: outcome.reason, action: OUTCOME_ACTION, note: textOf(outcome) };
}

/** The seconds ±10 %, so that many objects do not come back at the same moment. */
export function jittered(seconds: number, random: number): number {
  return seconds * (1 + jitter * (2 * random - 1));
}

/** A plan's own Event says more than the outcome's, except about a step that failed afterwards. */
function eventOf({ outcome, planned }: Turn): PlannedEvent | undefined {
  if ("isQuiet" in outcome && outcome.isQuiet === true) return undefined;
  const isError = "error" in outcome && outcome.error !== undefined;
  const isReported = planned.some(({ reason, regarding }) =>
    regarding === undefined && (reason === outcome.reason || !isError)
  );
  return isReported ? undefined : outcomeEvent(outcome);
}

function readyChanged(before: readonly Condition[], after: readonly Condition[]): boolean {
  const [old, now] = [findCondition(before, "Ready"), findCondition(after, "Ready")];
  return old?.status !== now?.status || old?.reason !== now?.reason;
}
