import { ANNOTATION } from "../../../api/meta.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { byObject } from "../objects/by_object.ts";
import { textAt, valueAt } from "../objects/field_at.ts";
import { ownerOfBackupJob } from "../objects/names.ts";
import { wasRestored } from "./put_back.ts";

/**
 * True for a Backup whose snapshots a run of another object made: it was put back, without its status or with it, also
 * in the middle of a run. The cluster of that run may be dead, or work on beside this one on the same snapshots. A source
 * that a mover of another uid backed up proves it whatever is written on the Backup; where nothing is, so does the label
 * of a restore on what it did not back up itself.
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

/** True when every snapshot a Backup may hold is the work of its own movers. */
export function isOwnWork(backup: KubeObject, entries: readonly unknown[]): boolean {
  return entries.every((entry) => {
    const maker = makerOf(backup.metadata, entry);
    return maker === "own" || maker === "nobody";
  });
}

/** Who backed up a source, as its entry in a status tells. */
function makerOf(
  { name, uid = "" }: KubeObject["metadata"],
  entry: unknown,
): ReturnType<typeof ownerOfBackupJob> | "nobody" {
  const jobName = textAt(entry, "job", "name");
  if (jobName !== undefined) return ownerOfBackupJob(jobName, { name, uid }, textAt(entry, "source") ?? "");
  return textAt(entry, "kopiaSnapshotID") === undefined ? "nobody" : "unknown";
}

/** Whether a person said of a Backup that its snapshots go: its word is {@link confirmingValue}; a uid always does. */
export function isConfirmed(backup: KubeObject): boolean {
  const { annotations = {}, uid } = backup.metadata;
  const word = annotations[ANNOTATION.confirmDeletion];
  return word !== undefined && (word === uid || word === confirmingValue(backup));
}

/**
 * By which value of {@link ANNOTATION}.confirmDeletion a person lets the snapshots of a deleted Backup go. Of an
 * inherited one it is its uid: any other word may have been restored along.
 */
export function confirmingValue(backup: KubeObject): string {
  return isInherited(backup) ? backup.metadata.uid ?? "" : "true";
}

/**
 * Whether a person said that this Repository is the heir of what was put back: no other cluster lives on those
 * snapshots. The word is its uid, for its annotations are restored elsewhere with it and must mean nothing there.
 */
export function isHeir({ metadata: { annotations = {}, uid } }: KubeObject): boolean {
  return uid !== undefined && annotations[ANNOTATION.heir] === uid;
}

/** How a person says that word. */
export function inheritAdvice(
  { namespace, name, uid }: { readonly namespace: string; readonly name: string; readonly uid: string },
): string {
  return `run "kubectl kopiur repository inherit ${name} -n ${namespace}", or annotate Repository "${name}" with ` +
    `${ANNOTATION.heir}: "${uid}"`;
}
