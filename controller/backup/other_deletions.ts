import { ANNOTATION, backupStatus, deletionPolicy, FINALIZER, findCondition } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { isRoutine, textAt } from "../shared/mod.ts";
import { mayHoldSnapshot } from "./source_state.ts";
import type { OtherDeletion } from "./world.ts";

/**
 * Index function: a deleted Backup under the name of its repository while its snapshots are to go with it. Deletions by
 * retention are in no sum, nor is one whose snapshots stay.
 */
export function repositoryAtRisk(backup: KubeObject): readonly string[] {
  const { deletionTimestamp, finalizers, annotations = {} } = backup.metadata;
  if (deletionTimestamp === undefined || finalizers?.includes(FINALIZER) !== true) return [];
  if (isRoutine(annotations[ANNOTATION.deletedBy])) return [];
  if (annotations[ANNOTATION.skipSnapshotCleanup] === "true") return [];
  const status = backupStatus.safeParse(backup.status ?? {}).data;
  const { resolved, snapshots = [] } = status ?? {};
  if (resolved === undefined || !snapshots.some(mayHoldSnapshot)) return [];
  const own = deletionPolicy.safeParse(textAt(backup, "spec", "deletionPolicy")).data;
  if ((own ?? resolved.deletionPolicy) !== "Delete") return [];
  return [resolved.repository.name];
}

/** A deleted Backup as the breaker of another one sees it. */
export function otherDeletion(backup: KubeObject): OtherDeletion {
  const status = backupStatus.safeParse(backup.status ?? {}).data;
  return {
    deletedAt: backup.metadata.deletionTimestamp ?? "",
    isHeld: findCondition(status?.conditions, "DeletionHeld")?.status === "True",
  };
}
