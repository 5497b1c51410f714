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
  // Nobody records the result for a refused spec, and the mover would keep its slot while it waits.
  const left = decision.kind === "refuse"
    ? jobs
    : [...formerJobs(task, memory, jobs), ...leftoverJobs(memory, movers)];
  // The pod, and with it the log, is deleted with the Job.
  const listed = listedJob(repository, jobs);
  return moverRemovals(left.filter((job) => job !== listed));
}
