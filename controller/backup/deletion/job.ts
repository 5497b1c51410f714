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

/** A deletion that hangs is ended and tried again; waiting for a node does not count. */
const DELETE_LIMIT_SECONDS = 3600;
/** So long one that was given up is waited for: deleting the same twice does no harm. */
export const LOST_POD_SECONDS = 1800;
/** Between two tries at a deletion. */
export const DELETION_RETRY_MAX_SECONDS = 3600;
/** Whatever becomes of its pods: no Job is there for ever. */
const DELETE_JOB_LIMIT_SECONDS = 4 * DELETE_LIMIT_SECONDS;
/** Clocks of nodes are not that of the controller, nor of the API server: so much earlier a mover may say it began. */
const CLOCK_MARGIN_SECONDS = 300;

/** Deleting the snapshots of a run. */
export type DeletionTask = MoverTask<"snapshotDelete">;

/** The task of a deletion: tried for ever, for nothing else brings the snapshots away. */
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

/** What is remembered of the movers of a deletion; undefined before the first one. */
export function deletionMemory(deletion: BackupStatus["deletion"]): TaskMemory | undefined {
  const { job, startedAt, failures = 0, unstarted = 0, checkpointWaits = 0, retryAt, waitingSince } =
    deletion ?? {};
  if (job !== undefined) return taskMemory(job);
  if (startedAt === undefined) return undefined;
  // As releases before this one kept it.
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
 * Job of the mover that deletes the snapshots of a run: what status knows and all that carry its tag. Where it runs is
 * what the Repository says today: the nodes of the run may be long gone.
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
 * Where and when a mover of this run may have been killed: of a source that has a snapshot kopia has dropped what was
 * left before it. A run is over when that is reported; one that is deleted on its way ends when its deletion begins:
 * its movers are gone by then.
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
  // Of a second try as of the first: runs that began meanwhile are others.
  const to = reportedEnd(status) ?? status.deletion?.startedAt ?? now.toISOString();
  return { checkpoints: { sourcePaths, from, to } };
}

/**
 * When it was told that the run had ended, by which all its movers had: one that failed early, or that is known by the
 * time of its snapshot alone, may have ended later than the status says of the run. Undefined of one that has not ended.
 */
function reportedEnd({ timing, conditions }: BackupWorld["backup"]["status"]): string | undefined {
  if (timing?.endTime === undefined) return undefined;
  const reportedAt = findCondition(conditions, "Complete")?.lastTransitionTime ?? timing.endTime;
  return Date.parse(reportedAt) > Date.parse(timing.endTime) ? reportedAt : timing.endTime;
}
