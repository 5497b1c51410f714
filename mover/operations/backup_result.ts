import type { BackupResult } from "../../api/mover/contract.ts";
import type { Snapshot } from "../kopia/output.ts";
import type { NameSurvey } from "../names/survey.ts";
import { printable } from "../printable.ts";

type Facts = Pick<BackupResult, "reused" | "bytesNew" | "grownBytes" | "repository">;

/** The result for a snapshot that this run made. */
export function resultOf(snapshot: Snapshot, survey: NameSurvey, facts: Facts): BackupResult {
  const content = contentOf(snapshot, survey);
  const { filesNew } = snapshot;
  return {
    startTime: snapshot.startTime,
    endTime: snapshot.endTime,
    ...content,
    ...(filesNew === undefined ? {} : newAndOld(Math.min(filesNew, content.files), content.files)),
    ...facts,
  };
}

/**
 * The result when kopia made no snapshot because nothing changed since the newest one. Files that were unreadable
 * then are unreadable now: kopia compares those as well.
 */
export function unchangedSince(
  newest: Snapshot,
  survey: NameSurvey,
  facts: Pick<BackupResult, "startTime" | "endTime" | "bytesNew" | "repository">,
): BackupResult {
  const content = contentOf(newest, survey);
  return { ...content, ...newAndOld(0, content.files), ...facts, reused: false, unchanged: true };
}

function newAndOld(filesNew: number, files: number): Pick<BackupResult, "filesNew" | "filesUnchanged"> {
  return { filesNew, filesUnchanged: files - filesNew };
}

/** Kopia's counts include lost files (those whose name another file took), so they are subtracted. */
function contentOf(
  { id, sizeBytes, files, unreadable, excluded }: Snapshot,
  { names, lost }: NameSurvey,
): Pick<BackupResult, "snapshotId" | "sizeBytes" | "files" | "unreadable" | "excluded" | "names"> {
  return {
    snapshotId: id,
    sizeBytes: Math.max(0, sizeBytes - lost.bytes),
    files: Math.max(0, files - lost.files),
    ...(excluded === undefined ? {} : { excluded }),
    ...(unreadable === undefined
      ? {}
      : { unreadable: { count: unreadable.count, paths: unreadable.paths.map(printable) } }),
    names,
  };
}
