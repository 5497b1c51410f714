import { type BackupStatus, backupStatus } from "../../../api/kinds/backup.ts";
import type { Reason } from "../../../api/catalogs/reasons.ts";
import { findCondition } from "../../../api/conditions.ts";
import { textAt } from "../../../controller/shared/objects/field_at.ts";
import { confirmingValue, isConfirmed } from "../../../controller/shared/restored/inherited.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { byName, expectedNames, quotedNames } from "../text.ts";

/** A snapshot that a release destroys. */
export interface LostSnapshot {
  /** Name of the PersistentVolumeClaim it was made of. */
  readonly source: string;
  /** Kopia's id. */
  readonly id: string;
  readonly endTime?: string;
  readonly sizeBytes?: number;
}

/** A deleted Backup whose deletion is held until a person confirms. */
export interface HeldDeletion {
  readonly namespace: string;
  readonly name: string;
  /** The uid and version of the object that was read. */
  readonly uid: string;
  readonly resourceVersion: string;
  readonly config?: string;
  readonly repository?: string;
  readonly deletedAt?: string;
  /** Since when it is held. */
  readonly since: string;
  /** Why: `MassDeletionHeld`, `LastSnapshotsHeld`, `InheritedHeld` or `PinnedHeld`. */
  readonly reason: string;
  /** The message of its condition. */
  readonly message: string;
  /** The value of the annotation that releases it. */
  readonly word: string;
  readonly snapshots: readonly LostSnapshot[];
}

/** The held deletions among the Backups that were not confirmed yet, by namespace and name. */
export function heldDeletions(backups: readonly KubeObject[]): readonly HeldDeletion[] {
  return backups.flatMap((backup) => {
    const held = heldDeletion(backup);
    return held === undefined ? [] : [held];
  }).sort(byName);
}

const PINNED = "PinnedHeld" satisfies Reason;

/** True for a deletion that only removing the pin releases. */
export function isHeldByPin({ reason }: HeldDeletion): boolean {
  return reason === PINNED;
}

/** The held deletion of a Backup; undefined when it is not held, or was released already. */
export function heldDeletion(backup: KubeObject): HeldDeletion | undefined {
  const { namespace = "", name, uid = "", resourceVersion = "", deletionTimestamp } = backup.metadata;
  if (deletionTimestamp === undefined) return undefined;
  const status = backupStatus.safeParse(backup.status).data;
  const held = findCondition(status?.conditions, "DeletionHeld");
  if (status === undefined || held?.status !== "True") return undefined;
  if (isConfirmed(backup) && held.reason !== PINNED) return undefined;
  const config = status.resolved?.config ?? textAt(backup, "spec", "configRef", "name");
  const repository = status.resolved?.repository.name;
  return {
    namespace,
    name,
    uid,
    resourceVersion,
    ...(config === undefined ? {} : { config }),
    ...(repository === undefined ? {} : { repository }),
    deletedAt: deletionTimestamp,
    since: held.lastTransitionTime,
    reason: held.reason,
    message: held.message,
    word: confirmingValue(backup),
    snapshots: lostSnapshots(status),
  };
}

function lostSnapshots(status: BackupStatus): readonly LostSnapshot[] {
  return (status.snapshots ?? []).flatMap(({ source, kopiaSnapshotID: id, endTime, sizeBytes }) =>
    id === undefined ? [] : [{
      source,
      id,
      ...(endTime === undefined ? {} : { endTime }),
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
    }]
  );
}

/** The held deletions that were asked for; or an error message when one of them is not held. */
export function chooseHeld(
  held: readonly HeldDeletion[],
  which: { readonly kind: "all" } | { readonly kind: "named"; readonly names: readonly string[] },
): { readonly kind: "chosen"; readonly held: readonly HeldDeletion[] } | {
  readonly kind: "refused";
  readonly message: string;
} {
  if (which.kind === "all") return { kind: "chosen", held };
  const missing = which.names.filter((name) => !held.some((each) => each.name === name));
  if (missing.length === 0) {
    return { kind: "chosen", held: held.filter(({ name }) => which.names.includes(name)) };
  }
  const found = missing.length === 1 ? "no such deletion is held" : "no such deletions are held";
  const expected = expectedNames("held deletion", held.map(({ name }) => name));
  return { kind: "refused", message: `Cannot release ${quotedNames(missing)}: ${found}, ${expected}` };
}
