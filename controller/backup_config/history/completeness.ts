import { type ConditionChange, lackingSources } from "../../../api/mod.ts";
import type { History } from "./history.ts";

const CONDITION = "Complete";
/** How many sources the sentence names. */
const TOLD = 5;

/** Says whether the newest Backups of a recipe saved all that they should; nothing before the first one ended. */
export function completeCondition(history: History): ConditionChange {
  const { lastBackup, consecutiveIncomplete = 0, sources = [] } = history;
  if (lastBackup === undefined) return { kind: "remove", type: CONDITION };
  const lacking = lackingSources(sources);
  if (consecutiveIncomplete === 0 && lacking.length === 0) {
    const message = "The newest Backup lacks nothing";
    return { kind: "set", value: { type: CONDITION, status: "True", reason: "Complete", message } };
  }
  const texts = lacking.slice(0, TOLD).map(({ pvc, lastSuccessTime }) =>
    lastSuccessTime === undefined
      ? `"${pvc}" was never backed up`
      : `"${pvc}" was last backed up at ${lastSuccessTime}`
  );
  const more = lacking.length > TOLD ? [`and ${lacking.length - TOLD} more`] : [];
  const runs = consecutiveIncomplete === 1
    ? "The newest Backup is not complete"
    : `The newest ${consecutiveIncomplete} Backups are not complete`;
  const message = [consecutiveIncomplete === 0 ? [] : [runs], texts, more].flat().join("; ");
  const reason = lastBackup.phase === "Failed" ? "BackupFailed" : "BackupPartial";
  return { kind: "set", value: { type: CONDITION, status: "False", reason, message } };
}
