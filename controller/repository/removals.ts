import type { KubeObject, Removal } from "../../kube/types.ts";
import { moverRemovals } from "../movers/mod.ts";
import { type Decision, formerJobs, nextJob } from "./bootstrap/decide.ts";
import { listedJob } from "./catalog/listing.ts";
import type { RepositoryWorld } from "./world.ts";

/**
 * What former bootstraps left, and the next one's Job when it is to be replaced. In the foreground, so that a
 * Job stays in sight until its pods are gone.
 */
export function removals(world: RepositoryWorld, decision: Decision): readonly Removal[] {
  if (decision.kind === "leave") return [];
  // With its Job goes the pod, and with that the log.
  const listed = listedJob(world.repository, world.jobs);
  const former = formerJobs(world).filter((job) => job !== listed);
  return moverRemovals([...former, ...unwanted(world, decision)], "Foreground");
}

function unwanted(world: RepositoryWorld, decision: Decision): readonly KubeObject[] {
  if (decision.kind === "replace") return [decision.job];
  const job = nextJob(world);
  // Nobody will take its result, and it would hold a slot for as long as it waits.
  return decision.kind === "refuse" && job !== undefined ? [job] : [];
}
