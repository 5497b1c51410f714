import {
  ANNOTATION,
  backupKind,
  backupStatus,
  deletionPolicy,
  FINALIZER,
  findCondition,
} from "../../api/mod.ts";
import { keyOf, type KubeObject, type Reader } from "../../kube/types.ts";
import { isRoutine, resourceOf, textAt } from "../shared/mod.ts";
import { mayHoldSnapshot } from "./source_state.ts";

const BACKUP = resourceOf(backupKind);

/** Name of the index of Backups by {@link byDeletion}. */
export const BY_DELETION = "byDeletion";

/** The lengths of time that deletions are counted by, in seconds; each is a multiple of the next. */
const SPANS_SECONDS = [86_400, 3600, 60, 1] as const;
/** No window is looked through further: no cluster is older. */
const WINDOW_MAX_SECONDS = 20 * 365 * 86_400;

/**
 * Index function: a deleted Backup whose snapshots are to go with it, by its repository and that it is held, else by
 * its repository and each span its deletion lies in. So those of a window are counted, however many they are,
 * without looking at one. Deletions by retention are in no sum, nor is one whose snapshots stay.
 */
export function byDeletion(backup: KubeObject): readonly string[] {
  const { deletionTimestamp, finalizers, annotations = {} } = backup.metadata;
  if (deletionTimestamp === undefined || finalizers?.includes(FINALIZER) !== true) return [];
  if (isRoutine(annotations[ANNOTATION.deletedBy])) return [];
  if (annotations[ANNOTATION.skipSnapshotCleanup] === "true") return [];
  const status = backupStatus.safeParse(backup.status ?? {}).data;
  const { resolved, snapshots = [], conditions } = status ?? {};
  if (resolved === undefined || !snapshots.some(mayHoldSnapshot)) return [];
  const own = deletionPolicy.safeParse(textAt(backup, "spec", "deletionPolicy")).data;
  if ((own ?? resolved.deletionPolicy) !== "Delete") return [];
  const repository = resolved.repository.name;
  if (findCondition(conditions, "DeletionHeld")?.status === "True") return [heldValue(repository)];
  const second = secondOf(deletionTimestamp);
  if (second === undefined) return [];
  return SPANS_SECONDS.map((span) => spanValue(repository, span, second));
}

/**
 * How many other Backups of the repository count together with the deletion of this one: those that are held, and
 * those that were deleted within the window before or after it.
 */
export function countOtherDeletions(
  backup: KubeObject,
  { repository, windowSeconds }: { readonly repository: string; readonly windowSeconds: number },
  reader: Reader,
): number {
  const key = keyOf(backup);
  const values = [heldValue(repository), ...windowValues(backup, repository, windowSeconds)];
  const counts = values.map((value) =>
    reader.count(BACKUP, { namespace: key.namespace, index: { name: BY_DELETION, value } })
  );
  const cached = reader.get(BACKUP, key);
  const isCounted = cached?.metadata.uid === backup.metadata.uid && cached !== undefined &&
    byDeletion(cached).some((value) => values.includes(value));
  return counts.reduce((sum, count) => sum + count, 0) - (isCounted ? 1 : 0);
}

/** The spans that make up the window around a deletion, as few as can be. */
function windowValues(
  { metadata: { deletionTimestamp = "" } }: KubeObject,
  repository: string,
  windowSeconds: number,
): readonly string[] {
  const middle = secondOf(deletionTimestamp);
  if (middle === undefined) return [];
  const reach = Math.min(windowSeconds, WINDOW_MAX_SECONDS);
  const values: string[] = [];
  for (let second = middle - reach; second <= middle + reach;) {
    const span = SPANS_SECONDS.find((each) => second % each === 0 && second + each - 1 <= middle + reach) ??
      1;
    values.push(spanValue(repository, span, second));
    second += span;
  }
  return values;
}

function heldValue(repository: string): string {
  return `${repository} held`;
}

function spanValue(repository: string, span: number, second: number): string {
  return `${repository} ${span} ${Math.floor(second / span)}`;
}

/** The API server writes whole seconds. */
function secondOf(time: string): number | undefined {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}
