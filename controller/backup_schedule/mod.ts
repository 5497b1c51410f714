/**
 * The BackupSchedule: makes a Backup of a BackupConfig for each slot of its cron expression, once, and
 * deletes old runs without a snapshot. Imports api, the engine's contract and controller/shared. Start
 * reading at plan.ts; due_slot.ts finds the due slot, decide_slot.ts decides about it.
 */
import { backupKind, backupScheduleKind } from "../../api/mod.ts";
import type { ControllerOptions } from "../options.ts";
import type { Kind } from "../runtime/kind.ts";
import { resourceOf } from "../shared/mod.ts";
import { observeBackupSchedule } from "./observe.ts";
import { type BackupSchedulePlan, planBackupSchedule } from "./plan.ts";
import { backupScheduleSamples } from "./samples.ts";
import { backupScheduleStatusOf } from "./status.ts";
import { backupScheduleIndexes, backupScheduleWatches } from "./watches.ts";
import type { BackupScheduleWorld } from "./world.ts";

export type { BackupSchedulePlan } from "./plan.ts";
export type { BackupScheduleWorld } from "./world.ts";

/** The BackupSchedule as the engine runs it. */
export function backupScheduleReconciler(
  _options: ControllerOptions,
): Kind<BackupScheduleWorld, BackupSchedulePlan> {
  return {
    name: backupScheduleKind.kind,
    resource: resourceOf(backupScheduleKind),
    indexes: backupScheduleIndexes,
    watches: backupScheduleWatches,
    writes: [{ resource: resourceOf(backupKind), verbs: ["create", "patch", "delete"] }],
    counters: ({ namespace, name }) => [
      { metric: "kopiur_schedule_backups_created_total", labels: { namespace, name } },
      { metric: "kopiur_schedule_missed_total", labels: { namespace, name } },
      { metric: "kopiur_schedule_skipped_total", labels: { namespace, name } },
    ],
    observe: observeBackupSchedule,
    plan: planBackupSchedule,
    status: backupScheduleStatusOf,
    samples: backupScheduleSamples,
  };
}
