import type { RepositoryStatus } from "../../../api/mod.ts";
import { keyText, type KubeObject, type ObjectKey, type Reader } from "../../../kube/types.ts";
import { REPOSITORY, repositoryKey, repositoryOfBackup, textAt } from "../../shared/mod.ts";
import {
  BACKUP,
  BY_REPOSITORY_TEXT,
  repositoryIdOf,
  type SeenStats,
  seenStats,
  spanTexts,
} from "./backups_seen.ts";
import type { RepositoryObject } from "../repository_object.ts";

/** How often statistics are written: a thousand runs may end within a minute. */
const WRITE_EVERY_MS = 10_000;
/** A week of ten minutes each. */
const MOST_SPANS = 1008;

/**
 * The newest statistics that a run of this Repository saw since those in the status. Reads only the runs of that time.
 */
export function newestStats(
  { key, status }: RepositoryObject,
  reader: Reader,
  serverNow: Date,
): SeenStats | undefined {
  const { uniqueId, storageStats } = status;
  if (uniqueId === undefined || storageStats === undefined) return undefined;
  const knownMs = Date.parse(storageStats.lastObservedAt);
  let newest: SeenStats | undefined;
  let newestMs = knownMs;
  const times = { fromMs: knownMs, toMs: serverNow.getTime(), most: MOST_SPANS };
  for (const value of spanTexts(keyText(key), times)) {
    for (const backup of reader.list(BACKUP, { index: { name: BY_REPOSITORY_TEXT, value } })) {
      if (repositoryIdOf(backup) !== uniqueId) continue;
      const seen = seenStats(backup);
      const seenMs = Date.parse(seen?.observedAt ?? "");
      if (!(seenMs > newestMs)) continue;
      newest = seen;
      newestMs = seenMs;
    }
  }
  return newest;
}

/** The statistics to write now, and when to look for newer ones. */
interface StatsTurn {
  readonly storageStats?: NonNullable<RepositoryStatus["storageStats"]>;
  readonly recheckAfterSeconds?: number;
}

/**
 * Takes the statistics of a run, at most once in ten seconds; each time a recheck follows, as
 * runs that end meanwhile wake nobody. Statistics from the future are of a wrong clock.
 */
export function takeNewest(
  known: RepositoryStatus["storageStats"],
  newest: SeenStats | undefined,
  serverNow: Date,
): StatsTurn {
  if (known === undefined) return {};
  const quietMs = WRITE_EVERY_MS - (serverNow.getTime() - Date.parse(known.lastObservedAt));
  const later = quietMs > 0
    ? { recheckAfterSeconds: Math.ceil(Math.min(quietMs, WRITE_EVERY_MS) / 1000) }
    : {};
  if (newest === undefined) return later;
  const newestMs = Date.parse(newest.observedAt);
  if (!(newestMs > Date.parse(known.lastObservedAt)) || newestMs > serverNow.getTime()) return later;
  if (quietMs > 0) return later;
  const { snapshotCount, totalSizeBytes, observedAt } = newest;
  return {
    // Numbers that only a bootstrap counts stay until the next one.
    storageStats: { ...known, snapshotCount, totalSizeBytes, lastObservedAt: observedAt },
    recheckAfterSeconds: WRITE_EVERY_MS / 1000,
  };
}

/** The Repository whose statistics a run made outdated; a burst of runs wakes it once in ten seconds. */
export function keysOfStaleStats(backup: KubeObject, reader: Reader): readonly ObjectKey[] {
  const seen = seenStats(backup);
  const ref = repositoryOfBackup(backup);
  if (seen === undefined || ref === undefined) return [];
  const key = repositoryKey(ref, backup.metadata.namespace ?? "");
  const repository = reader.get(REPOSITORY, key);
  if (textAt(repository, "status", "uniqueId") !== repositoryIdOf(backup)) return [];
  const known = Date.parse(textAt(repository, "status", "storageStats", "lastObservedAt") ?? "");
  return Date.parse(seen.observedAt) >= known + WRITE_EVERY_MS ? [key] : [];
}
