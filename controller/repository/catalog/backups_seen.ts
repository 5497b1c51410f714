import { backupKind } from "../../../api/mod.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../../../kube/types.ts";
import {
  controllerOf,
  type ListedStock,
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

/** A snapshot that a run saved. */
export interface SavedSnapshot {
  readonly id: string;
  /** In the form of {@link sourceText}. */
  readonly source: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly sizeBytes: number;
  /** By how much the source grew since its snapshot before; undefined when that is not known. */
  readonly grownBytes: number | undefined;
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
 * Index function: a Backup by the `repositoryKeyText` of its repository, also with each ten minutes in which it listed
 * that repository or saved a snapshot there. One that was never started is under the empty text. Reads without a schema,
 * as all of this file: it runs for every change of a Backup.
 */
export function byRepositoryText(backup: KubeObject): readonly string[] {
  const ref = repositoryOfBackup(backup);
  const text = ref === undefined ? "" : repositoryKeyText(ref, backup.metadata.namespace ?? "");
  return [text, ...new Set(stockTimes(backup).map((ms) => spanText(text, ms)))];
}

/** When a Backup listed its repository, and when it saved each of its snapshots. */
export function stockTimes(backup: KubeObject): readonly number[] {
  const listed = Date.parse(listedStock(backup)?.observedAt ?? "");
  return [listed, ...savedSnapshots(backup).map(({ endMs }) => endMs)].filter((ms) => !Number.isNaN(ms));
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

/** The newest listing of the repository by a mover of a Backup. */
export function listedStock(backup: KubeObject): ListedStock | undefined {
  const at = ["status", "repository"] as const;
  const snapshotCount = numberAt(backup, ...at, "snapshotCount");
  const totalSizeBytes = numberAt(backup, ...at, "totalSizeBytes");
  const observedAt = textAt(backup, ...at, "observedAt");
  if (snapshotCount === undefined || totalSizeBytes === undefined || observedAt === undefined) {
    return undefined;
  }
  if (Number.isNaN(Date.parse(observedAt))) return undefined;
  const since = textAt(backup, ...at, "recent", "since");
  const ids = valueAt(backup, ...at, "recent", "ids");
  const recent = since === undefined || !Array.isArray(ids)
    ? {}
    : { recent: { since, ids: ids.filter((id) => typeof id === "string") } };
  return { snapshotCount, totalSizeBytes, observedAt, ...recent };
}

/** The snapshots of a run that is not being deleted. */
export function savedSnapshots(backup: KubeObject): readonly SavedSnapshot[] {
  const entries = valueAt(backup, "status", "snapshots");
  if (!Array.isArray(entries) || backup.metadata.deletionTimestamp !== undefined) return [];
  const username = textAt(backup, "status", "resolved", "identity", "username") ?? "";
  const hostname = textAt(backup, "status", "resolved", "identity", "hostname") ?? "";
  return entries.flatMap((entry) => {
    const id = textAt(entry, "kopiaSnapshotID");
    const endMs = Date.parse(textAt(entry, "endTime") ?? "");
    const startMs = Date.parse(textAt(entry, "startTime") ?? "");
    if (id === undefined || Number.isNaN(endMs) || Number.isNaN(startMs)) return [];
    const source = sourceText({ username, hostname, path: textAt(entry, "sourcePath") ?? "" });
    const sizeBytes = numberAt(entry, "sizeBytes") ?? 0;
    return [{ id, source, startMs, endMs, sizeBytes, grownBytes: numberAt(entry, "grownBytes") }];
  });
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
