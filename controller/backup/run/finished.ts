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
import { isSaved, verdictEvents, verdictMeasures } from "./notices.ts";
import { runSpan } from "./traces.ts";
import { completeText, statsOf, type Verdict, verdictOf } from "./verdict.ts";

const CLEANUP_SECONDS = 1;
const BACKUP = resourceOf(backupKind);

/** A run whose sources have all ended. */
interface FinishedRun {
  readonly base: Pick<BackupPlan, "finalizer" | "create" | "remove" | "measures">;
  readonly next: BackupPlan["next"];
  readonly steps: readonly SourceStep[];
  readonly entries: readonly SnapshotEntry[];
  /** Given where the entries alone do not say how it ended. */
  readonly verdict?: Verdict;
}

/**
 * Writes down how a run ended, and tells it. Cleaning up is left to the next pass: a removal that fails must not keep
 * the result from being written.
 */
export function finishedPlan(world: BackupWorld, run: FinishedRun, now: Date): BackupPlan {
  const { base, next, steps, entries } = run;
  const { verdict = verdictOf(entries) } = run;
  const startTime = startTimeOf(world, now);
  const endTime = endTimeOf(steps, now);
  const durationSeconds = Math.max(0, (Date.parse(endTime) - Date.parse(startTime)) / 1000);
  const stats = statsOf(entries);
  const { phase, reason, message } = verdict;
  const ready = phase === "Succeeded" ? "True" : "False";
  return {
    ...base,
    ...(world.backup.ranAs !== world.backup.uid && isOwnWork(world.object, entries)
      ? ranAsAnnotation(world, world.backup.uid)
      : {}),
    remove: [],
    conditions: [...permittedConditions, ...verdictConditions(verdict, entries)],
    outcome: { kind: "settled", reason, message, ready, recheckAfterSeconds: CLEANUP_SECONDS },
    events: verdictEvents(world, verdict, entries),
    measures: [
      ...base.measures,
      ...verdictMeasures(world, verdict, durationSeconds),
      runSpan(world, verdict, { startTime, endTime }),
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
 * Under which uid the run was started, where a tool that puts the Backup back keeps it: neither status nor uid are. Said
 * with the end, and to runs that ended before this was said; meant for the version that was seen. Its own uid a Backup
 * gets only where every snapshot it may hold was made under it.
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
 * When the last snapshot was saved; of a source without one, when its mover ended. Retention orders runs by it, and a
 * mover that ended late, for it looked at names or found a snapshot of long before, makes no snapshot newer.
 */
function endTimeOf(steps: readonly SourceStep[], now: Date): string {
  const times = steps.flatMap((step) =>
    step.entry.endTime !== undefined ? [step.entry.endTime] : step.kind === "ended" ? [step.finishedAt] : []
  ).map((time) => Date.parse(time)).filter((time) => !Number.isNaN(time));
  return new Date(times.length === 0 ? now.getTime() : Math.max(...times)).toISOString();
}

/** What a run that ended says beside Ready. */
export function verdictConditions(
  { outcome, reason, message }: Verdict,
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
