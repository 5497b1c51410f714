import { ANNOTATION, type DeletionPolicy, REASONS } from "../../api/mod.ts";
import { textAt, valueAt } from "../shared/mod.ts";
import { deleteSnapshots } from "./delete_snapshots.ts";
import { type Leaving, leavingRun, release, waitingPlan } from "./leaving.ts";
import type { BackupPlan } from "./next_status.ts";
import type { RunPin } from "./run_pin.ts";
import { mayHoldSnapshot } from "./source_state.ts";
import { stopMovers } from "./stop_movers.ts";
import { listed } from "./verdict.ts";
import { type BackupWorld, namespaceIsTerminating } from "./world.ts";

const SOON_SECONDS = 1;

/**
 * The deletion machine (domain.md §3.3, design D17). No mover that backs up is started in it.
 *
 *   skip annotation ───────────────────────────────────────────▶ orphaned
 *   movers still run → stopped, waited for → policy
 *     Retain ──────────────────────────────────────────────────▶ released, silently
 *     Delete, no snapshot can exist ───────────────────────────▶ released
 *     Orphan, or the namespace goes as well ───────────────────▶ orphaned (counted)
 *     Delete → one of many? → held until a person confirms
 *            → repository and credentials there? → delete Job ─▶ released
 *                                                 └ failed: counted, again in 60 s · 2ⁿ, at most 1 h
 */
export function planDeletion(world: BackupWorld, now: Date): BackupPlan {
  const { backup } = world;
  const leaving = leavingRun(world, now);
  if (!backup.holdsFinalizer) return release(leaving, "Nothing is held back");
  if (backup.unreadable !== undefined) return orphanUnread(leaving);
  if (backup.skipsCleanup) return orphan(leaving, `the annotation ${ANNOTATION.skipSnapshotCleanup} says so`);
  const policy = effectivePolicy(world, leaving.pin);
  if (namespaceIsTerminating(world)) {
    return policy === "Retain"
      ? release(leaving, "The snapshots are retained")
      : orphan(leaving, "its namespace is being deleted");
  }
  const stopping = stopMovers(world, leaving.pin, now);
  if (stopping !== undefined) {
    const { remove, recheckAfterSeconds } = stopping;
    const message = "The movers of the Backup are being stopped";
    return { ...waitingPlan(leaving, "Deleting", message, recheckAfterSeconds), remove };
  }
  if (policy === "Retain") return release(leaving, "The snapshots are retained");
  if (!leaving.entries.some(mayHoldSnapshot)) return release(leaving, "There are no snapshots");
  if (policy === "Orphan") return orphan(leaving, "its deletion policy is Orphan");
  // What ended meanwhile is told by the pass that writes it down; a Job that cannot be made must not stop that.
  if (leaving.hasNews) return waitingPlan(leaving, "Deleting", REASONS.Deleting, SOON_SECONDS);
  return deleteSnapshots(leaving);
}

/** The Backup's own policy, else the one pinned, else the config's, else Delete (design D17). */
export function effectivePolicy({ backup, config }: BackupWorld, pin: RunPin | undefined): DeletionPolicy {
  const ofConfig = config.kind === "found" ? config.value.spec.defaultDeletionPolicy : undefined;
  return backup.spec.deletionPolicy ?? pin?.resolved.deletionPolicy ?? ofConfig ?? "Delete";
}

/** What it holds cannot be read, so it is counted by what looks like a snapshot, and as one at least. */
function orphanUnread(leaving: Leaving): BackupPlan {
  const { object, backup } = leaving.world;
  const listing = valueAt(object, "status", "snapshots");
  const ids = Array.isArray(listing)
    ? listing.map((entry) => textAt(entry, "kopiaSnapshotID")).filter((id) => id !== undefined)
    : [];
  const what = ids.length === 0 ? "snapshots, if there are any" : listed(ids);
  const note =
    `Left in the repository, because the annotation ${ANNOTATION.skipSnapshotCleanup} says so: ${what}`;
  return orphaned(leaving, { note, namespace: backup.key.namespace, count: Math.max(1, ids.length) });
}

/** Counted by snapshot; a source that may or may not have left one counts as one. */
function orphan(leaving: Leaving, because: string): BackupPlan {
  const kept = leaving.entries.filter(mayHoldSnapshot);
  if (kept.length === 0) return release(leaving, "There are no snapshots");
  const { world, pin } = leaving;
  const { namespace } = world.backup.key;
  const texts = kept.map(({ source, kopiaSnapshotID }) =>
    `${kopiaSnapshotID ?? "unknown id"} of "${source}"`
  );
  const note = `Left in Repository "${pin?.resolved.repository.name ?? ""}", because ${because}: ${
    listed(texts)
  }`;
  return orphaned(leaving, { note, namespace, count: kept.length });
}

function orphaned(
  leaving: Leaving,
  { note, namespace, count }: { readonly note: string; readonly namespace: string; readonly count: number },
): BackupPlan {
  return {
    ...release(leaving, note),
    events: [{ type: "Normal", reason: "SnapshotOrphaned", action: "Orphan", note }],
    measures: [...leaving.measures, {
      kind: "add",
      metric: "kopiur_orphaned_snapshots_total",
      labels: { namespace },
      value: count,
    }],
  };
}
