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

/** What releases deleted Backups, besides their own annotations. */
interface Releases {
  /** Ids of the deletions that were carried out. */
  readonly past: ReadonlySet<string>;
  /** The recipe's default policy of today; undefined when it is gone. */
  readonly today: DeletionPolicy | undefined;
}

/**
 * The source paths of which a Backup has the last snapshot. Others of its recipe count while they exist, and when they
 * are being deleted as long as nothing has released them: so of several that are deleted together the newest whole one
 * is held, in whatever order they are judged.
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

/** True for a Backup that is being deleted, or will be, without a further confirmation. */
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

/** Reads without a schema, as it is called for every Backup of a recipe. */
function policyAt(backup: KubeObject, ...path: readonly string[]): DeletionPolicy | undefined {
  const word = textAt(backup, ...path);
  return deletionPolicy.options.find((each) => each === word);
}

/** A Backup that was deleted before it ended is as new as its last snapshot. */
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
