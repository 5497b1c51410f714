import type { Reader } from "../../kube/types.ts";
import {
  BACKUP,
  type DiscoveredBackup,
  discoveredBackup,
  type EndedRun,
  endedRun,
  runningSinceMs,
  snapshotIds,
} from "./backups_seen.ts";
import { discoveredName } from "./discovered_backup.ts";
import type { ReadListing } from "./listing.ts";
import type { RepositoryObject } from "./repository_object.ts";

/** A listing beside the Backups of its repository, in every namespace. */
export interface Catalog {
  readonly listing: ReadListing;
  /** Ids in the listing that another Backup made or stands for. */
  readonly known: ReadonlySet<string>;
  /** Since then a run is under way whose snapshots its status does not name yet. */
  readonly runningSinceMs: number | undefined;
  /** The discovered Backups of this Repository. */
  readonly discovered: readonly DiscoveredBackup[];
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
  const ids = new Set<string>();
  const uids = new Set<string>();
  let since: number | undefined;
  for (const backup of backups) {
    const found = discoveredBackup(backup);
    if (found?.ownerUid === repository.uid) {
      discovered.push(found);
      continue;
    }
    for (const id of snapshotIds(backup)) ids.add(id);
    uids.add(backup.metadata.uid ?? "");
    const run = endedRun(backup);
    if (run !== undefined) runs.push(run);
    since = earlier(since, runningSinceMs(backup));
  }
  const known = listing.entries
    .filter(({ id, runId }) => ids.has(id) || (runId !== undefined && uids.has(runId)))
    .map(({ id }) => id);
  return {
    listing,
    known: new Set(known),
    runningSinceMs: since,
    discovered,
    runs,
    taken: takenNames(repository, listing, discovered, reader),
  };
}

function takenNames(
  { key: { namespace, name } }: RepositoryObject,
  { entries }: ReadListing,
  discovered: readonly DiscoveredBackup[],
  reader: Reader,
): ReadonlySet<string> {
  const ours = new Map(discovered.map(({ key, snapshotId }) => [key.name, snapshotId]));
  const taken = entries
    .map(({ id }) => ({ id, name: discoveredName(name, id) }))
    .filter((each) => ours.get(each.name) !== each.id)
    .filter((each) => reader.get(BACKUP, { namespace, name: each.name }) !== undefined);
  return new Set(taken.map((each) => each.name));
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}
