import type { Reason } from "../../api/mod.ts";
import type { Outcome } from "../runtime/outcome.ts";
import type { Plan } from "../runtime/plan.ts";
import { missingClaimsText, mountConflict, senselessSources } from "../shared/mod.ts";
import type { BackupConfigWorld } from "./world.ts";

/** Watches wake whoever waits; this is for the change no watch shows. */
const RECHECK_SECONDS = 300;

/** A recipe starts nothing: every pass only says whether a Backup of it could run now. */
export function planBackupConfig(world: BackupConfigWorld): Plan {
  return {
    apply: [],
    remove: [],
    conditions: [],
    outcome: outcomeOf(world),
    events: [],
    measures: [],
  };
}

function outcomeOf(world: BackupConfigWorld): Outcome {
  const { spec, repository, missingClaims, key } = world;
  const senseless = senselessSources(spec);
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
        spec.sources.map(({ pvc }) => ({ pvc: pvc.name })),
      );
      if (conflict !== undefined) return { kind: "stalled", reason: "InvalidSpec", message: conflict };
      if (repository.value.notReady !== undefined) {
        return waiting("RepositoryNotReady", repository.value.notReady);
      }
    }
  }
  if (missingClaims.length > 0) {
    return waiting("VolumeNotFound", missingClaimsText(missingClaims, key.namespace));
  }
  return { kind: "settled", reason: "Ready", message: "A Backup can run now", ready: "True" };
}

function waiting(reason: Reason, message: string): Outcome {
  return { kind: "waiting", reason, message, recheckAfterSeconds: RECHECK_SECONDS };
}
