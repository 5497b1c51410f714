import type { BackupResult } from "../../api/mover/contract.ts";
import type { Snapshot } from "../kopia/output.ts";
import type { NameSurvey } from "../names/survey.ts";
import { printable } from "../printable.ts";

type Facts = Pick<BackupResult, "reused" | "bytesNew" | "grownBytes" | "repository">;

/** The result for a snapshot that this run made. */
export function resultOf(snapshot: Snapshot, survey: NameSurvey, facts: Facts): BackupResult {
  const content = contentOf(snapshot, survey);
  return {
    startTime: snapshot.startTime,
    endTime: snapshot.endTime,
    ...content,
    ...newAndOld(snapshot.filesNew, content.files),
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

function newAndOld(
  filesNew: number | undefined,
  files: number | undefined,
): Pick<BackupResult, "filesNew" | "filesUnchanged"> {
  if (filesNew === undefined) return {};
  if (files === undefined) return { filesNew };
  const read = Math.min(filesNew, files);
  return { filesNew: read, filesUnchanged: files - read };
}

/** Kopia's counts include lost files (those whose name another file took), so they are subtracted. */
function contentOf(
  { id, sizeBytes, files, unreadable, excluded }: Snapshot,
  { names, lost }: NameSurvey,
): Pick<BackupResult, "snapshotId" | "sizeBytes" | "files" | "unreadable" | "excluded" | "names"> {
  return {
    snapshotId: id,
    ...(sizeBytes === undefined ? {} : { sizeBytes: Math.max(0, sizeBytes - lost.bytes) }),
    ...(files === undefined ? {} : { files: Math.max(0, files - lost.files) }),
    ...(excluded === undefined ? {} : { excluded }),
    ...(unreadable === undefined
      ? {}
      : { unreadable: { count: unreadable.count, paths: unreadable.paths.map(printable) } }),
    names,
  };
}
