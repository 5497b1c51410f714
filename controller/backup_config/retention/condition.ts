import { type ConditionValue, findCondition } from "../../../api/mod.ts";
import type { Outcome } from "../../runtime/outcome.ts";
import { keepsEverything, type RunFacts } from "../../shared/mod.ts";
import { doubtOf } from "./doubt.ts";
import type { BackupConfigWorld } from "../world.ts";

type Says = Pick<ConditionValue, "status" | "reason" | "message">;

/**
 * Whether retention may delete now, as the condition RetentionActive; undefined when every Backup is kept. While a
 * person must act, the order of the runs is in doubt, or snapshots could not be deleted, it deletes nothing:
 * Backups would only pile up that wait for their snapshots.
 */
export function retentionCondition(
  world: BackupConfigWorld,
  runs: readonly RunFacts[],
  outcome: Outcome,
  now: Date,
): ConditionValue | undefined {
  if (keepsEverything(world.spec.retention)) return undefined;
  return { type: "RetentionActive", ...saysOf(world, runs, outcome, now) };
}

/** Whether status says already that retention is at work. */
export function isKnownActive({ status }: BackupConfigWorld): boolean {
  return findCondition(status.conditions, "RetentionActive")?.status === "True";
}

function saysOf(
  { object, status, comingBack }: BackupConfigWorld,
  runs: readonly RunFacts[],
  outcome: Outcome,
  now: Date,
): Says {
  if (object.metadata.deletionTimestamp !== undefined) {
    return no("Deleting", "The BackupConfig is being deleted: nothing else is");
  }
  const { reason, message } = outcome;
  const isBlind = reason === "RepositoryNotFound" || reason === "RepositoryNotReady";
  if (outcome.kind === "stalled" || isBlind) return no(reason, `Nothing is deleted meanwhile: ${message}`);
  const doubt = doubtOf({ runs, remembered: status.retention?.newest, comingBack, now });
  if (doubt !== undefined) return no("RetentionHeld", doubt);
  return {
    status: "True",
    reason: "RetentionApplied",
    message: "Backups that no rule of spec.retention keeps are deleted, after status.retention named them",
  };
}

function no(reason: Says["reason"], message: string): Says {
  return { status: "False", reason, message };
}
