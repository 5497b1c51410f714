import { ANNOTATION, type DeletionPolicy, deletionPolicy, FINALIZER } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import {
  byObject,
  deletionId,
  isConfirmed,
  isRoutine,
  type JudgedRun,
  newestFirst,
  newestWholePaths,
  runFacts,
  textAt,
} from "../../shared/mod.ts";
import type { LastSnapshots } from "../world/deletions.ts";
import { policyOf } from "./policy.ts";

/** What lets Backups go that are deleted, beside their own words. */
interface Releases {
  /** Ids of the deletions that were let through. */
  readonly past: ReadonlySet<string>;
  /** The recipe's default policy of today; undefined when it is gone. */
  readonly today: DeletionPolicy | undefined;
}

/**
 * Of which source paths a Backup holds the last snapshot. Others of its recipe count while they exist, and when they
 * are being deleted as long as nothing has let them go: so of several that are deleted together the newest whole one
 * is held, in whatever order they are looked at.
 */
export function lastSnapshots(
  backup: KubeObject,
  recipe: readonly KubeObject[],
  words: Releases,
): LastSnapshots {
  const own = judged(backup);
  const repository = repositoryOf(backup);
  const others = recipe
    .filter((each) =>
      each.metadata.uid !== backup.metadata.uid && !isReleased(each, words) &&
      isSame(repositoryOf(each), repository)
    )
    .map(judged)
    .sort(newestFirst);
  const paths = newestWholePaths(own, others);
  const keepers = new Set<string>();
  for (const { path } of own.saved) {
    if (!paths.includes(path)) { for (const name of holdersOf(path, own, others)) keepers.add(name); }
  }
  const { namespace = "" } = backup.metadata;
  return { paths, keepers: [...keepers].map((name) => ({ namespace, name })) };
}

/** Who holds the newest whole snapshot of a path: one, and the next one where a note says that it is missing. */
function holdersOf(path: string, own: JudgedRun, others: readonly JudgedRun[]): readonly string[] {
  const holders: string[] = [];
  for (const other of others) {
    const snapshot = other.saved.find((each) => each.path === path);
    if (snapshot === undefined || !newestWholePaths(other, [own, ...others]).includes(path)) continue;
    holders.push(other.name);
    if (!snapshot.isMissing) break;
  }
  return holders;
}

/** True for one that is deleted, or about to be, by a word that was given already. */
function isReleased(backup: KubeObject, { past, today }: Releases): boolean {
  const { deletionTimestamp, finalizers, annotations = {}, uid = "" } = backup.metadata;
  if (deletionTimestamp === undefined) return false;
  const own = policyAt(backup, "spec", "deletionPolicy");
  const pinned = policyAt(backup, "status", "resolved", "deletionPolicy");
  const last = policyAt(backup, "status", "resolved", "lastDeletionPolicy");
  return finalizers?.includes(FINALIZER) !== true ||
    isConfirmed(backup) ||
    annotations[ANNOTATION.skipSnapshotCleanup] === "true" ||
    isRoutine(annotations[ANNOTATION.deletedBy]) ||
    policyOf({ own, pinned, today, last }) !== "Delete" ||
    textAt(backup, "status", "deletion", "startedAt") !== undefined ||
    past.has(deletionId(uid));
}

/** Read by hand, for it is asked of every Backup of a recipe. */
function policyAt(backup: KubeObject, ...path: readonly string[]): DeletionPolicy | undefined {
  const word = textAt(backup, ...path);
  return deletionPolicy.options.find((each) => each === word);
}

/** One that was deleted before it ended is as new as the last of its snapshots. */
const judged = byObject((backup): JudgedRun => {
  const { name, lastMs, isAccepted, saved } = runFacts(backup);
  return { name, timeMs: lastMs, isAccepted, saved };
});

/** Kopia's id of the repository a Backup's snapshots are in. */
function repositoryOf(backup: KubeObject): string | undefined {
  return runFacts(backup).uniqueId;
}

function isSame(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}
