import type { BackupResult } from "../api/mover_contract.ts";
import type { Snapshot } from "./kopia_output.ts";

type Facts = Pick<BackupResult, "reused" | "bytesNew" | "repository">;

/** The result of a run that has a snapshot of its own. */
export function resultOf(snapshot: Snapshot, facts: Facts): BackupResult {
  const { filesNew, files } = snapshot;
  return {
    startTime: snapshot.startTime,
    endTime: snapshot.endTime,
    ...contentOf(snapshot),
    ...(filesNew === undefined ? {} : { filesNew, filesUnchanged: files - filesNew }),
    ...facts,
  };
}

/**
 * The result of a run for which kopia made no snapshot, as nothing changed since the newest. What could not be read
 * then cannot be read now: kopia compares that, too.
 */
export function unchangedSince(
  newest: Snapshot,
  facts: Pick<BackupResult, "startTime" | "endTime" | "bytesNew" | "repository">,
): BackupResult {
  const counts = { filesNew: 0, filesUnchanged: newest.files };
  return { ...contentOf(newest), ...counts, ...facts, reused: false, unchanged: true };
}

function contentOf(
  { id, sizeBytes, files, unreadable, excluded }: Snapshot,
): Pick<BackupResult, "snapshotId" | "sizeBytes" | "files" | "unreadable" | "excluded"> {
  return {
    snapshotId: id,
    sizeBytes,
    files,
    ...(excluded === undefined ? {} : { excluded }),
    ...(unreadable === undefined
      ? {}
      : { unreadable: { count: unreadable.count, paths: [...unreadable.paths] } }),
  };
}
