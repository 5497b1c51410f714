import { ANNOTATION } from "../../../api/meta.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { byObject } from "../objects/by_object.ts";
import { textAt, valueAt } from "../objects/field_at.ts";
import { ownerOfBackupJob } from "../objects/names.ts";
import { wasRestored } from "./put_back.ts";

/**
 * True for a Backup whose snapshots were made by a run of another object: it was put back, without or with its status,
 * also in the middle of a run. The cluster of that run may be dead, or still use the same snapshots. A source that a
 * mover of another uid backed up proves it, whatever the annotations say; without annotations, the label of a restore
 * proves it for sources that it did not back up itself.
 */
export const isInherited = byObject((backup: KubeObject): boolean => {
  if (valueAt(backup, "status", "adopted") !== undefined) return true;
  if (textAt(backup, "status", "phase") === undefined) return false;
  const { metadata } = backup;
  const ranAs = metadata.annotations?.[ANNOTATION.ranAs] ?? "";
  if (ranAs !== "" && ranAs !== metadata.uid) return true;
  const entries = valueAt(backup, "status", "snapshots");
  const makers = Array.isArray(entries) ? entries.map((entry) => makerOf(metadata, entry)) : [];
  if (makers.includes("another")) return true;
  return ranAs === "" && makers.includes("unknown") && wasRestored(metadata);
});

/** True when every snapshot of a Backup was made by its own movers. */
export function isOwnWork(backup: KubeObject, entries: readonly unknown[]): boolean {
  return entries.every((entry) => {
    const maker = makerOf(backup.metadata, entry);
    return maker === "own" || maker === "nobody";
  });
}

/** Who backed up a source, by its entry in a status. */
function makerOf(
  { name, uid = "" }: KubeObject["metadata"],
  entry: unknown,
): ReturnType<typeof ownerOfBackupJob> | "nobody" {
  const jobName = textAt(entry, "job", "name");
  if (jobName !== undefined) return ownerOfBackupJob(jobName, { name, uid }, textAt(entry, "source") ?? "");
  return textAt(entry, "kopiaSnapshotID") === undefined ? "nobody" : "unknown";
}

/** Whether a person confirmed the deletion of a Backup: by {@link confirmingValue}; its uid always confirms. */
export function isConfirmed(backup: KubeObject): boolean {
  const { annotations = {}, uid } = backup.metadata;
  const word = annotations[ANNOTATION.confirmDeletion];
  return word !== undefined && (word === uid || word === confirmingValue(backup));
}

/**
 * The value of {@link ANNOTATION}.confirmDeletion that releases the snapshots of a deleted Backup. For an
 * inherited one it is its uid: any other value may have been restored with it.
 */
export function confirmingValue(backup: KubeObject): string {
  return isInherited(backup) ? backup.metadata.uid ?? "" : "true";
}

/**
 * Whether a person said that this Repository is the heir of what was put back: no other cluster uses those
 * snapshots. The value is its uid, as its annotations may be restored elsewhere and must mean nothing there.
 */
export function isHeir({ metadata: { annotations = {}, uid } }: KubeObject): boolean {
  return uid !== undefined && annotations[ANNOTATION.heir] === uid;
}

/** The command that sets it. */
export function inheritAdvice(
  { namespace, name, uid }: { readonly namespace: string; readonly name: string; readonly uid: string },
): string {
  return `run "kubectl kopiur repository inherit ${name} -n ${namespace}", or annotate Repository "${name}" with ` +
    `${ANNOTATION.heir}: "${uid}"`;
}
