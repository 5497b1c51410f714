import { backupConfigKind, backupKind, backupPhases } from "../../api/mod.ts";
import type { KubeObject, Reader } from "../../kube/types.ts";
import type { StateSample } from "../runtime/kind.ts";
import {
  newestFirst,
  numberAt,
  phaseSamples,
  resourceOf,
  type RunSummary,
  runSummary,
  textAt,
  valueAt,
} from "../shared/mod.ts";

const BACKUP = resourceOf(backupKind);
const BACKUP_CONFIG = resourceOf(backupConfigKind);

/**
 * A run that ended shows only the phases it can still tell apart: ten thousand kept runs in all five would be
 * more series than everything else together (decision 0007).
 */
const ENDED: readonly string[] = ["Succeeded", "Failed"];

interface Newest {
  readonly run: RunSummary;
  readonly backup: KubeObject;
}

/**
 * Gauges of all Backups, in one pass over the cache. `name` of a recipe's gauges is the BackupConfig (design D5),
 * and they end with it: of a recipe that was deleted no backup will ever be new again, so an alert would never clear.
 */
export function* backupSamples(reader: Reader): Iterable<StateSample> {
  const backups = reader.list(BACKUP);
  yield* phaseSamples(BACKUP.kind, backupPhases, backups.filter((backup) => !hasEnded(backup)));
  yield* phaseSamples(BACKUP.kind, ENDED, backups.filter(hasEnded));
  const newest = new Map<string, Newest>();
  const waiting = new Map<string, { readonly namespace: string; readonly reason: string; count: number }>();
  for (const backup of backups) {
    const run = runSummary(backup);
    if (run === undefined || run.isDeleting) continue;
    const recipe = JSON.stringify([run.namespace, run.config]);
    const other = newest.get(recipe);
    if (run.phase === "Succeeded" && (other === undefined || newestFirst(run, other.run) < 0)) {
      newest.set(recipe, { run, backup });
    }
    const reason = waitingReason(run, backup);
    if (reason === undefined) continue;
    const place = JSON.stringify([run.namespace, reason]);
    const group = waiting.get(place) ?? { namespace: run.namespace, reason, count: 0 };
    group.count += 1;
    waiting.set(place, group);
  }
  for (const each of newest.values()) {
    const { namespace, config } = each.run;
    if (reader.get(BACKUP_CONFIG, { namespace, name: config }) !== undefined) yield* recipeSamples(each);
  }
  for (const { namespace, reason, count } of waiting.values()) {
    yield { name: "kopiur_backups_waiting", labels: { namespace, reason }, value: count };
  }
}

function* recipeSamples({ run, backup }: Newest): Iterable<StateSample> {
  const labels = { namespace: run.namespace, name: run.config };
  yield { name: "kopiur_backup_last_success_timestamp_seconds", labels, value: run.timeMs / 1000 };
  const size = numberAt(backup, "status", "stats", "sizeBytes");
  if (size !== undefined) yield { name: "kopiur_backup_size_bytes", labels, value: size };
  const files = numberAt(backup, "status", "stats", "files");
  if (files !== undefined) yield { name: "kopiur_backup_files", labels, value: files };
  const seconds = numberAt(backup, "status", "timing", "durationSeconds");
  if (seconds !== undefined) yield { name: "kopiur_backup_duration_seconds", labels, value: seconds };
}

/** True for a run whose story is over; also false again while it is deleted. */
export function hasEnded(backup: KubeObject): boolean {
  return ENDED.includes(textAt(backup, "status", "phase") ?? "");
}

/** What a Backup waits for whose movers have not begun. */
function waitingReason(run: RunSummary, backup: KubeObject): string | undefined {
  if (run.phase !== "Pending" && run.phase !== "Running") return undefined;
  const conditions = valueAt(backup, "status", "conditions");
  const ready = Array.isArray(conditions)
    ? conditions.find((condition) => textAt(condition, "type") === "Ready")
    : undefined;
  const reason = textAt(ready, "reason");
  if (run.phase === "Pending") return reason;
  return reason === "Running" ? undefined : reason;
}
