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

/** Statistics of a repository, and when they were read. */
export interface SeenStats {
  readonly snapshotCount: number;
  readonly totalSizeBytes: number;
  /** RFC 3339. */
  readonly observedAt: string;
}

/** A discovered Backup. */
export interface DiscoveredBackup {
  readonly key: ObjectKey;
  readonly uid: string;
  /** The uid of its Repository. */
  readonly ownerUid: string | undefined;
  readonly snapshotId: string;
  /** In the form of {@link sourceText}. */
  readonly source: string;
  readonly startMs: number;
  readonly isDeleting: boolean;
}

/** What is needed of an ended run to check its snapshots. */
export interface EndedRun {
  readonly key: ObjectKey;
  readonly uid: string;
  readonly endMs: number;
  /** Those it made, and those it relies on where nothing had changed. */
  readonly snapshotIds: readonly string[];
  /** The note about missing ones; undefined without one. */
  readonly note: MissingNote | "unreadable" | undefined;
}

/** Name of that index of Backups. */
export const BY_REPOSITORY_TEXT = "repositoryText";

/**
 * Index function: a Backup by the `repositoryKeyText` of its repository and the ten minutes
 * in which it saw that repository's statistics. One that was never started is under the empty text. Reads without a schema, as all
 * of this file: it runs for every change of a Backup.
 */
export function byRepositoryText(backup: KubeObject): readonly string[] {
  const ref = repositoryOfBackup(backup);
  const text = ref === undefined ? "" : repositoryKeyText(ref, backup.metadata.namespace ?? "");
  const seen = seenStats(backup);
  return seen === undefined ? [text] : [text, spanText(text, Date.parse(seen.observedAt))];
}

/** The index values for Backups that saw a repository in a span of time, limited in number. */
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

/** The unique id of a Backup's repository. */
export function repositoryIdOf(backup: KubeObject): string | undefined {
  return runFacts(backup).uniqueId ??
    textAt(backup, "spec", "discovered", "repository", "uniqueId");
}

/** The statistics seen by the last mover of an ended run. */
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

/** Ids of all snapshots that a Backup made or represents. */
export function snapshotIds(backup: KubeObject): readonly string[] {
  const found = textAt(backup, "spec", "discovered", "snapshot", "id");
  const entries = valueAt(backup, "status", "snapshots");
  const made = Array.isArray(entries) ? entries.map((entry) => textAt(entry, "kopiaSnapshotID")) : [];
  return [found, ...made].filter((id) => id !== undefined);
}

/** Ids of the snapshots of other Backups that a Backup relies on, as nothing had changed. */
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

/** A kopia source as one text. */
export function sourceText(
  { username, hostname, path }: {
    readonly username: string;
    readonly hostname: string;
    readonly path: string;
  },
): string {
  return JSON.stringify([username, hostname, path]);
}

/** An ended run with snapshots that is not being deleted; undefined for any other Backup. A stopped run may have some. */
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

/** When a run began whose snapshots are not in its status yet; undefined for one that does not run. */
export function runningSinceMs(backup: KubeObject): number | undefined {
  const { phase, startedMs } = runFacts(backup);
  return phase === "Running" ? startedMs : undefined;
}

function hasEnded(backup: KubeObject): boolean {
  const { phase } = runFacts(backup);
  return phase === "Succeeded" || phase === "Failed";
}

/** What a listing is compared with of a Backup. */
export interface BackupFacts {
  readonly uid: string;
  /** The unique id of its repository. */
  readonly uniqueId: string | undefined;
  /** Set for a discovered Backup. */
  readonly discovered: DiscoveredBackup | undefined;
  readonly snapshotIds: readonly string[];
  readonly ended: EndedRun | undefined;
  readonly runningSinceMs: number | undefined;
  /** Set for one that was put back without its status and has not adopted its snapshots yet. */
  readonly putBack: PutBack | undefined;
}

/** Reads these facts of a Backup. */
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
