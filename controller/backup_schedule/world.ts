import { type BackupScheduleSpec, type BackupScheduleStatus, isoSeconds } from "../../api/mod.ts";
import type { KubeObject, ObjectKey } from "../../kube/types.ts";
import type { ScheduleRun } from "./schedule_run.ts";

/** Everything a pass over a BackupSchedule reads. */
export interface BackupScheduleWorld {
  readonly object: KubeObject;
  readonly key: ObjectKey;
  readonly uid: string;
  /** When the schedule was made; milliseconds since the epoch. */
  readonly createdMs: number;
  /** The API server's clock, if known, else ours. */
  readonly serverNow: Date;
  readonly spec: BackupScheduleSpec;
  readonly status: BackupScheduleStatus;
  /** True when the BackupConfig exists and is not being deleted. */
  readonly hasConfig: boolean;
  /** The Backups of this schedule, in any order. */
  readonly runs: readonly ScheduleRun[];
}

/** A whole status without its conditions. */
export type NextStatus = Omit<BackupScheduleStatus, "conditions" | "observedGeneration">;

/** The current status, which a pass keeps when it could not do its work. */
export function recordedStatus(
  { conditions: _, observedGeneration: __, ...next }: BackupScheduleStatus,
): NextStatus {
  return next;
}

/** Clocks of replicas differ a little; a time further in the future is of a wrong clock. */
export const CLOCK_TOLERANCE_MS = 300_000;

/** A time of the status, undefined when there is none. */
export function timeOf(text: string | undefined): number | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** A time in the form of the status, in whole seconds. */
export function textOf(timeMs: number): string {
  return isoSeconds(new Date(timeMs));
}
