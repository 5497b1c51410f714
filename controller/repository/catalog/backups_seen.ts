import { backupKind } from "../../../api/mod.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../../../kube/types.ts";
import {
  controllerOf,
  type MissingNote,
  numberAt,
  type PutBack,
  repositoryKeyText,
  repositoryOfBackup,
  resourceOf,
  runFacts,
  textAt,
  valueAt,
} from "../../shared/mod.ts";

/** The resource of Backups. */
export const BACKUP = resourceOf(backupKind);

const SPAN_MS = 600_000;

/** Numbers of a repository, and when they were read. */
export interface SeenStats {
  readonly snapshotCount: number;
  readonly totalSizeBytes: number;
  /** RFC 3339. */
  readonly observedAt: string;
}

/** A Backup that stands for a snapshot somebody else made. */
export interface DiscoveredBackup {
  readonly key: ObjectKey;
  readonly uid: string;
  /** Of the Repository that found it. */
  readonly ownerUid: string | undefined;
  readonly snapshotId: string;
  /** As {@link sourceText} writes it. */
  readonly source: string;
  readonly startMs: number;
  readonly isDeleting: boolean;
}

/** A run that ended, as far as the presence of its snapshots is concerned. */
export interface EndedRun {
  readonly key: ObjectKey;
  readonly uid: string;
  readonly endMs: number;
  /** Those it made, and those it stands on where nothing had changed since. */
  readonly snapshotIds: readonly string[];
  /** What is said of those that are missing; undefined when nothing is. */
  readonly note: MissingNote | "unreadable" | undefined;
}

/** Name of that index of Backups. */
export const BY_REPOSITORY_TEXT = "repositoryText";

/**
 * Index function: a Backup under the `repositoryKeyText` of the one it was written to or found in, and the ten minutes
 * in which it saw that repository's numbers. One that was never started is under the empty text. Reads by hand, as all
 * of this file: it runs over every Backup on each of its changes.
 */
export function byRepositoryText(backup: KubeObject): readonly string[] {
  const ref = repositoryOfBackup(backup);
  const text = ref === undefined ? "" : repositoryKeyText(ref, backup.metadata.namespace ?? "");
  const seen = seenStats(backup);
  return seen === undefined ? [text] : [text, spanText(text, Date.parse(seen.observedAt))];
}

/** Values of that index for those that saw a repository from one time to another, at most so many. */
export function spanTexts(
  repository: string,
  { fromMs, toMs, most }: { readonly fromMs: number; readonly toMs: number; readonly most: number },
): readonly string[] {
  const last = Math.floor(toMs / SPAN_MS);
  const spans = Math.min(most, last - Math.floor(fromMs / SPAN_MS) + 1);
  return Array.from({ length: Math.max(0, spans) }, (_, back) => `${repository}@${last - back}`);
}

function spanText(repository: string, ms: number): string {
  return `${repository}@${Math.floor(ms / SPAN_MS)}`;
}

/** Kopia's unique id of the repository a Backup belongs to. */
export function repositoryIdOf(backup: KubeObject): string | undefined {
  return runFacts(backup).uniqueId ??
    textAt(backup, "spec", "discovered", "repository", "uniqueId");
}

/** What the last mover of a run that ended saw in its repository. */
export function seenStats(backup: KubeObject): SeenStats | undefined {
  if (!hasEnded(backup)) return undefined;
  const snapshotCount = numberAt(backup, "status", "repository", "snapshotCount");
  const totalSizeBytes = numberAt(backup, "status", "repository", "totalSizeBytes");
  const observedAt = textAt(backup, "status", "repository", "observedAt");
  if (snapshotCount === undefined || totalSizeBytes === undefined || observedAt === undefined) {
    return undefined;
  }
  return Number.isNaN(Date.parse(observedAt)) ? undefined : { snapshotCount, totalSizeBytes, observedAt };
}

