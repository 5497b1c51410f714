/**
 * The BackupConfig: a recipe. Its passes report whether it is valid, whether a Backup of it could run now, and the
 * history of its runs; they delete runs by retention. Imports api, the engine's contract and controller/shared.
 * Start reading at plan.ts, for retention at retention/plan.ts.
 */
import { backupConfigKind, backupKind } from "../../api/mod.ts";
import type { ControllerOptions } from "../options.ts";
import type { Kind } from "../runtime/kind.ts";
import { resourceOf } from "../shared/mod.ts";
import { observeBackupConfig, seenLive } from "./observe.ts";
import { planBackupConfig } from "./plan.ts";
import { RunReader } from "./run_reader.ts";
import { backupConfigSamples } from "./samples.ts";
import { backupConfigStatusOf } from "./status.ts";
import { backupConfigIndexes, backupConfigWatches } from "./watches.ts";
import type { BackupConfigWorld } from "./world.ts";

export type { BackupConfigWorld } from "./world.ts";

/** The BackupConfig as the engine runs it. */
export function backupConfigReconciler(_options: ControllerOptions): Kind<BackupConfigWorld> {
  const resource = resourceOf(backupConfigKind);
  const runs = new RunReader();
  return {
    name: backupConfigKind.kind,
    resource,
    indexes: backupConfigIndexes,
    watches: backupConfigWatches,
    // For its retention.
    writes: [{ resource: resourceOf(backupKind), verbs: ["patch", "delete"] }],
    // Every outcome exists at 0 from the first pass over a recipe; what is pruned only once it was (decision 0005).
    counters: ({ namespace, name }) => [
      { metric: "kopiur_backups_total", labels: { namespace, name } },
      { metric: "kopiur_backup_pruned_total", labels: { namespace, name }, isRare: true },
      { metric: "kopiur_backup_saved_files_total", labels: { namespace, name } },
      { metric: "kopiur_backup_saved_bytes_total", labels: { namespace, name } },
      { metric: "kopiur_backup_run_duration_seconds", labels: { namespace, name } },
    ],
    observe: (key, reader) => Promise.resolve(observeBackupConfig(key, reader, runs)),
    claims: {
      ask: (seen, reader, signal, now) => seenLive(seen, { reader, runs, now }, signal),
      withdraw: () => {},
    },
    plan: planBackupConfig,
    status: backupConfigStatusOf,
    samples: backupConfigSamples,
  };
}
