import { CATALOG_DEFAULTS } from "../../../api/mod.ts";
import type { DesiredObject } from "../../../kube/types.ts";
import type { DiscoveredBackup } from "./backups_seen.ts";
import type { Catalog } from "./world.ts";
import { discoveredBackupFor } from "./discovered_backup.ts";
import type { ListedSnapshot } from "./listed_snapshot.ts";
import type { RepositoryObject } from "../repository_object.ts";

/** Clocks of nodes differ a little. */
const CLOCK_SKEW_MS = 60_000;
const DAY_MS = 86_400_000;

/** The changes of discovered Backups. */
interface Discovery {
  /** Snapshots that should have a discovered Backup and have none, newest first. */
  readonly lacking: readonly ListedSnapshot[];
  readonly drop: readonly DiscoveredBackup[];
  /** The number of those that stay. */
  readonly stay: number;
}

/**
 * Compares the snapshots that no Backup here made with the existing discovered Backups. The newest of each source stay,
 * within the bounds of the spec over all of them, so that scans never add up. A listing
 * that is truncated shows what is there, but not what is gone.
 */
export function discover(
  repository: RepositoryObject,
  catalog: Catalog,
  { saysWhatIsGone }: { readonly saysWhatIsGone: boolean },
): Discovery {
  const bounds = boundsOf(repository, catalog);
  const wanted = wantedSnapshots(bounds, catalog);
  const withoutOne = withoutPlace(bounds, catalog, { wanted, saysWhatIsGone });
  const drop = [...catalog.untrue.filter(({ isDeleting }) => !isDeleting), ...withoutOne];
  return {
    lacking: wanted.filter(({ id }) => !catalog.discoveredIds.has(id)),
    drop,
    stay: catalog.discovered.length - withoutOne.length,
  };
}

/** Discovered Backups to make. */
interface Offer {
  readonly objects: readonly DesiredObject[];
  /** Snapshots that cannot have one. */
  readonly skipped: number;
  /** False when there was no room for all. */
  readonly isWhole: boolean;
}

/** The discovered Backups for snapshots that lack one, limited by the room. */
export function offerDiscovered(
  repository: RepositoryObject,
  { lacking, namesInUse }: {
    readonly lacking: readonly ListedSnapshot[];
    readonly namesInUse: ReadonlySet<string>;
  },
  room: number,
): Offer {
  const objects: DesiredObject[] = [];
  const names = new Set(namesInUse);
  let skipped = 0;
  for (const snapshot of lacking) {
    const { name } = snapshot;
    const desired = names.has(name) ? undefined : discoveredBackupFor(repository, snapshot);
    names.add(name);
    if (desired === undefined) skipped += 1;
    else if (objects.length === room) return { objects, skipped, isWhole: false };
    else objects.push(desired);
  }
  return { objects, skipped, isWhole: true };
}

interface Bounds {
  readonly perSource: number;
  readonly oldestMs: number;
}

/** Without discovery the bound is 0. The age counts from the listing, so that a jump of our clock removes nothing. */
function boundsOf({ spec }: RepositoryObject, { listing }: Catalog): Bounds {
  const { discover = CATALOG_DEFAULTS.discover, retain } = spec.catalog ?? {};
  const days = retain?.maxAgeDays;
  return {
    perSource: discover ? retain?.perIdentity ?? CATALOG_DEFAULTS.perIdentity : 0,
    oldestMs: days === undefined ? Number.NEGATIVE_INFINITY : Date.parse(listing.endedAt) - days * DAY_MS,
  };
}

function wantedSnapshots(
  { perSource, oldestMs }: Bounds,
  { listing, known, runningSinceMs, discoveredIds }: Catalog,
): readonly ListedSnapshot[] {
  const counts = new Map<string, number>();
  return [...listing.snapshots.values()].filter(({ id, source, startMs }) => {
    if (known.has(id) || startMs < oldestMs) return false;
    // It may be of a working run whose status does not have its id yet.
    const isYoung = runningSinceMs !== undefined && startMs >= runningSinceMs - CLOCK_SKEW_MS;
    if (isYoung && !discoveredIds.has(id)) return false;
    const count = counts.get(source) ?? 0;
    if (count >= perSource) return false;
    counts.set(source, count + 1);
    return true;
  });
}

/**
 * Discovered Backups to remove after a truncated listing. A snapshot that it does not show may still exist: its Backup goes
 * only when it would be out of bounds wherever it is.
 */
function withoutPlace(
  { perSource, oldestMs }: Bounds,
  { discovered, listing: { snapshots } }: Catalog,
  { wanted, saysWhatIsGone }: {
    readonly wanted: readonly ListedSnapshot[];
    readonly saysWhatIsGone: boolean;
  },
): readonly DiscoveredBackup[] {
  const wantedIds = new Set(wanted.map(({ id }) => id));
  const bySource = saysWhatIsGone ? undefined : Map.groupBy(wanted, ({ source }) => source);
  return discovered.filter(({ isDeleting, snapshotId, source, startMs }) => {
    if (isDeleting || wantedIds.has(snapshotId)) return false;
    if (saysWhatIsGone || snapshots.has(snapshotId) || startMs < oldestMs) return true;
    const newer = bySource?.get(source)?.filter((each) => each.startMs > startMs) ?? [];
    return newer.length >= perSource;
  });
}
