import { findCondition, type Reason } from "../../api/mod.ts";
import { mountConflict, senselessSources } from "../../api/rules/mod.ts";
import type { Outcome } from "../runtime/outcome.ts";
import type { Plan } from "../runtime/plan.ts";
import { missingClaimsText, noVolumeMatchesText, unfitText } from "../shared/mod.ts";
import { completeCondition } from "./completeness.ts";
import { nextFacts, type NextStatus, saysMore } from "./next_status.ts";
import { planRetention } from "./plan_retention.ts";
import type { BackupConfigWorld } from "./world.ts";

/** Watches wake whoever waits; this is for the change no watch shows. */
const RECHECK_SECONDS = 300;

/** A plan with what status says when it is done. */
export interface BackupConfigPlan extends Plan {
  readonly next: NextStatus;
  /** Names of the Backups that must be read live before anything is deleted; none when nothing is to be. */
  readonly asks: readonly string[];
}

/**
 * A recipe starts nothing: a pass says whether a Backup of it could run now, keeps what became of those that ran, and
 * lets go those that its retention does not keep.
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

function outcomeOf(world: BackupConfigWorld): Outcome {
  const { spec, sources, repository, missingClaims, unfitClaims, key } = world;
  const senseless = senselessSources(sources);
  if (senseless !== undefined) return { kind: "stalled", reason: "InvalidSpec", message: senseless };
  const { name } = spec.repository;
  switch (repository.kind) {
    case "missing":
      return waiting(
        "RepositoryNotFound",
        `Repository "${name}" does not exist in namespace "${key.namespace}", expected the one this BackupConfig names`,
      );
    case "unreadable":
      return waiting("RepositoryNotReady", repository.why);
    case "found": {
      const conflict = mountConflict(
        repository.value.spec,
        sources.map(({ source }) => ({ pvc: source })),
      );
      if (conflict !== undefined) return { kind: "stalled", reason: "InvalidSpec", message: conflict };
      if (repository.value.notReady !== undefined) {
        return waiting("RepositoryNotReady", repository.value.notReady);
      }
    }
  }
  if (sources.length === 0) {
    return waiting("NoVolumeMatches", noVolumeMatchesText(key.namespace, unfitClaims));
  }
  if (missingClaims.length > 0) {
    return waiting("VolumeNotFound", missingClaimsText(missingClaims, key.namespace));
  }
  const named = unfitClaims.filter(({ isNamed }) => isNamed);
  if (named.length > 0) return waiting("VolumeNotUsable", unfitText(named));
  return { kind: "settled", reason: "Ready", message: "A Backup can run now", ready: "True" };
}

/** What is said of claims that no run can back up now, each by its name; selected ones are left out of every run. */
function tellUnfit(
  { unfitClaims, status }: BackupConfigWorld,
): Pick<BackupConfigPlan, "conditions" | "events"> {
  const type = "VolumesUsable";
  if (unfitClaims.length === 0) return { conditions: [{ kind: "remove", type }], events: [] };
  const reason = "VolumeNotUsable";
  const message = unfitText(unfitClaims);
  const isTold = findCondition(status.conditions, type)?.message === message;
  return {
    conditions: [{ kind: "set", value: { type, status: "False", reason, message } }],
    events: isTold ? [] : [{ type: "Warning", reason, action: "CheckVolume", note: message }],
  };
}

function waiting(reason: Reason, message: string): Outcome {
  return { kind: "waiting", reason, message, recheckAfterSeconds: RECHECK_SECONDS };
}
