import type { Removal } from "../../kube/types.ts";
import { isAnyLeft, moverRemovals, unfinishedJobs } from "../movers/mod.ts";
import { entriesOf, type RunPin } from "./run_pin.ts";
import { moversOf } from "./tasks.ts";
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
  const movers = (pin?.sources ?? []).flatMap(({ source }) => moversOf(world, source, now));
  if (!isAnyLeft(movers)) return undefined;
  const isWrittenDown = pin !== undefined && world.backup.status.snapshots !== undefined &&
    entriesOf(pin, world.backup.status).every(({ source, job }) =>
      job !== undefined || unfinishedJobs(moversOf(world, source, now)).length === 0
    );
  if (!isWrittenDown) return { remove: [], recheckAfterSeconds: SOON_SECONDS };
  const remove = moverRemovals(unfinishedJobs(movers), "Foreground");
  return { remove, recheckAfterSeconds: STOPPING_SECONDS };
}
