import { findCondition, type Reason } from "../../api/mod.ts";
import type { Outcome } from "../runtime/outcome.ts";
import type { Plan } from "../runtime/plan.ts";
import {
  effectiveMover,
  firstObstacle,
  type MoverNeeds,
  needsPerson,
  OBSTACLES,
  RUN_OBSTACLES,
} from "../movers/mod.ts";
import { unfitText } from "../shared/mod.ts";
import { completeCondition } from "./completeness.ts";
import { nextFacts, type NextStatus, saysMore } from "./status.ts";
import { planRetention } from "./retention/plan.ts";
import type { BackupConfigWorld } from "./world.ts";

/** A safety net: normally a watch wakes a recipe that waits. */
const RECHECK_SECONDS = 300;

/** A plan with the status after it was applied. */
interface BackupConfigPlan extends Plan {
  readonly next: NextStatus;
  /** Names of the Backups to read live before anything is deleted; none when nothing would be. */
  readonly asks: readonly string[];
}

/**
 * A recipe starts nothing: a pass reports whether a Backup of it could run now, records the history of its runs, and
 * deletes those that its retention does not keep.
 */
export function planBackupConfig(world: BackupConfigWorld, now: Date): BackupConfigPlan {
  const outcome = outcomeOf(world);
  const facts = nextFacts(world, now);
  const retention = planRetention(world, outcome, saysMore(world.status, facts), now);
  const { annotate, remove, conditions, events, measures, status, asks, recheckAfterSeconds } = retention;
  const unfit = tellUnfit(world);
  return {
    annotate,
    create: [],
    remove,
    conditions: [...conditions, ...unfit.conditions, completeCondition(facts)],
    outcome: recheckedAfter(outcome, recheckAfterSeconds),
    events: [...events, ...unfit.events],
    measures,
    next: { ...facts, retention: status },
    asks,
  };
}

function recheckedAfter(outcome: Outcome, seconds: number | undefined): Outcome {
  if (seconds === undefined || outcome.kind === "failed") return outcome;
  return { ...outcome, recheckAfterSeconds: Math.min(seconds, outcome.recheckAfterSeconds ?? Infinity) };
}

/** The outcome that a Backup of it would have before its first mover. */
function outcomeOf(world: BackupConfigWorld): Outcome {
  const obstacle = firstObstacle([OBSTACLES.namespaceEnds, ...RUN_OBSTACLES], needsOf(world));
  if (obstacle !== undefined) {
    const { reason, message } = obstacle;
    return needsPerson(obstacle) ? { kind: "stalled", reason, message } : waiting(reason, message);
  }
  const named = world.unfitClaims.filter(({ isNamed }) => isNamed);
  if (named.length > 0) return waiting("VolumeNotUsable", unfitText(named));
  return { kind: "settled", reason: "Ready", message: "A Backup can run now", ready: "True" };
}

function needsOf(world: BackupConfigWorld): MoverNeeds {
  const { spec, repository, key: { namespace: namespaceName }, namespace } = world;
  const { sources, missingClaims, unfitClaims } = world;
  const ofRepository = repository.kind === "found" ? repository.value.spec.mover : undefined;
  return {
    namespaceName,
    namespace,
    repository,
    repositoryName: spec.repository.name,
    repositoryIs: "the one this BackupConfig names",
    pinnedId: undefined,
    mover: effectiveMover(ofRepository, spec.mover),
    // Without its credentials a Repository is not ready.
    missing: undefined,
    sources,
    missingClaims,
    unfitClaims,
  };
}

/** The condition and Event about claims that no run can back up now; selected ones are left out of every run. */
function tellUnfit(
  { unfitClaims, status }: BackupConfigWorld,
): Pick<BackupConfigPlan, "conditions" | "events"> {
  const type = "VolumesUsable";
  if (unfitClaims.length === 0) return { conditions: [{ kind: "remove", type }], events: [] };
  const reason = "VolumeNotUsable";
  const message = unfitText(unfitClaims);
  const isReported = findCondition(status.conditions, type)?.message === message;
  return {
    conditions: [{ kind: "set", value: { type, status: "False", reason, message } }],
    events: isReported ? [] : [{ type: "Warning", reason, action: "CheckVolume", note: message }],
  };
}

function waiting(reason: Reason, message: string): Outcome {
  return { kind: "waiting", reason, message, recheckAfterSeconds: RECHECK_SECONDS };
}
