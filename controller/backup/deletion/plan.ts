import { ANNOTATION, type DeletionPolicy, REASONS, type SnapshotEntry } from "../../../api/mod.ts";
import { textAt, valueAt } from "../../shared/mod.ts";
import type { RunPin } from "../run/pin.ts";
import { mayHaveSnapshot } from "../run/source_entry.ts";
import { stopRun } from "../run/stop_movers.ts";
import { listed } from "../run/result.ts";
import { type BackupPlan, type BackupWorld, namespaceIsTerminating } from "../world/world.ts";
import {
  deleteJobs,
  deleteSnapshots,
  snapshotsAreGone,
  someMayBeGone,
  stopDeletion,
} from "./delete_snapshots.ts";
import { LOST_POD_SECONDS } from "./job.ts";
import { type DeletingRun, deletingRun, release, waitingPlan } from "./deleting_run.ts";
import { policyOf, policyOfToday } from "./policy.ts";

const SOON_SECONDS = 1;
const UNREADABLE_SECONDS = 300;

/**
 * The deletion machine. No mover that backs up is started in it.
 *
 *   skip annotation ───────────────────────────────────────────▶ orphaned
 *   movers still run → stopped, waited for → policy
 *     Retain ──────────────────────────────────────────────────▶ released, silently
 *     Delete, no snapshot can exist ───────────────────────────▶ released
 *     Orphan, or the namespace goes as well ───────────────────▶ orphaned (counted)
 *     Delete → by a rule, and pinned? → its mover stopped, held until the pin goes
 *            → a mistake? → held until a person confirms
 *            → Repository gone, and nothing whole was saved ───▶ released, and told
 *            → repository and credentials there? → delete Job ─▶ released
 *                                                 ├ failed: counted, again in 60 s · 2ⁿ, at most 1 h
 *                                                 ├ does not start: given up, again in the same way
 *                                                 └ left what is too young: again when it is old enough,
 *                                                   without the breaker, at most three times; what then
 *                                                   stands in the way lets it go, too ─▶ released
 *
 * Where the snapshots stay although a mover was made to delete them, that one is stopped first.
 */
export function planDeletion(world: BackupWorld, now: Date): BackupPlan {
  const { backup } = world;
  const deleting = deletingRun(world, now);
  if (!backup.hasFinalizer) return release(deleting, "Nothing is held back");
  if (backup.unreadable !== undefined) return stopDeletion(deleting) ?? orphanUnread(deleting);
  if (backup.skipsCleanup) {
    return stopDeletion(deleting) ??
      orphan(deleting, `the annotation ${ANNOTATION.skipSnapshotCleanup} says so`);
  }
  const policy = effectivePolicy(world, deleting.pin);
  if (namespaceIsTerminating(world)) {
    return stopDeletion(deleting) ??
      (policy === "Retain" ? retain(deleting) : orphan(deleting, "its namespace is being deleted"));
  }
  if (policy !== "Delete") {
    const stopping = stopDeletion(deleting);
    if (stopping !== undefined) return stopping;
  }
  const stopping = stopRun(world, deleting.pin, LOST_POD_SECONDS, now);
  if (stopping !== undefined) {
    const { remove, recheckAfterSeconds, askedAt } = stopping;
    const message = "The movers of the Backup are being stopped";
    const plan = waitingPlan(deleting, "Deleting", message, recheckAfterSeconds);
    const next = askedAt === undefined ? plan.next : { ...plan.next, stopAskedAt: askedAt };
    return { ...plan, remove, next };
  }
  if (policy === "Retain") return retain(deleting);
  if (!deleting.entries.some(mayHaveSnapshot)) return release(deleting, "There are no snapshots");
  if (policy === "Orphan") return orphan(deleting, "its deletion policy is Orphan");
  // A person can confirm nothing about unreachable snapshots; only a whole one is worth asking.
  const isAtMostUnfinished = snapshotsAreGone(world) || !deleting.entries.some(mayBeWhole);
  if (world.repository.kind === "missing" && isAtMostUnfinished && deleteJobs(world).length === 0) {
    return stopDeletion(deleting) ?? orphan(deleting, "that is gone, and no whole snapshot can be there");
  }
  const isUndecided = backup.spec.deletionPolicy === undefined && !snapshotsAreGone(world);
  if (world.config.kind === "unreadable" && isUndecided) {
    const message = `Cannot delete the snapshots: ${world.config.why}, so it is not known whether they are ` +
      "to go; set spec.deletionPolicy of the Backup to say it";
    return stopDeletion(deleting) ?? waitingPlan(deleting, "InvalidSpec", message, UNREADABLE_SECONDS);
  }
  // An end is reported by the pass that records it; a Job that cannot be made must not prevent that.
  if (deleting.hasChanges) return waitingPlan(deleting, "Deleting", REASONS.Deleting, SOON_SECONDS);
  return deleteSnapshots(deleting);
}

