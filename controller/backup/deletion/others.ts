import {
  ANNOTATION,
  backupKind,
  type BackupStatus,
  backupStatus,
  deletionPolicy,
  FINALIZER,
  findCondition,
  type RepositoryRef,
} from "../../../api/mod.ts";
import { keyOf, type KubeObject, type Reader } from "../../../kube/types.ts";
import {
  ANY_RECIPE,
  deletionId,
  type DeletionMemory,
  isRoutine,
  type PastDeletion,
  recipeId,
  repositoryKeyText,
  resourceOf,
  runFacts,
  textAt,
} from "../../shared/mod.ts";
import type { OtherDeletions } from "../world/deletions.ts";
import { policyOf } from "./policy.ts";
import { mayHaveSnapshot } from "../run/source_entry.ts";

const BACKUP = resourceOf(backupKind);

/** Name of the index of Backups by {@link byDeletion}. */
export const BY_DELETION = "byDeletion";

/** The spans by which deletions are indexed, in seconds; each is a multiple of the next. */
const SPANS_SECONDS = [86_400, 3600, 60, 1] as const;
/** The longest window; no cluster is older. */
const WINDOW_MAX_SECONDS = 20 * 365 * 86_400;

/** The deletion around which others are counted. */
export interface CountedDeletion {
  /** {@link repositoryId}. */
  readonly repository: string;
  readonly config: string;
  readonly windowSeconds: number;
  readonly now: Date;
  /** The memories of the namespace's Repositories with this repository; its own is the first. */
  readonly memories: readonly DeletionMemory[];
  /** What this controller carried out in other namespaces. */
  readonly elsewhere: readonly PastDeletion[];
  /** What Repositories of other namespaces claim. */
  readonly claims: readonly PastDeletion[];
}

/** Identifies a repository across Repositories: by kopia's unique id, or by name when that is unknown. */
export function repositoryId(
  namespace: string,
  { uniqueId, ...ref }: RepositoryRef & { readonly uniqueId?: string | undefined },
): string {
  return uniqueId === undefined ? `name ${repositoryKeyText(ref, namespace)}` : `id ${uniqueId}`;
}

/**
 * Index function. A Backup with a snapshot that is not known to be missing is indexed by its recipe. A deleted one whose
 * snapshots are to be deleted is indexed by its id, and by repository and recipe under "held" or
 * under each span of its deletion time: so the deletions of a window are counted without reading any
 * of them. For other namespaces it is indexed by repository under those spans, held or not. Deletions by retention do not count,
 * nor one whose snapshots stay, nor one that is held as inherited, which counts once it is released.
 */
export function byDeletion(backup: KubeObject): readonly string[] {
  const config = textAt(backup, "spec", "configRef", "name");
  if (config === undefined) return [];
  const snapshots = runFacts(backup).saved;
  const isSaved = snapshots.length > 0;
  const saved = snapshots.some(({ isMissing }) => !isMissing) ? [savedValue(config)] : [];
  const { namespace = "", deletionTimestamp, uid = "" } = backup.metadata;
  if (deletionTimestamp === undefined) return saved;
  const status = snapshotsGo(backup);
  if (status?.resolved === undefined) return [];
  const repository = repositoryId(namespace, status.resolved.repository);
  const groups = [repositoryGroup(repository), ...(isSaved ? [recipeGroup(config)] : [])];
  const held = findCondition(status.conditions, "DeletionHeld");
  const isThere = [...saved, idValue(deletionId(uid))];
  if (held?.status === "True" && held.reason === "InheritedHeld") return isThere;
  const second = secondOf(deletionTimestamp);
  const own = [
    ...isThere,
    ...(second === undefined
      ? []
      : [everywhereGroup(repository), ...spanValues(everywhereGroup(repository), second)]),
  ];
  if (held?.status === "True" && held.reason === "MassDeletionHeld") {
    return [...own, ...groups.map((group) => heldValue(group))];
  }
  if (second === undefined) return own;
  return [
    ...own,
    ...groups.flatMap((group) => spanValues(group, second)),
  ];
}

/** The status of a deleted Backup whose snapshots are to be deleted, not by a routine. */
function snapshotsGo(backup: KubeObject): BackupStatus | undefined {
  const { finalizers, annotations = {} } = backup.metadata;
  if (finalizers?.includes(FINALIZER) !== true) return undefined;
  if (isRoutine(annotations[ANNOTATION.deletedBy])) return undefined;
  if (annotations[ANNOTATION.skipSnapshotCleanup] === "true") return undefined;
  const status = backupStatus.safeParse(backup.status ?? {}).data;
  if (status?.snapshots?.some(mayHaveSnapshot) !== true) return undefined;
  const own = deletionPolicy.safeParse(textAt(backup, "spec", "deletionPolicy")).data;
  const pinned = status.resolved?.deletionPolicy;
  // The recorded policy of a recipe may be outdated, and an index cannot read the recipe: what may be deleted counts.
  return policyOf({ own, pinned, today: undefined, last: undefined }) === "Delete" ? status : undefined;
}

/** The Backups of a recipe that have a snapshot and are not being deleted by retention. */
export function savedOfRecipe(
  namespace: string,
  config: string,
  reader: Reader,
): readonly KubeObject[] {
  return reader.list(BACKUP, { namespace, index: { name: BY_DELETION, value: savedValue(config) } });
}

