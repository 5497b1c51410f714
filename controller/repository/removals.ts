import type { KubeObject, Removal, Resource } from "../../kube/types.ts";
import { CONFIG_MAP, JOB } from "../shared/mod.ts";
import { type Decision, formerJobs } from "./decide.ts";
import { bootstrapJobName } from "./desired.ts";
import { listedJob } from "./listing.ts";
import type { RepositoryWorld } from "./world.ts";

/**
 * What former bootstraps left, and the next one's Job when it is to be replaced. In the foreground, so that a
 * Job stays in sight until its pods are gone. ConfigMaps go by name, for a Job may be in none of our caches yet
 * when its ConfigMap is: those of the next Job stay.
 */
export function removals(world: RepositoryWorld, decision: Decision): readonly Removal[] {
  if (decision.kind === "leave") return [];
  // With its Job goes the pod, and with that the log.
  const listed = listedJob(world.repository, world.jobs);
  const former = formerJobs(world).filter((job) => job !== listed);
  const jobs = [...former, ...(decision.kind === "replace" ? [decision.job] : [])];
  const ofNextJob = `${bootstrapJobName(world.repository)}-`;
  const configMaps = world.configMaps.filter(({ metadata }) => !metadata.name.startsWith(ofNextJob));
  return [
    ...jobs.filter(isStaying).map((job) => removal(JOB, job, "Foreground")),
    ...configMaps.filter(isStaying).map((configMap) => removal(CONFIG_MAP, configMap, "Background")),
  ];
}

function isStaying({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp === undefined;
}

function removal(resource: Resource, { metadata }: KubeObject, propagation: Removal["propagation"]): Removal {
  const { namespace = "", name, uid } = metadata;
  return { resource, key: { namespace, name }, ...(uid === undefined ? {} : { uid }), propagation };
}
