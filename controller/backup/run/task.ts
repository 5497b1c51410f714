import {
  moverJobName,
  type MoverTask,
  type SeenMover,
  seenMovers,
  type WaitReason,
} from "../../movers/mod.ts";
import type { BackupObject } from "../world/object.ts";
import type { BackupWorld } from "../world/world.ts";

/** A day: a mover that hangs ends before the next night, and what a longer one read so far the next run finds. */
export const DEFAULT_ACTIVE_DEADLINE_SECONDS = 86_400;

/** A start may take as long when nothing else is said. */
export const DEFAULT_START_DEADLINE_SECONDS = 1800;

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

/** Name of the n-th mover Job of a source. */
export function backupJobName(backup: BackupObject, source: string, attempt: number): string {
  return moverJobName(ownerOf(backup), { kind: "backup", source }, attempt);
}

/** The mover Jobs of a source as they are now. */
export function moversOf(
  world: Pick<BackupWorld, "backup" | "jobs" | "pods" | "serverNow">,
  source: string,
  settingsToday?: string,
): readonly SeenMover<"backup">[] {
  return seenMovers(sourceTask(world.backup, source), undefined, world, world.serverNow, settingsToday);
}

/** The Backup as the names of its Jobs know it. */
export function ownerOf(
  { key: { name }, uid }: BackupObject,
): { readonly name: string; readonly uid: string } {
  return { name, uid };
}

/** Why a mover of a Backup does not work, as it is reported there: one that is out of sight is no reason of its own. */
export function reportedWait(reason: WaitReason): "Unschedulable" | "PodNotStarted" {
  return reason === "MoverLost" ? "PodNotStarted" : reason;
}
