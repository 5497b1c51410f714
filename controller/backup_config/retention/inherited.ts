import { type ConditionChange, findCondition } from "../../../api/mod.ts";
import type { PlannedEvent } from "../../runtime/plan.ts";
import { inheritAdvice, keepsEverything, type RunFacts } from "../../shared/mod.ts";
import type { BackupConfigWorld } from "../world.ts";

const CONDITION = "HistoryOwned";
const REASON = "InheritedHeld";
/** The most Backups named in a message. */
const MOST_NAMED = 3;

/**
 * The condition HistoryOwned: whether the rules of a recipe may delete all of its runs. They may not delete runs that were put
 * back until a person has said that no other cluster uses their snapshots: a restored test cluster
 * would delete production's snapshots.
 */
export function inheritedCondition(
  { key: { namespace }, spec, repository }: BackupConfigWorld,
  runs: readonly RunFacts[],
): ConditionChange {
  const inherited = runs.filter(({ isInherited }) => isInherited);
  const isDecided = repository.kind !== "found" || repository.value.isHeir;
  if (isDecided || inherited.length === 0 || keepsEverything(spec.retention)) {
    return { kind: "remove", type: CONDITION };
  }
  const names = inherited.slice(0, MOST_NAMED).map(({ name }) => `"${name}"`).join(", ");
  const more = inherited.length > MOST_NAMED ? ` and ${inherited.length - MOST_NAMED} more` : "";
  const { key: { name }, uid } = repository.value;
  const message =
    `${inherited.length === 1 ? "A Backup was" : `${inherited.length} Backups were`} put back, and the ` +
    `cluster that made the snapshots may live on them: ${names}${more}. Retention keeps them until a person says ` +
    `that no other cluster does: ${inheritAdvice({ namespace, name, uid })}`;
  return { kind: "set", value: { type: CONDITION, status: "False", reason: REASON, message } };
}

/** Its Event, once. */
export function inheritedEvents(
  { status }: BackupConfigWorld,
  change: ConditionChange,
): readonly PlannedEvent[] {
  if (change.kind === "remove" || findCondition(status.conditions, CONDITION)?.status === "False") return [];
  return [{ type: "Warning", reason: REASON, action: "ConfirmHeir", note: change.value.message }];
}
