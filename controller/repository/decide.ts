import type { KubeObject } from "../../kube/types.ts";
import { credentialVersion, type JobState, jobState, podMayRun } from "../shared/mod.ts";
import { type BootstrapPurpose, purposeOf } from "./bootstrap_purpose.ts";
import { secondsUntilDue } from "./bootstrap_timing.ts";
import { missingNeed, notPermitted, type Obstacle, senselessSpec } from "./checks.ts";
import { bootstrapJobName } from "./desired.ts";
import { mayCreate } from "./repository_object.ts";
import type { RepositoryWorld } from "./world.ts";

/** A bootstrap Job that has ended. */
export type BootstrapEnd = Extract<JobState<"bootstrap">, { readonly kind: "succeeded" | "failed" }>;
/** A bootstrap Job that has not. */
export type BootstrapRun = Extract<JobState<"bootstrap">, { readonly kind: "waiting" | "running" }>;

/** What a pass does about a Repository. */
export type Decision =
  | { readonly kind: "leave" }
  | { readonly kind: "refuse"; readonly message: string }
  /** The next Job has ended: take its result, once. */
  | { readonly kind: "take"; readonly end: BootstrapEnd; readonly purpose: BootstrapPurpose }
  | { readonly kind: "wait"; readonly obstacle: Obstacle }
  /** The next Job was started for a spec that has changed since. */
  | { readonly kind: "replace"; readonly job: KubeObject }
  /** A former Job or one of its pods is still in sight. */
  | { readonly kind: "clear" }
  | { readonly kind: "follow"; readonly run: BootstrapRun }
  | { readonly kind: "start" }
  | { readonly kind: "rest"; readonly seconds: number };

/**
 * The decision of a pass. Pure: what is found decides, so any moment a controller may die at is just another
 * world.
 *
 *   rest → start → follow → take → rest      (at most one Job at a time; a changed spec: follow → replace → clear)
 */
export function decide(world: RepositoryWorld, now: Date): Decision {
  const { repository } = world;
  if (repository.isDeleting) return { kind: "leave" };
  const senseless = senselessSpec(world);
  if (senseless !== undefined) return { kind: "refuse", message: senseless };
  const job = nextJob(world);
  const purpose = job === undefined ? undefined : purposeOf(job);
  const isForThisSpec = purpose?.generation === repository.generation;
  const state = jobState({ job, pods: world.pods, operation: "bootstrap", now });
  if (purpose !== undefined && isForThisSpec && (state.kind === "succeeded" || state.kind === "failed")) {
    return { kind: "take", end: state, purpose };
  }
  const obstacle = missingNeed(world) ?? notPermitted(world);
  if (obstacle !== undefined) return { kind: "wait", obstacle };
  if (job !== undefined) {
    if (job.metadata.deletionTimestamp !== undefined) return { kind: "clear" };
    return isForThisSpec && (state.kind === "waiting" || state.kind === "running")
      ? { kind: "follow", run: state }
      : { kind: "replace", job };
  }
  const seconds = secondsUntilDue(repository, credentialVersion(world.found), now);
  if (seconds > 0) return { kind: "rest", seconds };
  return somethingIsInTheWay(world) ? { kind: "clear" } : { kind: "start" };
}

/** Jobs of numbers whose result was taken. */
export function formerJobs(world: RepositoryWorld): readonly KubeObject[] {
  const next = nextJob(world);
  return world.jobs.filter((job) => job !== next);
}

function nextJob({ repository, jobs }: RepositoryWorld): KubeObject | undefined {
  const name = bootstrapJobName(repository);
  return jobs.find(({ metadata }) => metadata.name === name);
}

/**
 * Two bootstraps that may create must never meet: each could find the storage empty. Jobs are removed in the
 * foreground, so one that is in sight may have a pod; after a Job somebody else removed its pods tell.
 */
function somethingIsInTheWay(world: RepositoryWorld): boolean {
  if (formerJobs(world).length > 0) return true;
  return mayCreate(world.repository) && world.pods.some(podMayRun);
}
