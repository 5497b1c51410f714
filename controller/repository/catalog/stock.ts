import { type RepositoryStatus, repositoryStatus, SHORT_ID_LENGTH } from "../../../api/mod.ts";
import { keyText, type KubeObject, type ObjectKey, type Reader } from "../../../kube/types.ts";
import {
  type DeletionListings,
  type ListedStock,
  REPOSITORY,
  repositoryKey,
  repositoryOfBackup,
  textAt,
  valueAt,
} from "../../shared/mod.ts";
import {
  BACKUP,
  BY_REPOSITORY_TEXT,
  listedStock,
  repositoryIdOf,
  type SavedSnapshot,
  savedSnapshots,
  spanTexts,
  stockTimes,
} from "./backups_seen.ts";
import type { RepositoryObject } from "../repository_object.ts";

/** How often the numbers are written: a thousand runs may end within a minute. */
const WRITE_EVERY_MS = 10_000;
/** A week of ten minutes each. */
const MOST_SPANS = 1008;

type StorageStats = NonNullable<RepositoryStatus["storageStats"]>;

/** What movers saw of a repository and saved there, about the time of the listing in the status and since. */
export interface SeenStock {
  /** Listings by runs and by a deletion. */
  readonly listings: readonly ListedStock[];
  readonly saved: readonly SavedSnapshot[];
}

/** Reads what there is since the listing in the status; undefined before the first one. */
export function observeStock(
  { key, status }: RepositoryObject,
  { reader, deletions, serverNow }: {
    readonly reader: Reader;
    readonly deletions: DeletionListings;
    readonly serverNow: Date;
  },
): SeenStock | undefined {
  const { uniqueId, storageStats } = status;
  if (uniqueId === undefined || storageStats === undefined) return undefined;
  const times = { fromMs: sinceMs(listingOf(storageStats)), toMs: serverNow.getTime(), most: MOST_SPANS };
  const backups = new Map<string, KubeObject>();
  for (const value of spanTexts(keyText(key), times)) {
    for (const backup of reader.list(BACKUP, { index: { name: BY_REPOSITORY_TEXT, value } })) {
      if (repositoryIdOf(backup) === uniqueId) backups.set(backup.metadata.uid ?? "", backup);
    }
  }
  const seen = [...backups.values()];
  return {
    listings: [deletions.of(key, uniqueId), ...seen.map(listedStock)].filter((each) => each !== undefined),
    saved: seen.flatMap(savedSnapshots),
  };
}

/**
 * The numbers of a repository: those of its newest listing, and of every snapshot besides that a run saved. No snapshot
 * is added twice, in whatever order movers list, save and end, and clocks of nodes matter for the order of listings
 * alone. What was added stays when its Backup goes, until the next listing. Listings from the future are of a wrong
 * clock. Pure.
 */
export function stockNow(known: StorageStats, seen: SeenStock, serverNow: Date): StorageStats {
  const before = listingOf(known);
  let base: ListedStock = before;
  for (const each of seen.listings) {
    const ms = Date.parse(each.observedAt);
    if (ms > Date.parse(base.observedAt) && ms <= serverNow.getTime()) base = each;
  }
  const kept = base === before ? before.added ?? [] : [];
  const saved = [
    ...new Map([...kept.map(savedOf), ...seen.saved].map((each) => [shortId(each.id), each])).values(),
  ];
  const shown = saved.filter((each) => isShown(each, base));
  const added = saved.filter((each) => !isShown(each, base));
  const grown = Object.values(Object.groupBy(added, ({ source }) => source))
    .map((ofSource = []) => growthOf(ofSource, shown));
  const newestMs = Math.max(
    ...[base.observedAt, known.lastObservedAt].map((time) => Date.parse(time)),
    ...added.map(({ endMs }) => endMs),
  );
  const { observedAt, snapshotCount, totalSizeBytes, recent } = base;
  return {
    // Numbers that only a bootstrap counts stay until the next one.
    ...known,
    snapshotCount: snapshotCount + added.length,
    totalSizeBytes: Math.max(0, totalSizeBytes + grown.reduce((sum, each) => sum + each, 0)),
    lastObservedAt: new Date(Math.min(newestMs, serverNow.getTime())).toISOString(),
    listing: {
      ...{ observedAt, snapshotCount, totalSizeBytes },
      ...(recent === undefined ? {} : { recent }),
      ...(added.length === 0 ? {} : { added: added.map(addedOf) }),
    },
  };
}

/** True for a snapshot that a listing shows, or showed before it was deleted. */
function isShown({ id, endMs }: SavedSnapshot, listed: ListedStock): boolean {
  return endMs < sinceMs(listed) || listed.recent?.ids.includes(shortId(id)) === true;
}

type AddedSnapshot = NonNullable<NonNullable<StorageStats["listing"]>["added"]>[number];

