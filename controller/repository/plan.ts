import { findCondition, type RepositoryPhase, type RepositoryStatus } from "../../api/mod.ts";
import type { ControllerOptions } from "../options.ts";
import type { Plan, PlannedEvent } from "../runtime/plan.ts";
import { credentialVersion } from "../shared/mod.ts";
import type { Obstacle } from "./checks.ts";
import { decide, type Decision } from "./decide.ts";
import { desiredBootstrap } from "./desired.ts";
import { outcomeOf } from "./outcome_of.ts";
import { removals } from "./removals.ts";
import { type Standing, standingOf } from "./standing.ts";
import { takeEnd, type Taken } from "./take_end.ts";
import { type Verdict, verdictOf } from "./verdict.ts";
import type { RepositoryWorld } from "./world.ts";
import { worldConditions } from "./world_conditions.ts";

/** A plan with the status it leads to. */
export interface RepositoryPlan extends Plan {
  readonly status: RepositoryStatus;
}

/** Every decision about a Repository. Pure. */
export function planRepository(
  world: RepositoryWorld,
  now: Date,
  options: ControllerOptions,
): RepositoryPlan {
  const decision = decide(world, now);
  const taken = decision.kind === "take" ? resultOf(world, decision) : undefined;
  const standing = taken?.standing ?? standingOf(world.repository, credentialVersion(world.found));
  const obstacleEvents = decision.kind === "wait" ? eventsOf(world, decision.obstacle) : [];
  return {
    apply: decision.kind === "start" ? desiredBootstrap(world, options) : [],
    remove: removals(world, decision),
    conditions: [...worldConditions(world), ...(taken === undefined ? [] : [taken.condition])],
    outcome: outcomeOf(decision, standing, now),
    events: [...(taken?.events ?? []), ...obstacleEvents],
    measures: taken?.measures ?? [],
    status: {
      ...(taken?.status ?? world.repository.status),
      observedGeneration: world.repository.generation,
      phase: phaseOf(decision, standing, world),
      backend: world.repository.spec.backend.s3 === undefined ? "Filesystem" : "S3",
    },
  };
}

function resultOf(
  world: RepositoryWorld,
  { end, purpose }: Extract<Decision, { readonly kind: "take" }>,
): Taken & { readonly standing: Standing } {
  const verdict = verdictOf(end, world.repository);
  return { ...takeEnd(world.repository, end, purpose, verdict), standing: standingAfter(verdict) };
}

function standingAfter(verdict: Verdict): Standing {
  return verdict.kind === "open" ? { kind: "open", uniqueId: verdict.bootstrap.uniqueId } : verdict;
}

function phaseOf(decision: Decision, standing: Standing, world: RepositoryWorld): RepositoryPhase {
  if (decision.kind === "leave") return world.repository.status.phase ?? "Pending";
  if (decision.kind === "refuse") return "Failed";
  if (decision.kind === "wait") return "Pending";
  switch (standing.kind) {
    case "unknown":
      return "Initializing";
    case "open":
      return "Ready";
    case "failed":
      return standing.isRetryable ? "Degraded" : "Failed";
  }
}

/** Once for each obstacle, not once for each change of a status that still waits for it. */
function eventsOf({ repository }: RepositoryWorld, { reason, message }: Obstacle): readonly PlannedEvent[] {
  const told = findCondition(repository.status.conditions, "Ready");
  if (told?.reason === reason && told.message === message) return [];
  return [{ type: "Warning", reason, action: obstacleAction(reason), note: message }];
}

function obstacleAction(reason: Obstacle["reason"]): string {
  if (reason === "PrivilegedMoverNotPermitted") return "AnnotateNamespaceForPrivilegedMovers";
  return reason === "VolumeNotFound" ? "CheckBackend" : "CheckCredentials";
}
