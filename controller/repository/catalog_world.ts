import type { Reader } from "../../kube/types.ts";
import { BACKUP, type DiscoveredBackup, type EndedRun } from "./backups_seen.ts";
import type { ReadListing } from "./listing.ts";
import type { RepositoryObject } from "./repository_object.ts";

/** A listing beside the Backups of its repository, in every namespace. */
export interface Catalog {
  readonly listing: ReadListing;
  /** Ids in the listing that another Backup made or stands for. */
  readonly known: ReadonlySet<string>;
  /** Since then a run is under way whose snapshots its status does not name yet. */
  readonly runningSinceMs: number | undefined;
  /** The discovered Backups of this Repository, and the ids of their snapshots. */
  readonly discovered: readonly DiscoveredBackup[];
  readonly discoveredIds: ReadonlySet<string>;
  readonly runs: readonly EndedRun[];
  /** Names of discovered Backups to be that some other object has. */
  readonly taken: ReadonlySet<string>;
}

/** Name of the index of Backups by what repository they belong to. */
export const BY_REPOSITORY_ID = "repositoryId";

/** Reads the Backups a listing concerns: those of the repository, and those that do not say yet where they belong. */
export function observeCatalog(repository: RepositoryObject, listing: ReadListing, reader: Reader): Catalog {
  const { uniqueId = "" } = repository.status;
  const backups = [uniqueId, ""].flatMap((value) =>
    reader.list(BACKUP, { index: { name: BY_REPOSITORY_ID, value } })
  );
  const discovered: DiscoveredBackup[] = [];
  const runs: EndedRun[] = [];
  const known = new Set<string>();
  let since: number | undefined;
  for (const backup of backups) {
    const facts = listing.factsOf(backup);
    if (facts.discovered?.ownerUid === repository.uid) {
      discovered.push(facts.discovered);
      continue;
    }
    for (const id of facts.snapshotIds) if (listing.snapshots.has(id)) known.add(id);
    for (const id of listing.idsByRun.get(facts.uid) ?? []) known.add(id);
    if (facts.ended !== undefined) runs.push(facts.ended);
    since = earlier(since, facts.runningSinceMs);
  }
  const discoveredIds = new Set(discovered.map(({ snapshotId }) => snapshotId));
  const isAccountedFor = (id: string) => known.has(id) || discoveredIds.has(id);
  return {
    listing,
    known,
    runningSinceMs: since,
    discovered,
    discoveredIds,
    runs,
    taken: takenNames(repository, listing, isAccountedFor, reader),
  };
}

/** Only of snapshots that may get a Backup. */
function takenNames(
  { key: { namespace } }: RepositoryObject,
  { snapshots }: ReadListing,
  isAccountedFor: (id: string) => boolean,
  reader: Reader,
): ReadonlySet<string> {
  const taken = new Set<string>();
  for (const { id, name } of snapshots.values()) {
    if (!isAccountedFor(id) && reader.get(BACKUP, { namespace, name }) !== undefined) taken.add(name);
  }
  return taken;
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}
