import { senselessRepository } from "../../../api/rules/mod.ts";
import type { ControllerOptions } from "../../options.ts";
import {
  credentialVersion,
  mayStart,
  memoryOfStart,
  nextStep,
  type NoSlot,
  noSlotFor,
  type SeenMover,
  type TaskMemory,
  type TaskStep,
} from "../../movers/mod.ts";
import { type BootstrapPurpose, purposeOf } from "./purpose.ts";
import { secondsUntilDue } from "./timing.ts";
import { creationContested, missingNeed, notPermitted, type Obstacle } from "../checks.ts";
import { mayCreate } from "../repository_object.ts";
import { type Delay, delayOf, obstruction } from "./delays.ts";
import { bootstrapJobName, bootstrapsOf } from "./task.ts";
import type { RepositoryWorld } from "../world.ts";

/** How a bootstrap ended. */
export type BootstrapEnd = Extract<TaskStep<"bootstrap">, { readonly kind: "succeeded" | "failed" }>;

/** What a pass does about a Repository; `memory` is the new memory of its movers. */
export type Decision =
  | { readonly kind: "leave" }
  | { readonly kind: "refuse"; readonly message: string }
  /** A bootstrap has ended: record its result, once. */
  | { readonly kind: "take"; readonly end: BootstrapEnd; readonly purpose: BootstrapPurpose }
  | { readonly memory: TaskMemory | undefined }
    & (
      | { readonly kind: "wait"; readonly obstacle: Obstacle }
      /** A mover works or is expected to start, or the next one is not due. */
      | { readonly kind: "stay"; readonly seconds: number; readonly delay?: Delay | undefined }
      | { readonly kind: "start"; readonly number: number }
      /** It is due, and has no slot. */
      | { readonly kind: "queue"; readonly delay: NoSlot }
    );

/** For changes that no watch shows. */
const LOOK_AGAIN_SECONDS = 15;

/**
 * The decision of a pass. Pure: it depends only on what is found, so a controller may die at any moment. A bootstrap
 * adds three things to the life of every mover (`nextStep`): the next one is due some time after the last one ended; its
 * result is about one generation of the spec; and two that may create never run at once.
 */
export function decide(world: RepositoryWorld, now: Date, options: ControllerOptions): Decision {
  const { repository, serverNow } = world;
  if (repository.isDeleting) return { kind: "leave" };
  const senseless = senselessRepository(repository.spec);
  if (senseless !== undefined) return { kind: "refuse", message: senseless };
  const { task, memory: before, movers } = bootstrapsOf(world, options, now);
  const step = nextStep(task, before, movers, now);
  if (step.kind === "succeeded" || step.kind === "failed") {
    return { kind: "take", end: step, purpose: purposeOfEnd(world, step, movers) };
  }
  const { memory } = step;
  const obstacle = missingNeed(world) ?? notPermitted(world);
  if (obstacle !== undefined) return { kind: "wait", obstacle, memory };
  const hasJob = movers.some(({ job, number }) => job !== undefined && number >= before.number);
  const restSeconds = hasJob || before.slotsGivenBack !== undefined
    ? 0
    : secondsUntilDue(repository, credentialVersion(world.found), serverNow);
  if (restSeconds > 0) return { kind: "stay", seconds: restSeconds, memory: undefined };
  const rests = step.kind === "waits" && step.isRested;
  // Two that may create never run at once, so the next one must not be made while an old one may work.
  const wouldOverlap = hasJob && step.kind === "start" && mayCreate(repository);
  const inTheWay = (hasJob && !wouldOverlap) || rests ? undefined : obstruction(world);
  if (inTheWay !== undefined) return { kind: "stay", seconds: LOOK_AGAIN_SECONDS, ...inTheWay, memory };
  if (step.kind !== "start") {
    const delay = step.kind === "waits" ? delayOf(step, movers, serverNow) : undefined;
    return { kind: "stay", seconds: step.recheckAfterSeconds, delay, memory };
  }
  const contest = creationContested(world);
  if (contest !== undefined) return { kind: "wait", obstacle: contest, memory };
  const { number } = step;
  if (!mayStart(world, repository.key.namespace, bootstrapJobName(repository, number))) {
    return { kind: "queue", delay: noSlotFor(world.slots, "", "bootstrap slot"), memory };
  }
  return { kind: "start", number, memory: memoryOfStart(memory, number, now) };
}

/** The purpose of an ended bootstrap; when its Job is gone, that of today. */
function purposeOfEnd(
  { repository, found }: RepositoryWorld,
  { memory }: BootstrapEnd,
  movers: readonly SeenMover<"bootstrap">[],
): BootstrapPurpose {
  const job = movers.find(({ number }) => number === memory.number)?.job;
  return (job === undefined ? undefined : purposeOf(job)) ??
    { generation: repository.generation, credentials: credentialVersion(found) };
}
