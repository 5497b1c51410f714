import { backupConfigKind } from "../../api/mod.ts";
import type { KubeObject, Reader } from "../../kube/types.ts";
import type { StateSample } from "../runtime/kind.ts";
import {
  coverageOf,
  NAMESPACE,
  numberAt,
  REPOSITORY,
  resourceOf,
  textAt,
  valueAt,
  VOLUME_CLAIM,
} from "../shared/mod.ts";

const BACKUP_CONFIG = resourceOf(backupConfigKind);

/**
 * Gauges of all BackupConfigs, from their status: they outlive the Backups they are about and end with
 * the recipe. Unknown values are left out.
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

/** Gauges that are a number of the status. */
const NUMBERS = [
  ["kopiur_backup_consecutive_failures", ["consecutiveFailures"]],
  ["kopiur_backup_consecutive_incomplete", ["consecutiveIncomplete"]],
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

const NOT_WHOLE = ["partial", "empty", "shrunken"] as const;
const NOT_KEPT = ["renamed", "lost"] as const;
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
  yield* retentionSamples(config, labels);
  yield* sourceSamples(config, labels);
  const phase = textAt(config, "status", "lastBackup", "phase");
  for (const state of NOT_KEPT) {
    const value = numberAt(config, "status", "lastBackup", state) ?? (phase === undefined ? undefined : 0);
    if (value === undefined) continue;
    yield { name: "kopiur_backup_names_not_kept", labels: { ...labels, state }, value };
  }
  if (phase === undefined) return;
  yield { name: "kopiur_backup_last_status", labels, value: phase === "Succeeded" ? 1 : 0 };
}

type Labels = { readonly namespace: string; readonly name: string };

/** Absent numbers about snapshots that are not whole are 0. */
function* retentionSamples(config: KubeObject, labels: Labels): Iterable<StateSample> {
  if (numberAt(config, "status", "retention", "activeBackupCount") === undefined) return;
  const notWhole = valueAt(config, "status", "retention", "notWhole");
  for (const state of NOT_WHOLE) {
    const value = numberAt(notWhole, state) ?? 0;
    yield { name: "kopiur_backup_snapshots_not_whole", labels: { ...labels, state }, value };
  }
  const value = numberAt(notWhole, "heldBackCount") ?? 0;
  yield { name: "kopiur_backup_retention_held_back", labels, value };
}

/** A source that was tried and never saved has the time 0; one that was never tried has none. */
function* sourceSamples(config: KubeObject, labels: Labels): Iterable<StateSample> {
  const sources = valueAt(config, "status", "sources");
  if (!Array.isArray(sources)) return;
  const successes = sources.map((source) => Date.parse(textAt(source, "lastSuccessTime") ?? ""));
  const without = successes.filter((ms) => Number.isNaN(ms)).length;
  yield { name: "kopiur_backup_sources_without_success", labels, value: without };
  const tried = successes.filter((ms, index) =>
    !Number.isNaN(ms) || textAt(sources[index], "lastAttemptTime") !== undefined
  );
  if (tried.length === 0) return;
  const oldestMs = Math.min(...tried.map((ms) => Number.isNaN(ms) ? 0 : ms));
  const name = "kopiur_backup_oldest_source_last_success_timestamp_seconds";
  yield { name, labels, value: oldestMs / 1000 };
}
