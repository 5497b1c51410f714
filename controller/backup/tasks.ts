import type { BackupStatus } from "../../api/mod.ts";
import { moverJobName, type MoverTask, type SeenMover, seenMovers } from "../movers/mod.ts";
import type { BackupObject } from "./backup_object.ts";
import { DEFAULT_ACTIVE_DEADLINE_SECONDS, DEFAULT_START_DEADLINE_SECONDS } from "./desired.ts";
import type { BackupWorld } from "./world.ts";

export { jobNameOf } from "../movers/mod.ts";

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
    limits: { jobs: MAX_ATTEMPTS, startDeadlineSeconds, activeDeadlineSeconds },
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

/** Number of the next, or the present, Job that deletes the snapshots of a Backup. */
export function deleteAttempt(deletion: BackupStatus["deletion"]): number {
  const { failures = 0, unstarted = 0, checkpointWaits = 0 } = deletion ?? {};
  return failures + unstarted + checkpointWaits + 1;
}

/** The mover Jobs of a source as they are now. */
export function moversOf(
  world: BackupWorld,
  source: string,
  now: Date,
  settingsToday?: string,
): readonly SeenMover<"backup">[] {
  return seenMovers(sourceTask(world.backup, source), world, now, settingsToday);
}

function ownerOf({ key: { name }, uid }: BackupObject): { readonly name: string; readonly uid: string } {
  return { name, uid };
}
