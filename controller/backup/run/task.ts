import {
  moverJobName,
  type MoverTask,
  type SeenMover,
  seenMovers,
  type WaitReason,
} from "../../movers/mod.ts";
import type { BackupObject } from "../world/object.ts";
import type { BackupWorld } from "../world/world.ts";

/** A day: a hanging mover ends before the next night, and the next run continues from what a slow one uploaded. */
export const DEFAULT_ACTIVE_DEADLINE_SECONDS = 86_400;

/** The default limit for a start. */
export const DEFAULT_START_DEADLINE_SECONDS = 1800;

/** The most mover Jobs of a source when one leaves no result; each finds by tag what an earlier one saved. */
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

/** Name of the n-th mover Job of a source. */
export function backupJobName(backup: BackupObject, source: string, attempt: number): string {
  return moverJobName(ownerOf(backup), { kind: "backup", source }, attempt);
}

/** The current mover Jobs of a source. */
export function moversOf(
  world: Pick<BackupWorld, "backup" | "jobs" | "pods" | "serverNow">,
  source: string,
  settingsToday?: string,
): readonly SeenMover<"backup">[] {
  return seenMovers(sourceTask(world.backup, source), undefined, world, world.serverNow, settingsToday);
}

/** The Backup as the owner in the names of its Jobs. */
export function ownerOf(
  { key: { name }, uid }: BackupObject,
): { readonly name: string; readonly uid: string } {
  return { name, uid };
}

/** The reason reported for a mover that does not work; MoverLost is no reason of its own for a Backup. */
export function reportedWait(reason: WaitReason): "Unschedulable" | "PodNotStarted" {
  return reason === "MoverLost" ? "PodNotStarted" : reason;
}
