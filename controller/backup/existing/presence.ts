import { type ConditionChange, findCondition, REASONS, type SnapshotEntry } from "../../../api/mod.ts";
import type { PlannedEvent } from "../../runtime/plan.ts";
import type { MissingNote } from "../../shared/mod.ts";
import { listed } from "../run/result.ts";
import type { BackupWorld } from "../world/world.ts";

const CONDITION = "SnapshotPresent";

/** Whether the repository still has the snapshots of an ended or discovered Backup. */
interface Presence {
  /** The missing snapshots, as a sentence; undefined while none is missing. */
  readonly missing: string | undefined;
  readonly conditions: readonly ConditionChange[];
  /** Sent in the pass in which it changes. */
  readonly events: readonly PlannedEvent[];
}

/**
 * Reads the catalog's annotation about missing snapshots. A Backup that never missed one gets no condition, and
 * an invalid text changes nothing.
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
  // An unchanged source relies on the snapshot of another run.
  const names = entries.flatMap(({ source, kopiaSnapshotID, unchangedSince }) => {
    const id = kopiaSnapshotID ?? unchangedSince;
    return id !== undefined && note.ids.includes(id) ? [`${id} of "${source}"`] : [];
  });
  if (names.length === 0) return undefined;
  return `Gone from the repository, as seen at ${note.at}: ${listed(names)}`;
}
