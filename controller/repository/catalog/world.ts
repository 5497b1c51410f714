import { keyText, type Reader } from "../../../kube/types.ts";
import { foundRuns, type FoundRunsOfRepository } from "../../shared/mod.ts";
import { BACKUP, BY_REPOSITORY_TEXT, type DiscoveredBackup, type EndedRun } from "./backups_seen.ts";
import { discoveredName } from "./discovered_backup.ts";
import type { ReadListing } from "./listing.ts";
import type { RepositoryObject } from "../repository_object.ts";

/**
 * A listing with the Backups it is compared with: those of its Repository's namespace that name that Repository and were
 * made in this very repository. A unique id proves nothing else: a copy has the same one, and anybody's
 * storage may have any.
 */
export interface Catalog {
  readonly listing: ReadListing;
  /** Ids in the listing that other Backups made or represent. */
  readonly known: ReadonlySet<string>;
  /** When the oldest running Backup began whose status does not have its snapshots yet. */
  readonly runningSinceMs: number | undefined;
  /** The discovered Backups of this Repository, and the ids of their snapshots. */
  readonly discovered: readonly DiscoveredBackup[];
  readonly discoveredIds: ReadonlySet<string>;
  /** Those of them that do not match their snapshot: this controller did not write them. */
  readonly untrue: readonly DiscoveredBackup[];
  readonly runs: readonly EndedRun[];
  /** Names for discovered Backups that another object has. */
  readonly namesInUse: ReadonlySet<string>;
  /** Runs whose Backup is gone, for Backups that were put back. */
  readonly found: FoundRunsOfRepository;
}

/** Reads the Backups of a listing, and those of its namespace whose repository is unknown yet. */
export function observeCatalog(repository: RepositoryObject, listing: ReadListing, reader: Reader): Catalog {
  const { key: { namespace }, status: { uniqueId = "" } } = repository;
  const facts = [keyText(repository.key), ""].flatMap((value) =>
    reader.list(BACKUP, { namespace, index: { name: BY_REPOSITORY_TEXT, value } })
  ).map(listing.factsOf);
  const all: DiscoveredBackup[] = [];
  const runs: EndedRun[] = [];
  const known = new Set<string>();
  let since: number | undefined;
  for (const each of facts) {
    if (each.discovered !== undefined) {
      if (isOwn(repository, each.discovered)) all.push(each.discovered);
      continue;
    }
    // A uid is unique, so the tag with it needs no other proof.
    for (const id of listing.idsByRun.get(each.uid) ?? []) known.add(id);
    if (each.uniqueId !== uniqueId) continue;
    for (const id of each.snapshotIds) if (listing.snapshots.has(id)) known.add(id);
    if (each.ended !== undefined) runs.push(each.ended);
    since = earlier(since, each.runningSinceMs);
  }
  const found = foundRuns([...listing.snapshots.values()], {
    namespace,
    uniqueId,
    at: listing.endedAt,
    truncated: listing.truncated,
    isKnown: (id) => known.has(id),
  });
  for (const { putBack } of facts) {
    const run = putBack === undefined ? undefined : found.runOf(putBack);
    for (const { id } of run?.snapshots ?? []) known.add(id);
  }
  const untrue = all.filter((each) => !isTrue(each, listing));
  const discovered = all.filter((each) => !untrue.includes(each));
  const discoveredIds = new Set(discovered.map(({ snapshotId }) => snapshotId));
  const isAccountedFor = (id: string) => known.has(id) || discoveredIds.has(id);
  return {
    listing,
    known,
    runningSinceMs: since,
    discovered,
    discoveredIds,
    untrue,
    runs,
    namesInUse: namesInUseOf(repository, listing, isAccountedFor, reader),
    found,
  };
}

/**
 * True for a discovered Backup of this Repository, also when a tool put it back without its owner. Any other one
 * is somebody else's: it hides no snapshot and is not changed.
 */
function isOwn(
  { key, uid }: RepositoryObject,
  { key: { name }, ownerUid, snapshotId }: DiscoveredBackup,
): boolean {
  return (ownerUid === undefined || ownerUid === uid) && name === discoveredName(key.name, snapshotId);
}

function isTrue({ snapshotId, source, startMs }: DiscoveredBackup, { snapshots }: ReadListing): boolean {
  const listed = snapshots.get(snapshotId);
  return listed === undefined || (listed.source === source && listed.startMs === startMs);
}

/** Only for snapshots that may get a Backup. */
function namesInUseOf(
  { key: { namespace } }: RepositoryObject,
  { snapshots }: ReadListing,
  isAccountedFor: (id: string) => boolean,
  reader: Reader,
): ReadonlySet<string> {
  const namesInUse = new Set<string>();
  for (const { id, name } of snapshots.values()) {
    if (!isAccountedFor(id) && reader.get(BACKUP, { namespace, name }) !== undefined) namesInUse.add(name);
  }
  return namesInUse;
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}
