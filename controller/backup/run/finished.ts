import {
  ANNOTATION,
  backupKind,
  type ConditionChange,
  isoSeconds,
  type SnapshotEntry,
} from "../../../api/mod.ts";
import { isOwnWork, resourceOf } from "../../shared/mod.ts";
import { permittedConditions } from "./checks.ts";
import type { BackupPlan, BackupWorld } from "../world/world.ts";
import type { SourceStep } from "./source_entry.ts";
import { isSaved, resultEvents, resultMeasures } from "./notices.ts";
import { runSpan } from "./traces.ts";
import { completeText, type RunResult, runResultOf, statsOf } from "./result.ts";

const CLEANUP_SECONDS = 1;
const BACKUP = resourceOf(backupKind);

/** A run whose sources have all ended. */
interface FinishedRun {
  readonly base: Pick<BackupPlan, "finalizer" | "create" | "remove" | "measures">;
  readonly next: BackupPlan["next"];
  readonly steps: readonly SourceStep[];
  readonly entries: readonly SnapshotEntry[];
  /** Given where the entries alone do not show how it ended. */
  readonly result?: RunResult;
}

/**
 * Records and reports how a run ended. The next pass cleans up: a removal that fails must not keep the result from being
 * written.
 */
export function finishedPlan(world: BackupWorld, run: FinishedRun, now: Date): BackupPlan {
  const { base, next, steps, entries } = run;
  const { result = runResultOf(entries) } = run;
  const startTime = startTimeOf(world, now);
  const endTime = endTimeOf(steps, now);
  const durationSeconds = Math.max(0, (Date.parse(endTime) - Date.parse(startTime)) / 1000);
  const stats = statsOf(entries);
  const { phase, reason, message } = result;
  const ready = phase === "Succeeded" ? "True" : "False";
  return {
    ...base,
    ...(world.backup.ranAs !== world.backup.uid && isOwnWork(world.object, entries)
      ? ranAsAnnotation(world, world.backup.uid)
      : {}),
    remove: [],
    conditions: [...permittedConditions, ...resultConditions(result, entries)],
    outcome: { kind: "settled", reason, message, ready, recheckAfterSeconds: CLEANUP_SECONDS },
    events: resultEvents(world, result, entries),
    measures: [
      ...base.measures,
      ...resultMeasures(world, result, entries, durationSeconds),
      runSpan(world, result, { startTime, endTime }),
    ],
    next: {
      ...next,
      phase,
      message,
      timing: { startTime, endTime, durationSeconds },
      ...(stats === undefined ? {} : { stats }),
    },
  };
}

/**
 * Annotates the Backup with the uid its run was started under: a tool that puts the Backup back keeps annotations, but
 * neither status nor uid. Written with the end of a run, and later for older runs; applies only to the version that was
 * seen. A Backup gets its own uid only when all its snapshots were made under it.
 */
export function ranAsAnnotation(
  { object, backup: { key, uid } }: BackupWorld,
  run: string,
): Pick<BackupPlan, "annotate"> {
  const { resourceVersion } = object.metadata;
  const annotations = { [ANNOTATION.ranAs]: run };
  return {
    annotate: [{
      resource: BACKUP,
      key,
      uid,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      annotations,
    }],
  };
}

/**
 * When the last snapshot was saved; for a source without one, when its mover ended. Retention orders runs by this time.
 * A mover may end much later than its snapshot, as when it surveys names or finds an old snapshot.
 */
function endTimeOf(steps: readonly SourceStep[], now: Date): string {
  const times = steps.flatMap((step) =>
    step.entry.endTime !== undefined ? [step.entry.endTime] : step.kind === "ended" ? [step.finishedAt] : []
  ).map((time) => Date.parse(time)).filter((time) => !Number.isNaN(time));
  return new Date(times.length === 0 ? now.getTime() : Math.max(...times)).toISOString();
}

/** The conditions of an ended run besides Ready. */
export function resultConditions(
  { outcome, reason, message }: RunResult,
  entries: readonly SnapshotEntry[],
): readonly ConditionChange[] {
  const created = entries.some(isSaved) ? "True" : "False";
  const complete = outcome === "success" ? "True" : "False";
  return [
    { kind: "set", value: { type: "SnapshotCreated", status: created, reason, message } },
    {
      kind: "set",
      value: {
        type: "Complete",
        status: complete,
        reason: outcome === "success" ? "Complete" : reason,
        message: outcome === "success" ? completeText(entries) : message,
      },
    },
  ];
}

/** When the first mover Job was made. */
export function startTimeOf({ backup, jobs }: BackupWorld, now: Date): string {
  if (backup.status.timing !== undefined) return backup.status.timing.startTime;
  const made = jobs.map(({ metadata }) => metadata.creationTimestamp ?? "").filter((time) => time !== "");
  return made.toSorted()[0] ?? isoSeconds(now);
}
