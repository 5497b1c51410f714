import type { KubeObject } from "../../kube/types.ts";
import { missingIds, missingNote } from "./missing_note.ts";
import { numberAt, runSummary, textAt, valueAt } from "./run_summary.ts";
import type { JudgedRun, SavedSnapshot } from "./whole_snapshots.ts";

/** What a run holds of its sources. */
export interface RunSnapshots {
  /** Snapshots of its own, also those of which a note says that they are gone. */
  readonly saved: readonly SavedSnapshot[];
  /** Paths in which nothing had changed: an older run holds the snapshot. */
  readonly unchanged: readonly string[];
  /** Paths it tried and did not save. */
  readonly failed: readonly string[];
}

/** What a Backup holds, read by hand for the same reason as `runSummary`. */
export function runSnapshots(backup: KubeObject): RunSnapshots {
  const entries = valueAt(backup, "status", "snapshots");
  const saved: SavedSnapshot[] = [];
  const unchanged: string[] = [];
  const failed: string[] = [];
  if (!Array.isArray(entries)) return { saved, unchanged, failed };
  const missing = missingIds(missingNote(backup));
  for (const entry of entries) {
    const path = textAt(entry, "sourcePath");
    if (path === undefined) continue;
    if (textAt(entry, "phase") !== "Succeeded") {
      failed.push(path);
      continue;
    }
    const id = textAt(entry, "kopiaSnapshotID");
    if (id === undefined) {
      if (valueAt(entry, "unchanged") === true) unchanged.push(path);
      continue;
    }
    saved.push({
      path,
      files: countOf(entry, "files"),
      bytes: countOf(entry, "sizeBytes"),
      unreadable: unreadableOf(entry),
      isMissing: missing.includes(id),
    });
  }
  return { saved, unchanged, failed };
}

/** A Backup of a recipe, as `newestWholePaths` compares it; undefined for one that names no BackupConfig. */
export function judgedRun(backup: KubeObject): JudgedRun | undefined {
  const summary = runSummary(backup);
  if (summary === undefined) return undefined;
  const timeMs = Math.max(summary.timeMs, lastSavedMs(backup));
  return { name: summary.name, timeMs, isAccepted: isAccepted(backup), saved: runSnapshots(backup).saved };
}

/** When the last of its snapshots ended: all that is known of a run that was deleted before it had ended itself. */
function lastSavedMs(backup: KubeObject): number {
  if (textAt(backup, "status", "timing", "endTime") !== undefined) return -Infinity;
  const entries = valueAt(backup, "status", "snapshots");
  if (!Array.isArray(entries)) return -Infinity;
  const times = entries.map((entry) => Date.parse(textAt(entry, "endTime") ?? ""));
  return Math.max(...times.filter((time) => !Number.isNaN(time)));
}

/** True when a person said that the snapshots of a Backup are as they should be. */
export function isAccepted(backup: KubeObject): boolean {
  return valueAt(backup, "spec", "accept") === true;
}

/** A count is whole, not negative, and small enough to be told from the next one. */
function countOf(object: unknown, ...path: readonly string[]): number | undefined {
  const value = numberAt(object, ...path);
  return value !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** What could not be read, and what lost its name to another. */
function unreadableOf(entry: unknown): number | undefined {
  const unreadable = lackOf(valueAt(entry, "unreadable"));
  const lost = lackOf(valueAt(entry, "names", "lost"));
  return unreadable === undefined || lost === undefined ? undefined : unreadable + lost;
}

function lackOf(said: unknown): number | undefined {
  if (said === undefined || said === null) return 0;
  const count = countOf(said, "count");
  return count === 0 ? undefined : count;
}
