import { ANNOTATION, type DeletionPolicy, REASONS } from "../../api/mod.ts";
import { moverRemovals } from "../shared/mod.ts";
import { attemptsOf } from "./attempts.ts";
import { deleteSnapshots } from "./delete_snapshots.ts";
import { type Leaving, leavingRun, release, waitingPlan } from "./leaving.ts";
import { isGoing, unfinishedJobs } from "./leftovers.ts";
import type { BackupPlan } from "./next_status.ts";
import { entriesOf, type RunPin } from "./run_pin.ts";
import { mayHoldSnapshot } from "./source_state.ts";
import { listed } from "./verdict.ts";
import { type BackupWorld, namespaceIsTerminating } from "./world.ts";

const SOON_SECONDS = 1;
const STOPPING_SECONDS = 15;

/**
 * The deletion machine (domain.md §3.3, design D17). No mover that backs up is started in it.
 *
 *   skip annotation ───────────────────────────────────────────▶ orphaned
 *   movers still run → stopped, waited for → policy
 *     Retain ──────────────────────────────────────────────────▶ released, silently
 *     Delete, no snapshot can exist ───────────────────────────▶ released
 *     Orphan, or the namespace goes as well ───────────────────▶ orphaned (counted)
 *     Delete → repository and credentials there? → delete Job ─▶ released
 *                                                 └ failed: counted, again in 60 s · 2ⁿ, at most 1 h
 */
export function planDeletion(world: BackupWorld, now: Date): BackupPlan {
  const { backup } = world;
  const leaving = leavingRun(world, now);
  if (!backup.holdsFinalizer) return release(leaving, "Nothing is held back");
  if (backup.skipsCleanup) return orphan(leaving, `the annotation ${ANNOTATION.skipSnapshotCleanup} says so`);
  const policy = effectivePolicy(world, leaving.pin);
  if (namespaceIsTerminating(world)) {
    return policy === "Retain"
      ? release(leaving, "The snapshots are retained")
      : orphan(leaving, "its namespace is being deleted");
  }
  const stopping = stopMovers(leaving);
  if (stopping !== undefined) return stopping;
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

/** Undefined once no mover of the run is left. A Job status does not know yet is written down before it goes. */
function stopMovers(leaving: Leaving): BackupPlan | undefined {
  const { world, pin, now } = leaving;
  const sources = pin?.sources ?? [];
  const jobs = sources.flatMap(({ source }) => unfinishedJobs(world, source, now));
  const orphanedPods = sources.some(({ source }) =>
    attemptsOf(world, source, now).some(({ job, podIsAlive }) => job === undefined && podIsAlive)
  );
  if (jobs.length === 0 && !orphanedPods) return undefined;
  const isWrittenDown = pin !== undefined && world.backup.status.snapshots !== undefined &&
    entriesOf(pin, world.backup.status).every(({ source, job }) =>
      job !== undefined || unfinishedJobs(world, source, now).length === 0
    );
  const message = "The movers of the Backup are being stopped";
  return {
    ...waitingPlan(leaving, "Deleting", message, isWrittenDown ? STOPPING_SECONDS : SOON_SECONDS),
    remove: isWrittenDown
      ? jobs.filter((job) => !isGoing(job)).flatMap((job) => moverRemovals(job, "Foreground"))
      : [],
  };
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
  return {
    ...release(leaving, note),
    events: [{ type: "Normal", reason: "SnapshotOrphaned", action: "Orphan", note }],
    measures: [...leaving.measures, {
      kind: "add",
      metric: "kopiur_orphaned_snapshots_total",
      labels: { namespace },
      value: kept.length,
    }],
  };
}
