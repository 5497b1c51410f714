import { findCondition, isoSeconds, type RepositoryPhase, type RepositoryStatus } from "../../api/mod.ts";
import type { ControllerOptions } from "../options.ts";
import type { Outcome } from "../runtime/outcome.ts";
import type { Plan, PlannedEvent } from "../runtime/plan.ts";
import { credentialVersion, obstacleAction } from "../movers/mod.ts";
import { beginMemory } from "./begin_memory.ts";
import type { Obstacle } from "./checks.ts";
import { decide, type Decision } from "./bootstrap/decide.ts";
import { desiredBootstrap } from "./bootstrap/desired.ts";
import { takeStock } from "./catalog/stock.ts";
import { delayIn, outcomeOf } from "./bootstrap/outcome.ts";
import { type CatalogEnd, planCatalog } from "./catalog/plan.ts";
import { NOTHING_OVERDUE, reportRefresh } from "./bootstrap/refreshed.ts";
import { removals } from "./removals.ts";
import type { RepositoryObject } from "./repository_object.ts";
import { type RepositoryState, repositoryStateOf } from "./repository_state.ts";
import { failuresBefore, type RecordedEnd, recordEnd } from "./bootstrap/record_end.ts";
import { bootstrapsOf, withMemory } from "./bootstrap/task.ts";
import { reportDuplicates } from "./duplicates.ts";
import { type OpeningResult, openingResultOf } from "./bootstrap/opening_result.ts";
import type { RepositoryWorld } from "./world.ts";
import { worldConditions } from "./world_conditions.ts";

/** A plan with the status after it was applied. */
export interface RepositoryPlan extends Plan {
  readonly status: RepositoryStatus;
  /** How far this pass processed the listing of the last bootstrap. */
  readonly listingEnd?: CatalogEnd;
}

/** Every decision about a Repository. Pure. */
export function planRepository(
  world: RepositoryWorld,
  now: Date,
  options: ControllerOptions,
): RepositoryPlan {
  const decision = decide(world, now, options);
  const recorded = decision.kind === "take" ? resultOf(world, decision) : undefined;
  const repositoryState = recorded?.repositoryState ??
    repositoryStateOf(world.repository, credentialVersion(world.found));
  const catalog = decision.kind === "leave" ? undefined : planCatalog(world, now);
  const duplicates = reportDuplicates(world);
  const status = recorded?.status ?? statusAfter(world.repository, decision, options);
  const events = recorded?.events ?? givingUpEvents(world.repository, decision);
  const stats = takeStock(status.storageStats, world.stock, world.serverNow);
  const refresh = recorded === undefined
    ? reportRefresh(world.repository, repositoryState, delayIn(decision), world.serverNow)
    : NOTHING_OVERDUE;
  const outcome = soonest(
    outcomeOf(decision, repositoryState),
    [catalog?.recheckAfterSeconds, stats.recheckAfterSeconds, refresh.recheckAfterSeconds],
  );
  const obstacleConditions = decision.kind === "wait" && decision.obstacle.condition !== undefined
    ? [decision.obstacle.condition]
    : [];
  const obstacleEvents = decision.kind === "wait" ? eventsOf(world, decision.obstacle) : [];
  return {
    create: decision.kind === "start" ? [desiredBootstrap(world, decision.number, { options, now })] : [],
    annotate: [...beginMemory(world, now), ...(catalog?.annotate ?? [])],
    remove: [...removals(world, decision, bootstrapsOf(world, options, now)), ...(catalog?.remove ?? [])],
    offer: catalog?.offer ?? [],
    conditions: [
      ...worldConditions(world),
      ...(recorded === undefined ? [] : [recorded.condition]),
      ...(catalog?.conditions ?? []),
      ...duplicates.conditions,
      ...refresh.conditions,
      ...obstacleConditions,
    ],
    outcome,
    events: [
      ...events,
      ...obstacleEvents,
      ...(catalog?.events ?? []),
      ...duplicates.events,
      ...refresh.events,
    ],
    measures: recorded?.measures ?? [],
    status: {
      ...status,
      ...(stats.storageStats === undefined ? {} : { storageStats: stats.storageStats }),
      observedGeneration: world.repository.generation,
      phase: phaseOf(decision, repositoryState, world),
      backend: world.repository.spec.backend.s3 === undefined ? "Filesystem" : "S3",
    },
    ...(catalog?.end === undefined ? {} : { listingEnd: catalog.end }),
  };
}