/** The policy that applies to the snapshots. */
export function effectivePolicy(world: BackupWorld, pin: RunPin | undefined): DeletionPolicy {
  const { deletionPolicy: pinned, lastDeletionPolicy: last } = pin?.resolved ?? {};
  return policyOf({ own: world.backup.spec.deletionPolicy, pinned, today: policyOfToday(world), last });
}

/** Releases without a report, except about snapshots that a mover may have deleted before. */
function retain(deleting: DeletingRun): BackupPlan {
  const plan = release(deleting, "The snapshots are retained");
  if (deleting.world.backup.status.deletion?.startedAt === undefined) return plan;
  const note = `The snapshots are retained${someMayBeGone(deleting)}`;
  return { ...plan, events: [{ type: "Normal", reason: "SnapshotOrphaned", action: "Orphan", note }] };
}

/** The status is unreadable, so everything that looks like a snapshot counts, and at least one. */
function orphanUnread(deleting: DeletingRun): BackupPlan {
  const { object, backup } = deleting.world;
  const listing = valueAt(object, "status", "snapshots");
  const ids = Array.isArray(listing)
    ? listing.map((entry) => textAt(entry, "kopiaSnapshotID")).filter((id) => id !== undefined)
    : [];
  const what = ids.length === 0 ? "snapshots, if there are any" : listed(ids);
  const note =
    `Left in the repository, because the annotation ${ANNOTATION.skipSnapshotCleanup} says so: ${what}${
      someMayBeGone(deleting)
    }`;
  return orphaned(deleting, { note, namespace: backup.key.namespace, count: Math.max(1, ids.length) });
}

/**
 * Counts the snapshots; a source whose mover left no result, or was stopped, counts as one, as it may have
 * made one. A reported unfinished upload is no snapshot, but is reported as well: it takes space.
 */
function orphan(deleting: DeletingRun, because: string): BackupPlan {
  const kept = deleting.entries.filter(mayHaveSnapshot);
  if (kept.length === 0) return release(deleting, "There are no snapshots");
  const { world, pin } = deleting;
  const { namespace } = world.backup.key;
  const texts = kept.map(({ source, kopiaSnapshotID, ...entry }) => {
    if (kopiaSnapshotID !== undefined) return `${kopiaSnapshotID} of "${source}"`;
    if (isOnItsWay(entry)) return `the snapshot a mover of "${source}" had saved or not finished`;
    return isUnfinished(entry) ? `what a mover of "${source}" had not finished` : `unknown id of "${source}"`;
  });
  const note = `Left in Repository "${pin?.resolved.repository.name ?? ""}", because ${because}: ${
    listed(texts)
  }${someMayBeGone(deleting)}`;
  const count = kept.filter(mayBeWhole).length;
  return orphaned(deleting, { note, namespace, count });
}

/** True for a source that may have a whole snapshot. */
function mayBeWhole(entry: SnapshotEntry): boolean {
  return entry.kopiaSnapshotID !== undefined || (mayHaveSnapshot(entry) && !isUnfinished(entry));
}

/** True for a source that can have no whole snapshot, unless it has an id. */
function isUnfinished({ phase, failure }: Pick<SnapshotEntry, "phase" | "failure">): boolean {
  if (phase === "Failed") return failure?.resultKnown === true;
  return !isOnItsWay({ phase });
}

/** True for a source whose mover left no result yet: a killed one may have saved the whole snapshot just before. */
function isOnItsWay({ phase }: Pick<SnapshotEntry, "phase">): boolean {
  return phase === "Running" || phase === "Pending";
}

function orphaned(
  deleting: DeletingRun,
  { note, namespace, count }: { readonly note: string; readonly namespace: string; readonly count: number },
): BackupPlan {
  return {
    ...release(deleting, note),
    events: [{ type: "Normal", reason: "SnapshotOrphaned", action: "Orphan", note }],
    measures: count === 0 ? deleting.measures : [...deleting.measures, {
      kind: "add",
      metric: "kopiur_orphaned_snapshots_total",
      labels: { namespace },
      value: count,
    }],
  };
}
