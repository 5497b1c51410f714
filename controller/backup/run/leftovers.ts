import type { KubeObject, Removal } from "../../../kube/types.ts";
import { leftoverJobs, moverRemovals, unfinishedJobs } from "../../movers/mod.ts";
import type { RunPin } from "./pin.ts";
import { memoryOf } from "./source_entry.ts";
import { moversOf } from "./tasks.ts";
import { type BackupWorld, sourceHasEnded } from "../world/world.ts";

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