/** The status with the memory of the movers; unchanged for a refused or deleted Repository. */
function statusAfter(
  repository: RepositoryObject,
  decision: Decision,
  options: ControllerOptions,
): RepositoryStatus {
  return "memory" in decision ? withMemory(repository, decision.memory, options) : repository.status;
}

/** The Event of a mover that is given up: when that begins, and when its reason changes. */
function givingUpEvents({ status }: RepositoryObject, decision: Decision): readonly PlannedEvent[] {
  if (decision.kind !== "stay" || decision.delay === undefined) return [];
  const { delay: { reason, message }, memory } = decision;
  const before = status.bootstrap?.job;
  const isNew = memory?.stoppedAt !== undefined && before?.stoppedAt === undefined &&
    memory.stoppedReason !== before?.stoppedReason;
  return isNew ? [{ type: "Warning", reason, action: "CheckBackend", note: message }] : [];
}

/** The outcome with a recheck no later than the given times. */
function soonest(outcome: Outcome, seconds: readonly (number | undefined)[]): Outcome {
  const given = seconds.filter((each) => each !== undefined);
  if (given.length === 0 || outcome.kind === "failed") return outcome;
  const { recheckAfterSeconds = Number.POSITIVE_INFINITY } = outcome;
  return { ...outcome, recheckAfterSeconds: Math.min(recheckAfterSeconds, ...given) };
}

function resultOf(
  world: RepositoryWorld,
  { end: found, purpose }: Extract<Decision, { readonly kind: "take" }>,
): RecordedEnd & { readonly repositoryState: RepositoryState } {
  const failures = failuresBefore(world.repository.status, purpose) + 1;
  const result = openingResultOf(found, world.repository, failures);
  const isUntried = purpose.credentials !== credentialVersion(world.found);
  // The clock of a node may be ahead; with a time in the future the next bootstrap would be delayed.
  const end = Date.parse(found.finishedAt) > world.serverNow.getTime()
    ? { ...found, finishedAt: isoSeconds(world.serverNow) }
    : found;
  return {
    ...recordEnd(world.repository, end, purpose, result),
    repositoryState: stateAfter(result, isUntried),
  };
}

function stateAfter(result: OpeningResult, isUntried: boolean): RepositoryState {
  return result.kind === "open" ? { kind: "open", uniqueId: result.bootstrap.uniqueId, isUntried } : result;
}

function phaseOf(
  decision: Decision,
  repositoryState: RepositoryState,
  world: RepositoryWorld,
): RepositoryPhase {
  if (decision.kind === "leave") return world.repository.status.phase ?? "Pending";
  if (decision.kind === "refuse") return "Failed";
  if (decision.kind === "wait") return "Pending";
  switch (repositoryState.kind) {
    case "unknown":
      return "Initializing";
    case "open":
      return "Ready";
    case "failed":
      return repositoryState.isRetryable ? "Degraded" : "Failed";
  }
}

/** One Event per obstacle, not one per change of a status that still waits for it. */
function eventsOf({ repository }: RepositoryWorld, { reason, message }: Obstacle): readonly PlannedEvent[] {
  const reported = findCondition(repository.status.conditions, "Ready");
  if (reported?.reason === reason && reported.message === message) return [];
  return [{ type: "Warning", reason, action: actionOf(reason), note: message }];
}

/** For a Repository without its volume the action is about the storage. */
function actionOf(reason: Obstacle["reason"]): string {
  return reason === "VolumeNotFound" ? "CheckBackend" : obstacleAction(reason) ?? "CheckCredentials";
}
