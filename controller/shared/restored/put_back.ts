import { ANNOTATION, LABEL } from "../../../api/meta.ts";
import { keyOf, keyText, type KubeObject } from "../../../kube/types.ts";
import { textAt, valueAt } from "../objects/field_at.ts";
import { slotOfRun } from "../objects/names.ts";

/**
 * A run is made at its slot, or as soon as its schedule can, and no jitter is longer. The schedule records the time by
 * the API server's clock, which also sets creationTimestamp, so our own clock does not matter.
 */
const SLACK_MS = 3_600_000;

/** A Backup that was put back without its status, with what is left to identify its snapshots. */
export interface PutBack {
  /** `<namespace>/<name>` of the Backup and of its BackupConfig. */
  readonly backup: string;
  readonly config: string;
  /** The uid its run was started under, if known; it is the value of the tag of its snapshots. */
  readonly ranAs: string | undefined;
}

/**
 * A Backup that ran once, or should have long ago, and was put back by a restore of the cluster, a backup tool or
 * GitOps: it has no status, and signs show that it was made before this object. Undefined for any other, and for one a
 * person wants to run again. A new manual Backup has none of the signs.
 */
export function putBack(backup: KubeObject): PutBack | undefined {
  const config = textAt(backup, "spec", "configRef", "name");
  if (config === undefined || hasBegun(backup) || !isOlderThanItsMaking(backup)) return undefined;
  const { annotations = {} } = backup.metadata;
  if (annotations[ANNOTATION.runAgain] === "true") return undefined;
  const key = keyOf(backup);
  const ranAs = annotations[ANNOTATION.ranAs];
  return {
    backup: keyText(key),
    config: keyText({ namespace: key.namespace, name: config }),
    ranAs: ranAs === "" ? undefined : ranAs,
  };
}

function hasBegun(backup: KubeObject): boolean {
  const phase = textAt(backup, "status", "phase") ?? "Pending";
  return phase !== "Pending" || valueAt(backup, "status", "resolved") !== undefined;
}

/** Velero sets that label on whatever it restores. */
export function wasRestored({ labels }: KubeObject["metadata"]): boolean {
  return labels?.["velero.io/restore-name"] !== undefined;
}

/** Checks the strongest sign first. A schedule that makes a Backup late records when it did. */
function isOlderThanItsMaking({ metadata }: KubeObject): boolean {
  const { annotations = {}, labels = {}, creationTimestamp = "", name, uid } = metadata;
  const ranAs = annotations[ANNOTATION.ranAs] ?? "";
  // Its own uid is written just before its status; an object that is put back gets another uid.
  if (ranAs !== "" && ranAs !== uid) return true;
  if (wasRestored(metadata)) return true;
  const isScheduled = labels[LABEL.schedule] !== undefined || labels[LABEL.origin] === "scheduled";
  const madeAt = annotations[ANNOTATION.madeAt];
  const saidMs = madeAt === undefined ? NaN : Date.parse(madeAt);
  const madeMs = !Number.isNaN(saidMs) ? saidMs : isScheduled ? slotOfRun(name) ?? NaN : NaN;
  return Date.parse(creationTimestamp) - madeMs > SLACK_MS;
}