/** Ids of all snapshots a Backup made or stands for. */
export function snapshotIds(backup: KubeObject): readonly string[] {
  const found = textAt(backup, "spec", "discovered", "snapshot", "id");
  const entries = valueAt(backup, "status", "snapshots");
  const made = Array.isArray(entries) ? entries.map((entry) => textAt(entry, "kopiaSnapshotID")) : [];
  return [found, ...made].filter((id) => id !== undefined);
}

/** Ids of the snapshots a Backup stands on, for nothing had changed since; other Backups made them. */
function idsStoodOn(backup: KubeObject): readonly string[] {
  const entries = valueAt(backup, "status", "snapshots");
  return Array.isArray(entries)
    ? entries.map((entry) => textAt(entry, "unchangedSince")).filter((id) => id !== undefined)
    : [];
}

/** A discovered Backup; undefined for any other. */
export function discoveredBackup(backup: KubeObject): DiscoveredBackup | undefined {
  const snapshotId = textAt(backup, "spec", "discovered", "snapshot", "id");
  if (snapshotId === undefined) return undefined;
  const at = ["spec", "discovered", "snapshot"] as const;
  const username = textAt(backup, ...at, "identity", "username") ?? "";
  const hostname = textAt(backup, ...at, "identity", "hostname") ?? "";
  const path = textAt(backup, ...at, "sourcePath") ?? "";
  return {
    key: keyOf(backup),
    uid: backup.metadata.uid ?? "",
    ownerUid: controllerOf(backup)?.uid,
    snapshotId,
    source: sourceText({ username, hostname, path }),
    startMs: Date.parse(textAt(backup, ...at, "startTime") ?? ""),
    isDeleting: backup.metadata.deletionTimestamp !== undefined,
  };
}

/** A source of kopia as one text. */
export function sourceText(
  { username, hostname, path }: {
    readonly username: string;
    readonly hostname: string;
    readonly path: string;
  },
): string {
  return JSON.stringify([username, hostname, path]);
}

/** A run that ended, holds snapshots and stays; undefined for any other Backup. One that was stopped may have made some. */
export function endedRun(backup: KubeObject): EndedRun | undefined {
  const { isDeleting, endedMs = NaN, missing } = runFacts(backup);
  if (!hasEnded(backup) || isDeleting) return undefined;
  const ids = [...new Set([...snapshotIds(backup), ...idsStoodOn(backup)])];
  if (ids.length === 0) return undefined;
  return {
    key: keyOf(backup),
    uid: backup.metadata.uid ?? "",
    endMs: endedMs,
    snapshotIds: ids,
    note: missing,
  };
}

/** When a run began whose snapshots its status does not name yet; undefined for one that does not run. */
export function runningSinceMs(backup: KubeObject): number | undefined {
  const { phase, startedMs } = runFacts(backup);
  return phase === "Running" ? startedMs : undefined;
}

function hasEnded(backup: KubeObject): boolean {
  const { phase } = runFacts(backup);
  return phase === "Succeeded" || phase === "Failed";
}

/** What a Backup means beside a listing. */
export interface BackupFacts {
  readonly uid: string;
  /** Kopia's unique id of the repository it was written to or found in. */
  readonly uniqueId: string | undefined;
  /** Set for one that stands for a snapshot somebody else made. */
  readonly discovered: DiscoveredBackup | undefined;
  readonly snapshotIds: readonly string[];
  readonly ended: EndedRun | undefined;
  readonly runningSinceMs: number | undefined;
  /** Set for one that was put back without its status and has yet to find its snapshots. */
  readonly putBack: PutBack | undefined;
}

/** Reads what a Backup means beside a listing. */
export function backupFacts(backup: KubeObject): BackupFacts {
  const { uid, putBack } = runFacts(backup);
  return {
    uid,
    uniqueId: repositoryIdOf(backup),
    discovered: discoveredBackup(backup),
    snapshotIds: snapshotIds(backup),
    ended: endedRun(backup),
    runningSinceMs: runningSinceMs(backup),
    putBack,
  };
}
