import type { BackupStatus } from "../../../api/mod.ts";
import type { Plan } from "../../runtime/plan.ts";

/** What a pass wants status to say, conditions and observedGeneration aside. */
export type NextStatus = Omit<BackupStatus, "conditions" | "observedGeneration">;

/** The plan of a Backup: times of this pass are settled in it, so that computing status needs no clock. */
export interface BackupPlan extends Plan {
  readonly next: NextStatus;
}

/** The status as it is, without what the engine fills in. */
export function currentStatus(status: BackupStatus): NextStatus {
  const { conditions: _conditions, observedGeneration: _generation, ...rest } = status;
  return rest;
}
