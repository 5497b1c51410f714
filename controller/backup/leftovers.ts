import type { SnapshotEntry } from "../../api/mod.ts";
import type { KubeObject, Removal } from "../../kube/types.ts";
import { moverRemovals } from "../movers/mod.ts";
import { attemptsOf } from "./attempts.ts";
import { isDisruptedTooOften } from "./source_state.ts";
import type { RunPin } from "./run_pin.ts";
import { type BackupWorld, sourceHasEnded } from "./world.ts";

/**
 * Mover Jobs that may still run though status says that their source has ended, and those it says are given up and
 * that have not begun. Only what status remembers is removed: the result of a Job is written down before the Job goes.
 */
export function leftovers(world: BackupWorld, pin: RunPin, now: Date): readonly Removal[] {
  const { snapshots = [] } = world.backup.status;
  const left = pin.sources
    .flatMap(({ source }) => {
      const entry = snapshots.find((each) => each.source === source);
      if (entry === undefined) return [];
      if (sourceHasEnded(entry)) return unfinishedJobs(world, source, now);
      return [...supersededJobs(world, entry, now), ...givenUpJobs(world, entry, now)];
    });
  return moverRemovals(left, "Foreground");
}

/** One whose mover works after all is left alone, unless the cluster has ended too many of them. */
function givenUpJobs(world: BackupWorld, entry: SnapshotEntry, now: Date): readonly KubeObject[] {
  if (entry.job?.stoppedAt === undefined) return [];
  return attemptsOf(world, entry.source, now).flatMap(({ job, state }) => {
    const isIdle = state.kind === "waiting" || (state.kind === "running" && state.noPod !== undefined);
    const isOver = state.kind === "running" && isDisruptedTooOften(entry);
    return job !== undefined && (isIdle || isOver) ? [job] : [];
  });
}

/** Jobs before the present one that a container beside their mover keeps from being over. */
function supersededJobs(world: BackupWorld, entry: SnapshotEntry, now: Date): readonly KubeObject[] {
  return attemptsOf(world, entry.source, now).flatMap(({ job, number, outlivesMover }) =>
    job !== undefined && outlivesMover && number < (entry.job?.attempts ?? 0) ? [job] : []
  );
}

/** Jobs of a source that have not ended. */
export function unfinishedJobs(world: BackupWorld, source: string, now: Date): readonly KubeObject[] {
  return attemptsOf(world, source, now).flatMap(({ job, state, outlivesMover }) =>
    job !== undefined && (state.kind === "waiting" || state.kind === "running" || outlivesMover) ? [job] : []
  );
}
