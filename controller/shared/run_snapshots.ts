import type { KubeObject } from "../../kube/types.ts";
import { missingIds, missingNote } from "./missing_note.ts";
import { textAt, valueAt } from "./run_summary.ts";

/** What a run holds of its sources, by the paths under which kopia files them. */
export interface RunSnapshots {
  /** Paths of which it holds a snapshot of its own. */
  readonly saved: readonly string[];
  /** Paths in which nothing had changed: an older run holds the snapshot. */
  readonly unchanged: readonly string[];
}

/**
 * What a Backup holds, read by hand for the same reason as `runSummary`. A snapshot that is known to be gone from the
 * repository does not count.
 */
export function runSnapshots(backup: KubeObject): RunSnapshots {
  const entries = valueAt(backup, "status", "snapshots");
  const saved: string[] = [];
  const unchanged: string[] = [];
  if (!Array.isArray(entries)) return { saved, unchanged };
  const missing = missingIds(missingNote(backup));
  for (const entry of entries) {
    const path = textAt(entry, "sourcePath");
    if (path === undefined || textAt(entry, "phase") !== "Succeeded") continue;
    const id = textAt(entry, "kopiaSnapshotID");
    if (id === undefined) {
      if (valueAt(entry, "unchanged") === true) unchanged.push(path);
    } else if (!missing.includes(id)) saved.push(path);
  }
  return { saved, unchanged };
}
