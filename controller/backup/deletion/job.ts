import {
  type BackupStatus,
  findCondition,
  type MoverOperation,
  type SnapshotEntry,
} from "../../../api/mod.ts";
import type { DesiredObject } from "../../../kube/types.ts";
import { moverJobName, type MoverTask, type TaskMemory, taskMemory } from "../../movers/mod.ts";
import type { RepositoryView } from "../../shared/mod.ts";
import { startTimeOf } from "../run/finished.ts";
import type { RunPin } from "../run/pin.ts";
import { DEADLINE_MARGIN_SECONDS, DEFAULT_BACKOFF_LIMIT, jobOf } from "../run/job.ts";
import { mayHaveSnapshot } from "../run/source_entry.ts";
import { ownerOf } from "../run/task.ts";
import { deletionTrace } from "../run/traces.ts";
import type { BackupObject } from "../world/object.ts";
import type { BackupWorld } from "../world/world.ts";

/** A hanging deletion is ended and retried after this; waiting for a node does not count. */
export const DELETE_LIMIT_SECONDS = 3600;
/** A mover that was given up is replaced after this time: deleting the same twice does no harm. */
export const LOST_POD_SECONDS = 1800;
/** The longest rest between two tries. */
export const DELETION_RETRY_MAX_SECONDS = 3600;
/** The limit of a Job, whatever its pods do. */
const DELETE_JOB_LIMIT_SECONDS = 4 * DELETE_LIMIT_SECONDS;
/** Clocks of nodes, controller and API server differ: a mover may report a begin that is this much earlier. */
const CLOCK_MARGIN_SECONDS = 300;

/** Deleting the snapshots of a run. */
export type DeletionTask = MoverTask<"snapshotDelete">;

/** The task of a deletion: tried for ever, as nothing else deletes the snapshots. */
export function deletionTask(backup: BackupObject): DeletionTask {
  return {
    operation: "snapshotDelete",
    owner: ownerOf(backup),
    purpose: { kind: "snapshotDelete" },
    limits: {
      startDeadlineSeconds: Infinity,
      activeDeadlineSeconds: DELETE_LIMIT_SECONDS,
      longestRestSeconds: DELETION_RETRY_MAX_SECONDS,
      // Deleting the same twice does no harm.
      replaceAfterSeconds: LOST_POD_SECONDS,
    },
  };
}

/** The memory of a deletion's movers; undefined before the first one. */
export function deletionMemory(deletion: BackupStatus["deletion"]): TaskMemory | undefined {
  const { job, startedAt, failures = 0, unstarted = 0, checkpointWaits = 0, retryAt, waitingSince } =
    deletion ?? {};
  if (job !== undefined) return taskMemory(job);
  if (startedAt === undefined) return undefined;
  // The form of earlier releases.
  return {
    number: failures + unstarted + checkpointWaits + 1,
    slotsGivenBack: unstarted,
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(waitingSince === undefined ? {} : { waitingSince }),
  };
}

/** Name of the n-th Job that deletes the snapshots of a Backup. */
function deleteJobName(backup: BackupObject, attempt: number): string {
  return moverJobName(ownerOf(backup), { kind: "snapshotDelete" }, attempt);
}

/**
 * Job of the mover that deletes the snapshots of a run: those in the status and all with its tag. It is scheduled as
 * the Repository is set today, as the nodes of the run may be long gone.
 */
export function deleteJob(
  world: BackupWorld,
  repository: RepositoryView,
  pin: RunPin,
  run: { readonly entries: readonly SnapshotEntry[]; readonly attempt: number; readonly now: Date },
): DesiredObject {
  const { backup } = world;
  const { uniqueId } = pin.resolved.repository;
  const snapshots = run.entries.flatMap(({ kopiaSnapshotID, sourcePath }) =>
    kopiaSnapshotID === undefined ? [] : [{ id: kopiaSnapshotID, sourcePath }]
  );
  const operation: MoverOperation = {
    snapshotDelete: {
      runId: backup.uid,
      snapshots,
      ...(uniqueId === undefined ? {} : { uniqueId }),
      ...checkpointsOf(world, run),
    },
  };
  return jobOf(world, repository, pin, {
    name: deleteJobName(backup, run.attempt),
    operation,
    trace: deletionTrace(backup),
    limits: {
      backoffLimit: DEFAULT_BACKOFF_LIMIT,
      activeDeadlineSeconds: DELETE_JOB_LIMIT_SECONDS,
      podActiveDeadlineSeconds: DELETE_LIMIT_SECONDS,
    },
    timeoutSeconds: DELETE_LIMIT_SECONDS - DEADLINE_MARGIN_SECONDS,
    sources: [],
    annotations: {},
  });
}

/**
 * Where and when a mover of this run may have been killed: for a source with a snapshot kopia has dropped earlier
 * checkpoints. A run is over when its end is reported; one that is deleted while running ends when its deletion begins, as
 * its movers are gone then.
 */
function checkpointsOf(
  world: BackupWorld,
  { entries, now }: { readonly entries: readonly SnapshotEntry[]; readonly now: Date },
): Pick<Extract<MoverOperation, { snapshotDelete: unknown }>["snapshotDelete"], "checkpoints"> {
  const { status } = world.backup;
  const sourcePaths = entries.filter((entry) =>
    entry.kopiaSnapshotID === undefined && entry.job !== undefined && mayHaveSnapshot(entry)
  ).map(({ sourcePath }) => sourcePath);
  if (sourcePaths.length === 0) return {};
  const startMs = Date.parse(startTimeOf(world, now));
  const from = new Date(startMs - CLOCK_MARGIN_SECONDS * 1000).toISOString();
  // The same for every try: runs that began later are others.
  const to = reportedEnd(status) ?? status.deletion?.startedAt ?? now.toISOString();
  return { checkpoints: { sourcePaths, from, to } };
}

/**
 * When the end of the run was reported; all its movers had ended by then. A mover that failed early, or is known by the
 * time of its snapshot alone, may have ended later than the run's endTime. Undefined for a run that has not ended.
 */
function reportedEnd({ timing, conditions }: BackupWorld["backup"]["status"]): string | undefined {
  if (timing?.endTime === undefined) return undefined;
  const reportedAt = findCondition(conditions, "Complete")?.lastTransitionTime ?? timing.endTime;
  return Date.parse(reportedAt) > Date.parse(timing.endTime) ? reportedAt : timing.endTime;
}
