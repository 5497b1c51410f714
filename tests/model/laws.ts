import { ANNOTATION, FINALIZER, findCondition } from "../../api/mod.ts";
import { backupStatus } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { textAt, valueAt } from "../../controller/shared/mod.ts";
import type { ModelRepository, ModelSnapshot } from "./repository.ts";

/** A law that was broken, as a sentence. */
export class BrokenLaw extends Error {}

/** A mover that is to delete, at the moment it is made: all that is decided must be true of what there is then. */
export interface DeletionAsked {
  readonly backup: KubeObject | undefined;
  readonly config: KubeObject | undefined;
  /** What the mover would delete. */
  readonly toDelete: readonly ModelSnapshot[];
  readonly repository: ModelRepository;
  /** Uids of the Backups that a person of the model has deleted. */
  readonly deletedByPerson: ReadonlySet<string>;
}

/** Throws when a deletion has neither a person nor a rule, or takes what must stay. */
export function judgeDeletionAsked(
  { backup, config, toDelete, repository, deletedByPerson }: DeletionAsked,
): void {
  if (toDelete.length === 0) return;
  if (backup === undefined) throw new BrokenLaw("a mover deletes for a Backup that is not there");
  const { name, uid = "", deletionTimestamp, annotations = {}, finalizers = [] } = backup.metadata;
  const what = `${backup.metadata.namespace}/${name}: ${toDelete.map(({ id }) => id).join(", ")}`;
  if (deletionTimestamp === undefined) throw new BrokenLaw(`a snapshot goes whose Backup lives: ${what}`);
  if (!finalizers.includes(FINALIZER)) {
    throw new BrokenLaw(`a snapshot goes of a Backup that was let go: ${what}`);
  }
  for (const each of toDelete) {
    if (each.runId !== uid) throw new BrokenLaw(`a snapshot of another run (${each.runId}) goes: ${what}`);
  }
  if (annotations[ANNOTATION.skipSnapshotCleanup] === "true") {
    throw new BrokenLaw(`a snapshot goes though a person said that it stays: ${what}`);
  }
  const isConfirmed = annotations[ANNOTATION.confirmDeletion] === "true";
  const by = annotations[ANNOTATION.deletedBy];
  const isRoutine = (by === "retention" || by === "history") && !deletedByPerson.has(uid);
  if (!isRoutine && !deletedByPerson.has(uid)) throw new BrokenLaw(`nobody asked for the deletion: ${what}`);
  if (isRoutine && valueAt(backup, "spec", "pin") === true) {
    throw new BrokenLaw(`a rule takes what is pinned: ${what}`);
  }
  if (!allowsDelete(backup, config)) throw new BrokenLaw(`the policy of today keeps it: ${what}`);
  const status = backupStatus.safeParse(backup.status ?? {}).data;
  if (findCondition(status?.conditions, "DeletionHeld")?.status === "True" && !isConfirmed) {
    throw new BrokenLaw(`it is held, and nobody confirmed: ${what}`);
  }
  if (isConfirmed) return;
  // What a run that was stopped left behind was never told to anybody as saved.
  const reported = new Set(status?.snapshots?.map(({ kopiaSnapshotID }) => kopiaSnapshotID));
  const [last] = repository.newestWholeOf(toDelete.filter(({ id }) => reported.has(id)));
  if (last !== undefined) {
    throw new BrokenLaw(
      `the newest whole snapshot of ${last.recipe} ${last.path} goes by ${by ?? "a person"}: ${what}`,
    );
  }
}

/** Throws when a rule deletes a Backup that its recipe, as it stands, keeps. `others` are those of the same recipe. */
export function judgeRoutineDeletion(
  backup: KubeObject,
  config: KubeObject | undefined,
  others: readonly KubeObject[],
): void {
  const { name, namespace, annotations = {} } = backup.metadata;
  const by = annotations[ANNOTATION.deletedBy];
  if (by !== "retention" && by !== "history") {
    throw new BrokenLaw(`a Backup is deleted by nobody: ${namespace}/${name}`);
  }
  if (by !== "retention") return;
  if (valueAt(backup, "spec", "pin") === true) {
    throw new BrokenLaw(`retention deletes what is pinned: ${namespace}/${name}`);
  }
  const keeps = valueAt(config, "spec", "retention", "keepLatest");
  const newer = others.filter((each) =>
    each.metadata.deletionTimestamp === undefined && hasSaved(each) &&
    (textAt(each, "status", "timing", "endTime") ?? "") >=
      (textAt(backup, "status", "timing", "endTime") ?? "")
  );
  if (typeof keeps !== "number" || keeps === 0 || newer.length < keeps) {
    throw new BrokenLaw(
      `retention deletes what it keeps (latest ${keeps}, ${newer.length} newer): ${namespace}/${name}`,
    );
  }
}

function hasSaved(backup: KubeObject): boolean {
  const snapshots = valueAt(backup, "status", "snapshots");
  return Array.isArray(snapshots) &&
    snapshots.some((entry) => textAt(entry, "kopiaSnapshotID") !== undefined);
}

/** The Backup's own policy; without one the more careful of the recipe's and of the one pinned. */
function allowsDelete(backup: KubeObject, config: KubeObject | undefined): boolean {
  const own = textAt(backup, "spec", "deletionPolicy");
  if (own !== undefined) return own === "Delete";
  const ofConfig = config === undefined
    ? undefined
    : textAt(config, "spec", "defaultDeletionPolicy") ?? "Delete";
  return (ofConfig ?? textAt(backup, "status", "resolved", "deletionPolicy") ?? "Delete") === "Delete";
}
