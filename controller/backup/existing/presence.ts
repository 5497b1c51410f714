import { type ConditionChange, findCondition, REASONS, type SnapshotEntry } from "../../../api/mod.ts";
import type { PlannedEvent } from "../../runtime/plan.ts";
import type { MissingNote } from "../../shared/mod.ts";
import { listed } from "../run/result.ts";
import type { BackupWorld } from "../world/world.ts";

const CONDITION = "SnapshotPresent";

/** Whether the repository still holds what a Backup that ended made or stands for. */
interface Presence {
  /** Which are gone, as a sentence; undefined while none is. */
  readonly missing: string | undefined;
  readonly conditions: readonly ConditionChange[];
  /** Told in the pass in which it turns. */
  readonly events: readonly PlannedEvent[];
}

/**
 * What the catalog's annotation means for the snapshots of a Backup. Nothing is said of one that was never missed, and
 * a text nobody can read changes nothing of what was said.
 */
export function presenceOf({ backup }: BackupWorld, entries: readonly SnapshotEntry[]): Presence {
  const before = findCondition(backup.status.conditions, CONDITION);
  const wasMissing = before?.status === "False";
  const { missingNote: note } = backup;
  const missing = note === "unreadable"
    ? wasMissing ? before.message : undefined
    : missingText(note, entries);
  if (missing !== undefined) {
    const reason = "SnapshotMissing";
    return {
      missing,
      conditions: [{ kind: "set", value: { type: CONDITION, status: "False", reason, message: missing } }],
      events: wasMissing ? [] : [{ type: "Warning", reason, action: "CheckRepository", note: missing }],
    };
  }
  if (!wasMissing) return { missing, conditions: [], events: [] };
  const [reason, message] = ["SnapshotPresent", REASONS.SnapshotPresent] as const;
  return {
    missing,
    conditions: [{ kind: "set", value: { type: CONDITION, status: "True", reason, message } }],
    events: [{ type: "Normal", reason, action: "CheckRepository", note: "The repository holds them again" }],
  };
}

function missingText(
  note: MissingNote | undefined,
  entries: readonly SnapshotEntry[],
): string | undefined {
  if (note === undefined) return undefined;
  // One in which nothing had changed stands on the snapshot of another run.
  const names = entries.flatMap(({ source, kopiaSnapshotID, unchangedSince }) => {
    const id = kopiaSnapshotID ?? unchangedSince;
    return id !== undefined && note.ids.includes(id) ? [`${id} of "${source}"`] : [];
  });
  if (names.length === 0) return undefined;
  return `Gone from the repository, as seen at ${note.at}: ${listed(names)}`;
}
