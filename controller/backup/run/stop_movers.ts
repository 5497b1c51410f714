import { isoSeconds } from "../../../api/mod.ts";
import type { KubeObject, Removal } from "../../../kube/types.ts";
import { isAnyLeft, leftoverJobs, moverRemovals, unfinishedJobs } from "../../movers/mod.ts";
import { type BackupWorld, sourceHasEnded } from "../world/world.ts";
import { entriesOf, type RunPin } from "./pin.ts";
import { memoryOf } from "./source_entry.ts";
import { moversOf } from "./task.ts";

const SOON_SECONDS = 1;
const STOPPING_SECONDS = 15;

/** Movers that are to be gone before anything else is done. */
interface Stopping {
  readonly remove: readonly Removal[];
  readonly recheckAfterSeconds: number;
  /** What status is to remember; absent while a Job is to be written down first. */
  readonly askedAt?: string;
}

/**
 * Undefined once no mover of the run is left, or none of those left was seen to stop for so long, by this controller's
 * clock: on a node that is lost a pod stays for ever. A Job status does not know yet is written down before it goes.
 */
export function stopMovers(
  world: BackupWorld,
  pin: RunPin | undefined,
  longestSeconds: number,
  now: Date,
): Stopping | undefined {
  const movers = moversOfRun(world, pin);
  if (!isAnyLeft(movers)) return undefined;
  const { status } = world.backup;
  const isWrittenDown = pin !== undefined && status.snapshots !== undefined &&
    entriesOf(pin, status).every(({ source, job }) =>
      job !== undefined || unfinishedJobs(moversOf(world, source)).length === 0
    );
  if (!isWrittenDown) return { remove: [], recheckAfterSeconds: SOON_SECONDS };
  const askedMs = Date.parse(status.stopAskedAt ?? "");
  const waitedSeconds = (now.getTime() - askedMs) / 1000;
  // A clock that was set back since begins anew.
  const isKnown = waitedSeconds >= -1;
  if (isKnown && waitedSeconds >= longestSeconds) return undefined;
  const leftSeconds = isKnown ? Math.ceil(longestSeconds - Math.max(0, waitedSeconds)) : longestSeconds;
  return {
    remove: moverRemovals(unfinishedJobs(movers), "Foreground"),
    recheckAfterSeconds: Math.min(STOPPING_SECONDS, leftSeconds),
    askedAt: isoSeconds(isKnown ? new Date(askedMs) : now),
  };
}

/** True when a mover of the run may be at work still. */
export function isMoverLeft(world: BackupWorld, pin: RunPin | undefined): boolean {
  return isAnyLeft(moversOfRun(world, pin));
}

function moversOfRun(world: BackupWorld, pin: RunPin | undefined) {
  return (pin?.sources ?? []).flatMap(({ source }) => moversOf(world, source));
}

/** Mover Jobs that may still run though status says that their source has ended, or that it goes on without them. */
export function leftovers(world: BackupWorld, pin: RunPin): readonly Removal[] {
  const { snapshots = [] } = world.backup.status;
  const left = pin.sources.flatMap(({ source }): readonly KubeObject[] => {
    const entry = snapshots.find((each) => each.source === source);
    if (entry === undefined) return [];
    const movers = moversOf(world, source);
    return sourceHasEnded(entry) ? unfinishedJobs(movers) : leftoverJobs(memoryOf(entry), movers);
  });
  return moverRemovals(left, "Foreground");
}
