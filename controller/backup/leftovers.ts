import type { KubeObject, Removal } from "../../kube/types.ts";
import { moverRemovals } from "../shared/mod.ts";
import { attemptsOf } from "./attempts.ts";
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
      return entry.job?.stoppedAt === undefined ? [] : waitingJobs(world, source, now);
    });
  return moverRemovals(left, "Foreground");
}

function waitingJobs(world: BackupWorld, source: string, now: Date): readonly KubeObject[] {
  return attemptsOf(world, source, now).flatMap(({ job, state }) =>
    job !== undefined && state.kind === "waiting" ? [job] : []
  );
}

/** Jobs of a source that have not ended. */
export function unfinishedJobs(world: BackupWorld, source: string, now: Date): readonly KubeObject[] {
  return attemptsOf(world, source, now).flatMap(({ job, state }) =>
    job !== undefined && (state.kind === "waiting" || state.kind === "running") ? [job] : []
  );
}