function addedOf({ id, source, startMs, endMs, sizeBytes, grownBytes }: SavedSnapshot): AddedSnapshot {
  const [startTime, endTime] = [startMs, endMs].map((ms) => new Date(ms).toISOString());
  const grown = grownBytes === undefined ? {} : { grownBytes };
  return { id: shortId(id), source, startTime: startTime ?? "", endTime: endTime ?? "", sizeBytes, ...grown };
}

function savedOf({ id, source, startTime, endTime, sizeBytes, grownBytes }: AddedSnapshot): SavedSnapshot {
  return { id, source, startMs: Date.parse(startTime), endMs: Date.parse(endTime), sizeBytes, grownBytes };
}

/**
 * By how much a source grew by the snapshots that a listing does not show. Several runs of it may have measured from the
 * same one before; and where the listing shows a recent one, from that one.
 */
function growthOf(missed: readonly SavedSnapshot[], shown: readonly SavedSnapshot[]): number {
  const inOrder = missed.toSorted((a, b) => a.startMs - b.startMs);
  const [first, last] = [inOrder[0], inOrder.at(-1)];
  if (first === undefined || last === undefined) return 0;
  const before =
    shown.filter(({ source }) => source === first.source).toSorted((a, b) => b.startMs - a.startMs)[0];
  if (before !== undefined) return before.startMs > last.startMs ? 0 : last.sizeBytes - before.sizeBytes;
  return last.sizeBytes - first.sizeBytes + (first.grownBytes ?? 0);
}

/** The listing in a status; those of earlier releases have its numbers alone. */
function listingOf({ snapshotCount, totalSizeBytes, lastObservedAt, listing }: StorageStats) {
  return listing ?? { snapshotCount, totalSizeBytes, observedAt: lastObservedAt, added: undefined };
}

/** What ended before is in the listing. */
function sinceMs({ observedAt, recent }: Pick<ListedStock, "observedAt" | "recent">): number {
  return Date.parse(recent?.since ?? observedAt);
}

function shortId(id: string): string {
  return id.slice(0, SHORT_ID_LENGTH);
}

/** The numbers to write now, and when to look for newer ones. */
interface StockTurn {
  readonly storageStats?: StorageStats;
  readonly recheckAfterSeconds?: number;
}

/** Takes new numbers at most once in ten seconds; each time a recheck follows, as runs that end meanwhile wake nobody. */
export function takeStock(
  known: RepositoryStatus["storageStats"],
  seen: SeenStock | undefined,
  serverNow: Date,
): StockTurn {
  if (known === undefined) return {};
  const quietMs = WRITE_EVERY_MS - (serverNow.getTime() - Date.parse(known.lastObservedAt));
  const later = quietMs > 0
    ? { recheckAfterSeconds: Math.ceil(Math.min(quietMs, WRITE_EVERY_MS) / 1000) }
    : {};
  if (seen === undefined || quietMs > 0) return later;
  const next = stockNow(known, seen, serverNow);
  const isSame = next.snapshotCount === known.snapshotCount && next.totalSizeBytes === known.totalSizeBytes &&
    Date.parse(next.lastObservedAt) === Date.parse(known.lastObservedAt);
  return isSame ? later : { storageStats: next, recheckAfterSeconds: WRITE_EVERY_MS / 1000 };
}

/** The Repository whose numbers a Backup made outdated; a burst of runs wakes it once in ten seconds. */
export function keysOfStaleStock(
  backup: KubeObject,
  reader: Reader,
  deletions: DeletionListings,
): readonly ObjectKey[] {
  const ref = repositoryOfBackup(backup);
  if (ref === undefined) return [];
  const key = repositoryKey(ref, backup.metadata.namespace ?? "");
  const repository = reader.get(REPOSITORY, key);
  const uniqueId = textAt(repository, "status", "uniqueId");
  if (uniqueId === undefined || uniqueId !== repositoryIdOf(backup)) return [];
  const known =
    repositoryStatus.shape.storageStats.safeParse(valueAt(repository, "status", "storageStats")).data;
  if (known === undefined) return [];
  const deleted = Date.parse(deletions.of(key, uniqueId)?.observedAt ?? "");
  const knownMs = Date.parse(known.lastObservedAt);
  const isNew = [...stockTimes(backup), deleted].some((ms) => ms >= knownMs + WRITE_EVERY_MS);
  return isNew || isLate(backup, known) ? [key] : [];
}

/** True for a snapshot whose end was seen so late that the numbers were written for later times meanwhile. */
function isLate(backup: KubeObject, known: StorageStats): boolean {
  const listed = listingOf(known);
  const added = new Set(listed.added?.map(({ id }) => id));
  return savedSnapshots(backup).some((each) =>
    !isShown(each, listed) && !added.has(shortId(each.id)) &&
    each.endMs + WRITE_EVERY_MS <= Date.parse(known.lastObservedAt)
  );
}