/**
 * Counts the deletions together with that of a Backup: the held ones of its namespace, those that were requested
 * within the window before or after it, and the finished ones, which only the memories have. Of two times, the server's
 * time of the request and this controller's time, the one that counts more is used.
 */
export function countOtherDeletions(
  backup: KubeObject,
  { repository, config, windowSeconds, now, memories, ...others }: CountedDeletion,
  reader: Reader,
): OtherDeletions {
  const key = keyOf(backup);
  const middle = secondOf(backup.metadata.deletionTimestamp ?? "") ?? Math.floor(now.getTime() / 1000);
  const reach = Math.min(windowSeconds, WINDOW_MAX_SECONDS);
  const cached = reader.get(BACKUP, key);
  const own = cached !== undefined && cached.metadata.uid === backup.metadata.uid ? byDeletion(cached) : [];
  const fromSecond = Math.min(middle, Math.floor(now.getTime() / 1000)) - reach;
  const recipe = recipeId(config);
  const saved = savedValue(config);
  const [here = [], ...rest] = memories.map(({ past }) => unseen(past));
  const ofRecipe = here.filter((entry) => entry.recipe === recipe || entry.recipe === ANY_RECIPE);
  const done = ofRecipe.filter(({ id }) => id === undefined || count(idValue(id), undefined) === 0);
  const letThrough = unseen(others.elsewhere);
  const ids = new Set(others.elsewhere.map(({ id }) => id));
  const elsewhere = sumOf(letThrough) + existingElsewhere();
  return {
    ofRepository: around(repositoryGroup(repository)) + sumOf([here, ...rest].flat()) + elsewhere,
    elsewhere,
    claimed: sumOf(unseen(others.claims).filter(({ id }) => id === undefined || !ids.has(id))),
    ofRecipe: around(recipeGroup(config)) + sumOf(ofRecipe),
    // A Backup that a person deleted counts itself, also when a note says that its snapshots are missing.
    savedByRecipe: count(saved, key.namespace) + sumOf(done) +
      (own.length > 0 && !own.includes(saved) ? 1 : 0),
  };

  /** Deletions of a memory within the window that nothing else counts. */
  function unseen(past: readonly PastDeletion[]): readonly PastDeletion[] {
    const own = deletionId(backup.metadata.uid ?? "");
    return past.filter((entry) => entry.atSecond >= fromSecond && entry.id !== own && !isInWindow(entry));
  }

  function count(value: string, namespace: string | undefined): number {
    const index = { name: BY_DELETION, value };
    return reader.count(BACKUP, namespace === undefined ? { index } : { namespace, index });
  }

  /** Checks first whether there is any, as usually no other namespace deletes anything. */
  function existingElsewhere(): number {
    const group = everywhereGroup(repository);
    if (count(group, undefined) === count(group, key.namespace)) return 0;
    const values = windowValues(group, middle, reach);
    return countAll(values, undefined) - countAll(values, key.namespace);
  }

  function countAll(values: readonly string[], namespace: string | undefined): number {
    return values.reduce((sum, value) => sum + count(value, namespace), 0);
  }

  /** The deletions of a group in the own namespace that are held or in the window, without this one. */
  function around(group: string): number {
    const values = [heldValue(group), ...windowValues(group, middle, reach)];
    return countAll(values, key.namespace) - (own.some((value) => values.includes(value)) ? 1 : 0);
  }

  /** True for a deletion of the memory whose Backup still exists and counts by its own time. */
  function isInWindow({ id }: PastDeletion): boolean {
    if (id === undefined) return false;
    const [there] = reader.list(BACKUP, { index: { name: BY_DELETION, value: idValue(id) } });
    const second = secondOf(there?.metadata.deletionTimestamp ?? "");
    return second !== undefined && Math.abs(second - middle) <= reach;
  }
}

function sumOf(entries: readonly PastDeletion[]): number {
  return entries.reduce((sum, { count }) => sum + count, 0);
}

/** The fewest spans that cover the window around a deletion. */
function windowValues(group: string, middle: number, reach: number): readonly string[] {
  const values: string[] = [];
  for (let second = middle - reach; second <= middle + reach;) {
    const span = SPANS_SECONDS.find((each) => second % each === 0 && second + each - 1 <= middle + reach) ??
      1;
    values.push(spanValue(group, span, second));
    second += span;
  }
  return values;
}

function repositoryGroup(repository: string): string {
  return `repository ${repository}`;
}

/** The group for other namespaces, for which a held deletion counts no longer than the window. */
function everywhereGroup(repository: string): string {
  return `everywhere ${repository}`;
}

function recipeGroup(config: string): string {
  return `recipe ${config}`;
}

function savedValue(config: string): string {
  return `saved ${config}`;
}

function idValue(id: string): string {
  return `gone ${id}`;
}

function heldValue(group: string): string {
  return `${group} held`;
}

function spanValues(group: string, second: number): readonly string[] {
  return SPANS_SECONDS.map((span) => spanValue(group, span, second));
}

function spanValue(group: string, span: number, second: number): string {
  return `${group} ${span} ${Math.floor(second / span)}`;
}

/** The API server writes whole seconds. */
function secondOf(time: string): number | undefined {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}
