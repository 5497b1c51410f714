import { backupKind } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import type { PlannedMeasure } from "../../runtime/plan.ts";
import { workSpan, type WorkTrace, workTrace } from "../../movers/mod.ts";
import { textAt, valueAt } from "../../shared/mod.ts";
import type { BackupObject } from "../world/object.ts";
import type { RunResult } from "./result.ts";
import { type BackupWorld, isTerminal } from "../world/world.ts";

/** The trace of a run: every pass over it, and every mover that backs up one of its sources. */
export function runTrace({ uid }: Pick<BackupObject, "uid">): WorkTrace {
  return workTrace(uid, "run");
}

/** The trace of the deletion of a run's snapshots, with every attempt at it. */
export function deletionTrace({ uid }: Pick<BackupObject, "uid">): WorkTrace {
  return workTrace(uid, "deletion");
}

/** The trace of a pass. Passes over an ended run are part of no trace. */
export function backupTraceparent(object: KubeObject): string | undefined {
  const { uid = "", deletionTimestamp } = object.metadata;
  if (deletionTimestamp !== undefined) return deletionTrace({ uid }).traceparent;
  const hasEnded = isTerminal(textAt(object, "status", "phase")) ||
    valueAt(object, "spec", "discovered") !== undefined;
  return hasEnded ? undefined : runTrace({ uid }).traceparent;
}

/** The span of a run that ended, from its first mover to its last. */
export function runSpan(
  { backup }: BackupWorld,
  result: RunResult,
  timing: { readonly startTime: string; readonly endTime: string },
): PlannedMeasure {
  const { outcome, message } = result;
  return workSpan(runTrace(backup), { kind: backupKind.kind, key: backup.key }, {
    name: "backup run",
    ...timing,
    attributes: { config: backup.configName, outcome },
    ...(outcome === "failure" ? { failure: message } : {}),
  });
}

/** The span of a finished deletion, from the request to the end of the mover. */
export function deletionSpan({ backup, object }: BackupWorld, endTime: string): PlannedMeasure {
  return workSpan(deletionTrace(backup), { kind: backupKind.kind, key: backup.key }, {
    name: "snapshot deletion",
    startTime: object.metadata.deletionTimestamp,
    endTime,
  });
}
