import type { BackupStatus } from "../../../api/mod.ts";
import {
  moverJobName,
  type MoverTask,
  type SeenMover,
  seenMovers,
  type TaskMemory,
  taskMemory,
} from "../../movers/mod.ts";
import type { BackupObject } from "../world/object.ts";
import type { BackupWorld } from "../world/world.ts";

/** A day: a mover that hangs ends before the next night, and what a longer one read so far the next run finds. */
export const DEFAULT_ACTIVE_DEADLINE_SECONDS = 86_400;

/** A start may take as long when nothing else is said. */
export const DEFAULT_START_DEADLINE_SECONDS = 1800;

/** A deletion that hangs is ended and tried again; waiting for a node does not count. */
export const DELETE_LIMIT_SECONDS = 3600;

/** So long one that was given up is waited for: deleting the same twice does no harm. */
export const LOST_POD_SECONDS = 1800;
/** Between two tries at a deletion. */
export const DELETION_RETRY_MAX_SECONDS = 3600;
/** Mover Jobs a source may get when one leaves no result; each finds by tag what the one before had saved. */
export const MAX_ATTEMPTS = 3;

/** Backing up one source of a run. */
export type SourceTask = MoverTask<"backup">;

/** The task of a source. */
export function sourceTask(backup: BackupObject, source: string): SourceTask {
  const {
    startDeadlineSeconds = DEFAULT_START_DEADLINE_SECONDS,
    activeDeadlineSeconds = DEFAULT_ACTIVE_DEADLINE_SECONDS,
  } = backup.spec.failurePolicy ?? {};
  return {
    operation: "backup",
    owner: ownerOf(backup),
    purpose: { kind: "backup", source },
    limits: { jobs: MAX_ATTEMPTS, startDeadlineSeconds, activeDeadlineSeconds, longestRestSeconds: 300 },
  };
}

/** Deleting the snapshots of a run. */
export type DeletionTask = MoverTask<"snapshotDelete">;

/** The task of a deletion: tried for ever, for nothing else brings the snapshots away. */
export function deletionTask(backup: BackupObject): DeletionTask {
  return {
    operation: "snapshotDelete",
    owner: ownerOf(backup),
    purpose: { kind: "snapshotDelete" },
    limits: {
      startDeadlineSeconds: Infinity,
      activeDeadlineSeconds: DELETE_LIMIT_SECONDS,
      longestRestSeconds: DELETION_RETRY_MAX_SECONDS,
      // Deleting the same twice does no harm.
      besideSeconds: LOST_POD_SECONDS,
    },
  };
}

/** What is remembered of the movers of a deletion; undefined before the first one. */
export function deletionMemory(deletion: BackupStatus["deletion"]): TaskMemory | undefined {
  const { job, startedAt, failures = 0, unstarted = 0, checkpointWaits = 0, retryAt, waitingSince } =
    deletion ?? {};
  if (job !== undefined) return taskMemory(job);
  if (startedAt === undefined) return undefined;
  // As releases before this one kept it.
  return {
    number: failures + unstarted + checkpointWaits + 1,
    slotsGivenBack: unstarted,
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(waitingSince === undefined ? {} : { waitingSince }),
  };
}

/** Name of the n-th mover Job of a source. */
export function backupJobName(backup: BackupObject, source: string, attempt: number): string {
  return moverJobName(ownerOf(backup), { kind: "backup", source }, attempt);
}

/** Name of the n-th Job that deletes the snapshots of a Backup. */
export function deleteJobName(backup: BackupObject, attempt: number): string {
  return moverJobName(ownerOf(backup), { kind: "snapshotDelete" }, attempt);
}

/** The mover Jobs of a source as they are now. */
export function moversOf(
  world: Pick<BackupWorld, "backup" | "jobs" | "pods" | "serverNow">,
  source: string,
  settingsToday?: string,
): readonly SeenMover<"backup">[] {
  return seenMovers(sourceTask(world.backup, source), undefined, world, world.serverNow, settingsToday);
}

function ownerOf({ key: { name }, uid }: BackupObject): { readonly name: string; readonly uid: string } {
  return { name, uid };
}
