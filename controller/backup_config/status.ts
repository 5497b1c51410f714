import { isDeepStrictEqual } from "node:util";
import { type BackupConfigStatus, type Identity, SOURCES_MAX } from "../../api/mod.ts";
import type { Applied, Plan } from "../runtime/plan.ts";
import { configIdentity } from "../shared/mod.ts";
import { historyOf } from "./history.ts";
import type { BackupConfigWorld } from "./world.ts";

/** The whole status of a BackupConfig without its conditions. */
export type NextStatus = Omit<BackupConfigStatus, "conditions">;

/** The status without retention: the resolved spec and the history of the runs. */
type Facts = Omit<NextStatus, "retention">;

/** These facts, as a pass finds them. */
export function nextFacts(world: BackupConfigWorld, now: Date): Facts {
  return {
    observedGeneration: world.generation,
    resolved: {
      identity: identityOf(world),
      // More sources than a run may have are invalid, and Ready says so.
      sources: world.sources.slice(0, SOURCES_MAX)
        .map(({ source, sourcePath }) => ({ pvc: source, sourcePath })),
    },
    ...historyOf(world, now),
  };
}

/** True when the facts differ from the status. */
export function saysMore(status: BackupConfigStatus, facts: Facts): boolean {
  const { retention: _retention, conditions: _conditions, ...known } = status;
  return !isDeepStrictEqual(known, facts);
}

/**
 * The identity in use. Once there is a history under it, only a change of the spec changes it: a new default of
 * a later version of this program must not start a new history unnoticed.
 */
function identityOf({ key, spec, status, generation, runs }: BackupConfigWorld): Identity {
  const hasHistory = status.lastSuccessfulBackup !== undefined ||
    runs.some(({ phase }) => phase === "Succeeded");
  const isPinned = hasHistory && status.observedGeneration === generation;
  return (isPinned ? status.resolved?.identity : undefined) ?? configIdentity(key, spec);
}

/**
 * The status of a BackupConfig after a pass. When a step of retention failed, its retention part stays as it
 * was: the next pass sees which deletions happened, and reports them.
 */
export function backupConfigStatusOf(
  { status: { retention: before } }: BackupConfigWorld,
  { next }: Plan & { readonly next: NextStatus },
  { error }: Applied,
): Readonly<Record<string, unknown>> {
  if (error === undefined) return { ...next };
  const { retention: _retention, ...facts } = next;
  return before === undefined ? facts : { ...facts, retention: before };
}
