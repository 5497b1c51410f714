import type { BackupConfigStatus, ConditionValue } from "../../../api/mod.ts";
import { findCondition } from "../../../api/mod.ts";
import type { ObjectKey } from "../../../kube/types.ts";
import type { PlannedEvent, PlannedMeasure } from "../../runtime/plan.ts";

const NAMES_TOLD = 5;

/** Tells how many runs went, and the first of them by name. */
export function goneEvents(gone: readonly string[]): readonly PlannedEvent[] {
  if (gone.length === 0) return [];
  const names = gone.slice(0, NAMES_TOLD).map((name) => `"${name}"`).join(", ");
  const more = gone.length > NAMES_TOLD ? ` and ${gone.length - NAMES_TOLD} more` : "";
  const noun = gone.length === 1 ? "Backup" : "Backups";
  return [{
    type: "Normal",
    reason: "RetentionApplied",
    action: "Prune",
    note: `Deleted ${gone.length} ${noun} that no rule of spec.retention keeps: ${names}${more}`,
  }];
}

/** Tells that the order of the runs is in doubt, when that is new. */
export function heldEvents(
  { conditions }: BackupConfigStatus,
  condition: ConditionValue | undefined,
): readonly PlannedEvent[] {
  if (condition?.reason !== "RetentionHeld") return [];
  if (findCondition(conditions, "RetentionActive")?.reason === "RetentionHeld") return [];
  return [{ type: "Warning", reason: "RetentionHeld", action: "Prune", note: condition.message }];
}

/** Counts the runs that went. */
export function goneMeasures(
  { namespace, name }: ObjectKey,
  gone: readonly string[],
): readonly PlannedMeasure[] {
  if (gone.length === 0) return [];
  const labels = { namespace, name, by: "retention" } as const;
  return [{ kind: "add", metric: "kopiur_backup_pruned_total", labels, value: gone.length }];
}
