import { refreshSeconds } from "../../../api/rules/mod.ts";
import { type ConditionChange, findCondition, REASONS } from "../../../api/mod.ts";
import type { PlannedEvent } from "../../runtime/plan.ts";
import type { Delay } from "./delays.ts";
import type { RepositoryObject } from "../repository_object.ts";
import type { RepositoryState } from "../repository_state.ts";

/** Reported after so many missed readings. */
const INTERVALS = 3;
/** With a short interval, at least this much later. */
const LATE_SECONDS = 900;

/** The report about the age of the last reading. */
export interface RefreshReport {
  readonly conditions: readonly ConditionChange[];
  readonly events: readonly PlannedEvent[];
  /** Seconds until it would be overdue. */
  readonly recheckAfterSeconds?: number;
}

/** The report of a repository that was read just now. */
export const NOTHING_OVERDUE: RefreshReport = {
  conditions: [{ kind: "remove", type: "Refreshed" }],
  events: [],
};

/**
 * Reports a repository that is open but was not read for long: numbers, catalog and missing snapshots are as old as
 * that. There is a condition `Refreshed` only while it is False.
 */
export function reportRefresh(
  { status, spec }: RepositoryObject,
  repositoryState: RepositoryState,
  delay: Delay | undefined,
  serverNow: Date,
): RefreshReport {
  const interval = refreshSeconds(spec);
  const { lastInit } = status;
  if (repositoryState.kind !== "open" || interval === undefined || lastInit === undefined) {
    return NOTHING_OVERDUE;
  }
  const lateSeconds = Math.max(INTERVALS * interval, interval + LATE_SECONDS);
  const leftSeconds = lateSeconds - (serverNow.getTime() - Date.parse(lastInit.time)) / 1000;
  if (leftSeconds > 0) return { ...NOTHING_OVERDUE, recheckAfterSeconds: Math.ceil(leftSeconds) };
  const reason = "RefreshOverdue";
  const before = findCondition(status.conditions, "Refreshed");
  const wasReported = before?.status === "False";
  // After an absence of the controller it is read at once; during that try the earlier report stays.
  if (delay === undefined && !wasReported) return NOTHING_OVERDUE;
  const why = delay?.reason === "NoSlot" ? REASONS.NoSlot : delay?.message;
  const message = delay === undefined && before !== undefined
    ? before.message
    : `The repository was read last at ${lastInit.time}, expected it every ${interval} s: ${why}`;
  return {
    conditions: [{ kind: "set", value: { type: "Refreshed", status: "False", reason, message } }],
    events: wasReported ? [] : [{ type: "Warning", reason, action: "CheckBackend", note: message }],
  };
}
