import type { KubeObject, Removal } from "../../../kube/types.ts";
import { leftOf, leftoverJobs, moverRemovals, stopMovers, unfinishedJobs } from "../../movers/mod.ts";
import { type BackupWorld, sourceHasEnded } from "../world/world.ts";
import { entriesOf, type RunPin } from "./pin.ts";
import { memoryOf } from "./source_entry.ts";
import { moversOf } from "./task.ts";

/** Stops the movers of a run: `stopMovers`. */
export function stopRun(
  world: BackupWorld,
  pin: RunPin | undefined,
  longestSeconds: number,
  now: Date,
): ReturnType<typeof stopMovers> {
  const { status } = world.backup;
  const isWrittenDown = pin !== undefined && status.snapshots !== undefined &&
    entriesOf(pin, status).every(({ source, job }) =>
      job !== undefined || unfinishedJobs(moversOf(world, source)).length === 0
    );
  const asked = { isWrittenDown, askedAt: status.stopAskedAt, longestSeconds };
  return stopMovers(moversOfRun(world, pin), asked, now);
}

/** True when a mover of the run may still work. */
export function isMoverLeft(world: BackupWorld, pin: RunPin | undefined): boolean {
  return leftOf(moversOfRun(world, pin)).length > 0;
}

function moversOfRun(world: BackupWorld, pin: RunPin | undefined) {
  return (pin?.sources ?? []).flatMap(({ source }) => moversOf(world, source));
}

/** Removals of mover Jobs that may still run although their source has ended, or goes on without them. */
export function leftovers(world: BackupWorld, pin: RunPin): readonly Removal[] {
  const { snapshots = [] } = world.backup.status;
  const left = pin.sources.flatMap(({ source }): readonly KubeObject[] => {
    const entry = snapshots.find((each) => each.source === source);
    if (entry === undefined) return [];
    const movers = moversOf(world, source);
    return sourceHasEnded(entry) ? unfinishedJobs(movers) : leftoverJobs(memoryOf(entry), movers);
  });
  return moverRemovals(left);
}
