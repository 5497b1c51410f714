import { ANNOTATION } from "../../api/meta.ts";
import type { KubeObject } from "../../kube/types.ts";
import { textAt, valueAt } from "./field_at.ts";

/**
 * True for a Backup whose snapshots a run of another object made: it was put back, without its status or with it. The
 * cluster of that run may be dead, or work on beside this one on the same snapshots.
 */
export function isInherited(backup: KubeObject): boolean {
  const { annotations = {}, uid } = backup.metadata;
  const ranAs = annotations[ANNOTATION.ranAs] ?? "";
  if (valueAt(backup, "status", "adopted") !== undefined) return true;
  return ranAs !== "" && ranAs !== uid && textAt(backup, "status", "phase") !== undefined;
}

/**
 * Whether a person said that this Repository is the heir of what was put back: no other cluster lives on those
 * snapshots. The word is its uid, for its annotations are restored elsewhere with it and must mean nothing there.
 */
export function isHeir({ metadata: { annotations = {}, uid } }: KubeObject): boolean {
  return uid !== undefined && annotations[ANNOTATION.heir] === uid;
}

/** How a person says that word. */
export function heirWords(
  { namespace, name, uid }: { readonly namespace: string; readonly name: string; readonly uid: string },
): string {
  return `run "kubectl kopiur repository inherit ${name} -n ${namespace}", or annotate Repository "${name}" with ` +
    `${ANNOTATION.heir}: "${uid}"`;
}
