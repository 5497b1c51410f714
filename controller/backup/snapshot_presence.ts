import * as z from "zod";
import { type ConditionChange, findCondition, REASONS, type SnapshotEntry } from "../../api/mod.ts";
import type { PlannedEvent } from "../runtime/plan.ts";
import { listed } from "./verdict.ts";
import type { BackupWorld } from "./world.ts";

const CONDITION = "SnapshotPresent";
const missingSnapshots = z.object({ at: z.iso.datetime(), ids: z.array(z.string()) });

/** Whether the repository still holds what a Backup that ended made or stands for. */
export interface Presence {
  /** Which are gone, as a sentence; undefined while none is. */
  readonly missing: string | undefined;
  readonly conditions: readonly ConditionChange[];
  /** Told in the pass in which it turns. */
  readonly events: readonly PlannedEvent[];
}

/**
 * What the catalog's annotation means for the snapshots of a Backup. Nothing is said of one that was never missed. A
 * text nobody can read is taken as a bad sign, not as none.
 */
export function presenceOf({ backup }: BackupWorld, entries: readonly SnapshotEntry[]): Presence {
  const before = findCondition(backup.status.conditions, CONDITION)?.status;
  const missing = backup.missingText === undefined ? undefined : missingText(backup.missingText, entries);
  if (missing !== undefined) {
    const reason = "SnapshotMissing";
    return {
      missing,
      conditions: [{ kind: "set", value: { type: CONDITION, status: "False", reason, message: missing } }],
      events: before === "False"
        ? []
        : [{ type: "Warning", reason, action: "CheckRepository", note: missing }],
    };
  }
  if (before !== "False") return { missing, conditions: [], events: [] };
  const [reason, message] = ["SnapshotPresent", REASONS.SnapshotPresent] as const;
  return {
    missing,
    conditions: [{ kind: "set", value: { type: CONDITION, status: "True", reason, message } }],
    events: [{ type: "Normal", reason, action: "CheckRepository", note: "The repository holds them again" }],
  };
}

function missingText(text: string, entries: readonly SnapshotEntry[]): string | undefined {
  const parsed = missingSnapshots.safeParse(parsedJson(text)).data;
  if (parsed === undefined) return REASONS.SnapshotMissing;
  const gone = entries.filter(({ kopiaSnapshotID: id }) => id !== undefined && parsed.ids.includes(id));
  if (gone.length === 0) return undefined;
  const names = gone.map(({ source, kopiaSnapshotID }) => `${kopiaSnapshotID} of "${source}"`);
  return `Gone from the repository, as seen at ${parsed.at}: ${listed(names)}`;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What cannot be parsed is no object either, and the caller says so.
    return undefined;
  }
}
