import type { DiscoveredSnapshot, SnapshotEntry } from "../../../api/mod.ts";
import type { BackupPlan, BackupWorld } from "../world/world.ts";
import { presenceOf } from "./presence.ts";

/**
 * A discovered Backup: it shows the snapshot it stands for, and never starts a mover or has a finalizer,
 * so its deletion touches no snapshot.
 */
export function planDiscovered(world: BackupWorld, found: DiscoveredSnapshot): BackupPlan {
  const { repository, snapshot } = found;
  const { username, hostname } = snapshot.identity;
  const { sourcePath, description = "" } = snapshot;
  const message = `Found ${username}@${hostname}:${sourcePath} in Repository "${repository.name}"` +
    (description === "" ? "" : `: ${description}`);
  const entry = entryOf(snapshot);
  const presence = presenceOf(world, [entry]);
  const { sizeBytes, files, durationSeconds } = entry;
  const stats = sizeBytes === undefined && files === undefined ? {} : {
    stats: {
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(files === undefined ? {} : { files }),
    },
  };
  const { startTime, endTime } = snapshot;
  const isTimed = durationSeconds !== undefined;
  return {
    ...(world.backup.hasFinalizer ? { finalizer: "absent" } : {}),
    create: [],
    remove: [],
    conditions: presence.conditions,
    outcome: presence.missing === undefined
      ? { kind: "settled", reason: "Discovered", message, ready: "True", isQuiet: true }
      : { kind: "settled", reason: "SnapshotMissing", message: presence.missing, ready: "False" },
    events: presence.events,
    measures: [],
    next: {
      phase: "Discovered",
      message,
      snapshots: [entry],
      timing: { startTime, endTime, ...(isTimed ? { durationSeconds } : {}) },
      ...stats,
    },
  };
}

function entryOf(snapshot: DiscoveredSnapshot["snapshot"]): SnapshotEntry {
  const { id, sourcePath, startTime, endTime, sizeBytes, files } = snapshot;
  const seconds = (Date.parse(endTime) - Date.parse(startTime)) / 1000;
  return {
    source: sourcePath,
    sourcePath,
    phase: "Succeeded",
    kopiaSnapshotID: id,
    startTime,
    endTime,
    ...(Number.isNaN(seconds) ? {} : { durationSeconds: Math.max(0, seconds) }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(files === undefined ? {} : { files }),
  };
}
