import type { KubeObject, Removal } from "../../kube/types.ts";
import { CONFIG_MAP, moverRemovals } from "../shared/mod.ts";
import { attemptsOf } from "./attempts.ts";
import type { RunPin } from "./run_pin.ts";
import { type BackupWorld, sourceHasEnded } from "./world.ts";

/**
 * Mover Jobs that may still run though status says that their source has ended, and those it says are given up and
 * that have not begun. Only what status remembers is removed: the result of a Job is written down before the Job goes.
 */
export function leftovers(world: BackupWorld, pin: RunPin, now: Date): readonly Removal[] {
  const { snapshots = [] } = world.backup.status;
  return pin.sources
    .flatMap(({ source }) => {
      const entry = snapshots.find((each) => each.source === source);
      if (entry === undefined) return [];
      if (sourceHasEnded(entry)) return unfinishedJobs(world, source, now);
      return entry.job?.stoppedAt === undefined ? [] : waitingJobs(world, source, now);
    })
    .flatMap((job) => isGoing(job) ? [] : moverRemovals(job, "Foreground"));
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

/** The work specs of a run that ended; its Jobs go by their own time limit and need them no more. */
export function workSpecRemovals(world: BackupWorld): readonly Removal[] {
  return world.configMaps.filter((configMap) => !isGoing(configMap)).map(({ metadata }) => ({
    resource: CONFIG_MAP,
    key: { namespace: metadata.namespace ?? "", name: metadata.name },
    ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
    propagation: "Background",
  }));
}

/** True for an object whose deletion has begun. */
export function isGoing(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}
