import type { Removal } from "../../kube/types.ts";
import { moverRemovals } from "../movers/mod.ts";
import { attemptsOf } from "./attempts.ts";
import { unfinishedJobs } from "./leftovers.ts";
import { entriesOf, type RunPin } from "./run_pin.ts";
import type { BackupWorld } from "./world.ts";

const SOON_SECONDS = 1;
const STOPPING_SECONDS = 15;

/** Movers that are to be gone before anything else is done. */
export interface Stopping {
  readonly remove: readonly Removal[];
  readonly recheckAfterSeconds: number;
}

/** Undefined once no mover of the run is left. A Job status does not know yet is written down before it goes. */
export function stopMovers(world: BackupWorld, pin: RunPin | undefined, now: Date): Stopping | undefined {
  const sources = pin?.sources ?? [];
  const jobs = sources.flatMap(({ source }) => unfinishedJobs(world, source, now));
  const orphanedPods = sources.some(({ source }) =>
    attemptsOf(world, source, now).some(({ job, podIsAlive }) => job === undefined && podIsAlive)
  );
  if (jobs.length === 0 && !orphanedPods) return undefined;
  const isWrittenDown = pin !== undefined && world.backup.status.snapshots !== undefined &&
    entriesOf(pin, world.backup.status).every(({ source, job }) =>
      job !== undefined || unfinishedJobs(world, source, now).length === 0
    );
  if (!isWrittenDown) return { remove: [], recheckAfterSeconds: SOON_SECONDS };
  return { remove: moverRemovals(jobs, "Foreground"), recheckAfterSeconds: STOPPING_SECONDS };
}
