import type { Removal } from "../../kube/types.ts";
import { formerJobs, leftoverJobs, moverRemovals } from "../movers/mod.ts";
import type { Decision } from "./bootstrap/decide.ts";
import { listedJob } from "./catalog/listing.ts";
import type { Bootstraps } from "./bootstrap/task.ts";
import type { RepositoryWorld } from "./world.ts";

/**
 * What former bootstraps left, and what the status says was given up.
 */
export function removals(
  world: RepositoryWorld,
  decision: Decision,
  { task, memory, movers }: Bootstraps,
): readonly Removal[] {
  if (decision.kind === "leave") return [];
  const { repository, jobs } = world;
  // Nobody takes the result of one whose spec is refused, and it would hold a slot for as long as it waits.
  const left = decision.kind === "refuse"
    ? jobs
    : [...formerJobs(task, memory, jobs), ...leftoverJobs(memory, movers)];
  // With its Job goes the pod, and with that the log.
  const listed = listedJob(repository, jobs);
  return moverRemovals(left.filter((job) => job !== listed));
}
