import { isReason } from "../../../api/mod.ts";
import { senselessRepository } from "../../../api/rules/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import type { ControllerOptions } from "../../options.ts";
import { credentialVersion, type JobState, jobState, moverId, type SlotWait } from "../../movers/mod.ts";
import { type BootstrapPurpose, madeFrom, purposeOf } from "./purpose.ts";
import { secondsUntilDue, UNSTARTED_LONGEST_SECONDS } from "./timing.ts";
import { missingNeed, notPermitted, type Obstacle } from "../checks.ts";
import { bootstrapJobName } from "./desired.ts";
import { type BootstrapRun, type Hold, obstruction, overdueHold } from "./holds.ts";
import { unstartedNow } from "./unstarted.ts";
import type { RepositoryWorld } from "../world.ts";

/** A bootstrap Job that has ended. */
export type BootstrapEnd = Extract<JobState<"bootstrap">, { readonly kind: "succeeded" | "failed" }>;

/** What a pass does about a Repository. */
export type Decision =
  | { readonly kind: "leave" }
  | { readonly kind: "refuse"; readonly message: string }
  /** The next Job has ended: take its result, once. */
  | { readonly kind: "take"; readonly end: BootstrapEnd; readonly purpose: BootstrapPurpose }
  | { readonly kind: "wait"; readonly obstacle: Obstacle }
  /** The next Job was started for a spec that has changed since, or waits with an image that was replaced. */
  | { readonly kind: "replace"; readonly job: KubeObject }
  /** A former Job or one of its pods is still in sight. */
  | { readonly kind: "clear"; readonly hold?: Hold }
  | { readonly kind: "follow"; readonly run: BootstrapRun }
  /**
   * The mover of the next Job does not start or is lost. That is written down first: then the Job is a former one, and
   * goes. The other way round a status that cannot be written would have one Job made after another.
   */
  | { readonly kind: "giveUp"; readonly job: KubeObject; readonly hold: Hold }
  | { readonly kind: "start" }
  /** It is due, and has no slot. */
  | { readonly kind: "queue"; readonly wait: SlotWait | undefined }
  | { readonly kind: "rest"; readonly seconds: number; readonly hold?: Hold };

/**
 * The decision of a pass. Pure: what is found decides, so any moment a controller may die at is just another
 * world.
 *
 *   rest → queue → start → follow → take → rest          (at most one Job at a time)
 *                             ├ a changed spec → replace → clear → start
 *                             └ no start, or lost → giveUp → rest
 */
export function decide(world: RepositoryWorld, now: Date, options: ControllerOptions): Decision {
  const { repository } = world;
  if (repository.isDeleting) return { kind: "leave" };
  const senseless = senselessRepository(world.repository.spec);
  if (senseless !== undefined) return { kind: "refuse", message: senseless };
  const job = nextJob(world);
  const purpose = job === undefined ? undefined : purposeOf(job);
  const isForThisSpec = purpose?.generation === repository.generation;
  const state = jobState({ job, pods: world.pods, operation: "bootstrap", now: world.serverNow });
  if (purpose !== undefined && isForThisSpec && (state.kind === "succeeded" || state.kind === "failed")) {
    return { kind: "take", end: state, purpose };
  }
  // What a mover waits for may be the very thing that is missing.
  const overdue = job === undefined
    ? undefined
    : overdueHold(job, state, { now, serverNow: world.serverNow });
  if (job !== undefined && overdue !== undefined) return { kind: "giveUp", job, hold: overdue };
  const obstacle = missingNeed(world) ?? notPermitted(world);
  if (obstacle !== undefined) return { kind: "wait", obstacle };
  if (job !== undefined) {
    if (job.metadata.deletionTimestamp !== undefined) return { kind: "clear" };
    const isStale = state.kind === "waiting" &&
      (purpose?.madeFrom ?? madeFrom(options)) !== madeFrom(options);
    return isForThisSpec && !isStale && (state.kind === "waiting" || state.kind === "running")
      ? { kind: "follow", run: state }
      : { kind: "replace", job };
  }
  const rest = restOf(world, now, options);
  if (rest !== undefined) return rest;
  const inTheWay = obstruction(world, formerJobs(world));
  if (inTheWay !== undefined) return { kind: "clear", ...inTheWay };
  return mayStart(world) ? { kind: "start" } : { kind: "queue", wait: waitOf(world) };
}

function restOf(world: RepositoryWorld, now: Date, options: ControllerOptions): Decision | undefined {
  const { repository } = world;
  const unstarted = unstartedNow(repository, options);
  if (unstarted === undefined) {
    const seconds = secondsUntilDue(repository, credentialVersion(world.found), world.serverNow);
    return seconds > 0 ? { kind: "rest", seconds } : undefined;
  }
  const { message, retryAt } = unstarted;
  const seconds = (Date.parse(retryAt) - now.getTime()) / 1000;
  // A rest that is longer than any was written by a clock that was ahead.
  if (!(seconds > 0) || seconds > UNSTARTED_LONGEST_SECONDS) return undefined;
  const reason = isReason(unstarted.reason) ? unstarted.reason : "PodNotStarted";
  return { kind: "rest", seconds, hold: { reason, message: `${message}; the next try is at ${retryAt}` } };
}

function mayStart({ slots, repository }: RepositoryWorld): boolean {
  return slots === "free" ||
    slots.granted.has(moverId(repository.key.namespace, bootstrapJobName(repository)));
}

function waitOf({ slots }: RepositoryWorld): SlotWait | undefined {
  return slots === "free" ? undefined : slots.waiting;
}

/** Jobs of numbers whose result was taken. */
export function formerJobs(world: RepositoryWorld): readonly KubeObject[] {
  const next = nextJob(world);
  return world.jobs.filter((job) => job !== next);
}

/** The Job whose result is taken next. */
export function nextJob({ repository, jobs }: RepositoryWorld): KubeObject | undefined {
  const name = bootstrapJobName(repository);
  return jobs.find(({ metadata }) => metadata.name === name);
}
