import type { BackupConfigStatus, Identity } from "../../api/mod.ts";
import { configIdentity, configSources } from "../shared/mod.ts";
import { consecutiveFailures, lastBackup } from "./last_backup.ts";
import type { BackupConfigWorld } from "./world.ts";

/** The status of a BackupConfig: what its spec means and what became of its runs. */
export function backupConfigStatusOf(world: BackupConfigWorld): Readonly<Record<string, unknown>> {
  const { runs, newest, generation, spec } = world;
  const last = newest === undefined ? undefined : lastBackup(newest);
  const success = runs.find(({ phase }) => phase === "Succeeded");
  const status: BackupConfigStatus = {
    observedGeneration: generation,
    resolved: {
      identity: identityOf(world),
      sources: configSources(spec).map(({ source, sourcePath }) => ({ pvc: source, sourcePath })),
    },
    consecutiveFailures: consecutiveFailures(runs),
    ...(last === undefined ? {} : { lastBackup: last }),
    ...(success === undefined ? {} : {
      lastSuccessfulBackup: {
        backupRef: { name: success.name },
        time: new Date(success.timeMs).toISOString(),
      },
    }),
  };
  return status;
}

/**
 * The identity in use. Once there is a history under it, only a change of the spec moves it: a new default of
 * a later version of this program must not start a new history behind the user's back.
 */
function identityOf({ key, spec, status, generation, runs }: BackupConfigWorld): Identity {
  const hasHistory = status.lastSuccessfulBackup !== undefined ||
    runs.some(({ phase }) => phase === "Succeeded");
  const isPinned = hasHistory && status.observedGeneration === generation;
  return (isPinned ? status.resolved?.identity : undefined) ?? configIdentity(key, spec);
}
