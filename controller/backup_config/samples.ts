import { backupConfigKind, repositoryKind } from "../../api/mod.ts";
import type { KubeObject, Reader } from "../../kube/types.ts";
import type { StateSample } from "../runtime/kind.ts";
import { coverageOf, NAMESPACE, numberAt, resourceOf, textAt, VOLUME_CLAIM } from "../shared/mod.ts";

const BACKUP_CONFIG = resourceOf(backupConfigKind);
const REPOSITORY = resourceOf(repositoryKind);

/**
 * Gauges of all BackupConfigs, from what their status remembers: they outlive the Backups they speak of and end with
 * the recipe, of which no backup will ever be new again. What is not known yet is left out.
 */
export function* backupConfigSamples(reader: Reader): Iterable<StateSample> {
  const configs = reader.list(BACKUP_CONFIG);
  for (const config of configs) yield* recipeSamples(config);
  const coverage = coverageOf({
    configs,
    claims: reader.list(VOLUME_CLAIM),
    repositories: reader.list(REPOSITORY),
    namespaces: reader.list(NAMESPACE),
  });
  for (const { namespace, unprotected } of coverage) {
    yield { name: "kopiur_pvc_unprotected", labels: { namespace }, value: unprotected.length };
  }
}

/** Gauges that are a number of the status as it stands there. */
const NUMBERS = [
  ["kopiur_backup_consecutive_failures", ["consecutiveFailures"]],
  ["kopiur_backup_size_bytes", ["lastSuccessfulBackup", "sizeBytes"]],
  ["kopiur_backup_files", ["lastSuccessfulBackup", "files"]],
  ["kopiur_backup_duration_seconds", ["lastSuccessfulBackup", "durationSeconds"]],
  ["kopiur_backup_last_new_bytes", ["lastSuccessfulBackup", "bytesNew"]],
  ["kopiur_backup_unreadable_files", ["lastBackup", "unreadable"]],
  ["kopiur_backup_active_runs", ["retention", "activeBackupCount"]],
  ["kopiur_backup_retention_pending", ["retention", "pendingCount"]],
] as const;

/** Gauges that are a time of the status, in seconds since the epoch. */
const TIMES = [
  ["kopiur_backup_last_success_timestamp_seconds", ["lastSuccessfulBackup", "time"]],
  ["kopiur_backup_last_attempt_timestamp_seconds", ["lastBackup", "time"]],
] as const;

const FILES = [["new", "filesNew"], ["unchanged", "filesUnchanged"]] as const;

function* recipeSamples(config: KubeObject): Iterable<StateSample> {
  const { namespace = "", name: recipe } = config.metadata;
  const labels = { namespace, name: recipe };
  for (const [name, path] of TIMES) {
    const ms = Date.parse(textAt(config, "status", ...path) ?? "");
    if (!Number.isNaN(ms)) yield { name, labels, value: ms / 1000 };
  }
  for (const [name, path] of NUMBERS) {
    const value = numberAt(config, "status", ...path);
    if (value !== undefined) yield { name, labels, value };
  }
  for (const [state, field] of FILES) {
    const value = numberAt(config, "status", "lastSuccessfulBackup", field);
    if (value !== undefined) {
      yield { name: "kopiur_backup_last_files", labels: { ...labels, state }, value };
    }
  }
  const phase = textAt(config, "status", "lastBackup", "phase");
  if (phase === undefined) return;
  yield { name: "kopiur_backup_last_status", labels, value: phase === "Succeeded" ? 1 : 0 };
}
