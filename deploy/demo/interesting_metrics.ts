import type { MetricName } from "../../telemetry/mod.ts";

const families: readonly MetricName[] = [
  "kopiur_backups_total",
  "kopiur_backup_last_success_timestamp_seconds",
  "kopiur_backup_duration_seconds",
  "kopiur_backup_size_bytes",
  "kopiur_backup_files",
  "kopiur_backup_consecutive_failures",
];

/** The lines of an exposition text that tell how the backups of this namespace stand. */
export function interestingMetrics(text: string, namespace: string): readonly string[] {
  return text.split("\n").filter((line) =>
    families.some((family) => line.startsWith(`${family}{`)) && line.includes(`namespace="${namespace}"`)
  );
}
