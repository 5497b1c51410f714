import { type BackupScheduleSpec, type BackupScheduleStatus, isoSeconds } from "../../api/mod.ts";
import type { KubeObject, ObjectKey } from "../../kube/types.ts";
import type { ScheduleRun } from "./schedule_run.ts";

/** Everything a pass over a BackupSchedule looks at. */
export interface BackupScheduleWorld {
  readonly object: KubeObject;
  readonly key: ObjectKey;
  readonly uid: string;
  /** When the schedule was made; milliseconds since the epoch. */
  readonly createdMs: number;
  /** What the API server's clock shows, as far as it is known; ours otherwise. */
  readonly serverNow: Date;
  readonly spec: BackupScheduleSpec;
  readonly status: BackupScheduleStatus;
  /** True when the BackupConfig is there and stays. */
  readonly hasConfig: boolean;
  /** The Backups of this schedule, in no order. */
  readonly runs: readonly ScheduleRun[];
}

/** A whole status but its conditions. */
export type NextStatus = Omit<BackupScheduleStatus, "conditions" | "observedGeneration">;

/** What the status says now: what a pass that could not do its work leaves as it is. */
export function recordedStatus(
  { conditions: _, observedGeneration: __, ...next }: BackupScheduleStatus,
): NextStatus {
  return next;
}

/** Clocks of replicas differ a little; a time that lies further ahead than this was written by a clock that was wrong. */
export const CLOCK_TOLERANCE_MS = 300_000;

/** A time of the status, undefined when there is none. */
export function timeOf(text: string | undefined): number | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** A time as the status holds it, in whole seconds. */
export function textOf(timeMs: number): string {
  return isoSeconds(new Date(timeMs));
}
