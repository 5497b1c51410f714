import { backupKind, runPhases } from "../../api/mod.ts";
import type { KubeObject, Reader } from "../../kube/types.ts";
import { tombstoneLimits } from "../../telemetry/mod.ts";
import type { StateSample } from "../runtime/kind.ts";
import { phaseSamples, resourceOf, type RunFacts, runFacts, valueAt } from "../shared/mod.ts";

const BACKUP = resourceOf(backupKind);

/** The phases of an ended run. */
const ENDED: readonly string[] = ["Succeeded", "Failed"];

/**
 * Gauges of all Backups; those about a recipe's history come from the BackupConfig. Nearly all Backups have ended,
 * so only the others are checked for what they wait for.
 */
export function* backupSamples(reader: Reader, now: Date): Iterable<StateSample> {
  const longAgoMs = now.getTime() - tombstoneLimits.keepMs;
  const ended: KubeObject[] = [];
  const endedLately: KubeObject[] = [];
  const underWay: KubeObject[] = [];
  const deleting: KubeObject[] = [];
  for (const backup of reader.list(BACKUP)) {
    // Discovered Backups are counted by their Repository: five thousand of them would be as many series.
    if (isDiscovered(backup)) continue;
    const isOver = phaseHasEnded(backup);
    // Who keeps the last value of a series would show 1 for ever in the phase that was left, did it not fall first.
    const isLate = isOver && (runFacts(backup).phaseSinceMs ?? 0) > longAgoMs;
    (isLate ? endedLately : isOver ? ended : underWay).push(backup);
    if (isOver && backup.metadata.deletionTimestamp !== undefined) deleting.push(backup);
  }
  yield* phaseSamples(BACKUP.kind, runPhases, [...underWay, ...endedLately]);
  for (const backup of ended) yield endSample(backup);
  const unsettled = [...underWay, ...deleting];
  yield* stuckSamples(unsettled, now);
  yield* heldSamples(unsettled);
  const waiting = new Map<string, { readonly namespace: string; readonly reason: string; count: number }>();
  for (const backup of underWay) {
    const run = runFacts(backup);
    if (run.config === undefined || run.isDeleting) continue;
    const reason = waitingReason(run);
    if (reason === undefined) continue;
    const place = JSON.stringify([run.namespace, reason]);
    const group = waiting.get(place) ?? { namespace: run.namespace, reason, count: 0 };
    group.count += 1;
    waiting.set(place, group);
  }
  for (const { namespace, reason, count } of waiting.values()) {
    yield { name: "kopiur_backups_waiting", labels: { namespace, reason }, value: count };
  }
}

/**
 * A run that ended some time ago has only the series of its phase: ten thousand kept runs with all phases would be
 * more series than everything else together (decision 0007).
 */
function endSample(backup: KubeObject): StateSample {
  const { namespace, name, phase } = runFacts(backup);
  return { name: "kopiur_resource_phase", labels: { kind: BACKUP.kind, namespace, name, phase }, value: 1 };
}

/** True for an ended run and a discovered Backup; false while it is being deleted. */
export function hasEnded(backup: KubeObject): boolean {
  return isDiscovered(backup) || phaseHasEnded(backup);
}

function phaseHasEnded(backup: KubeObject): boolean {
  return ENDED.includes(runFacts(backup).phase);
}

function isDiscovered(backup: KubeObject): boolean {
  return valueAt(backup, "spec", "discovered") !== undefined;
}

/** What a Backup waits for before its movers begin. */
function waitingReason({ phase, readyReason }: RunFacts): string | undefined {
  if (phase === "Pending") return readyReason;
  return phase === "Running" && readyReason !== "Running" ? readyReason : undefined;
}

/** The phases that a Backup should leave. */
type Phase = "Pending" | "Running" | "Deleting";

interface Oldest {
  readonly labels: { readonly namespace: string; readonly name: string; readonly phase: Phase };
  sinceMs: number;
}

/**
 * How long the oldest Backup of each recipe has been in a phase it should leave: Pending since it was made, Running
 * since its first mover was, Deleting since it was deleted, also while that is held.
 */
function* stuckSamples(backups: Iterable<KubeObject>, now: Date): Iterable<StateSample> {
  const oldest = new Map<string, Oldest>();
  for (const backup of backups) {
    const { config, namespace } = runFacts(backup);
    const stay = stayOf(backup);
    if (config === undefined || stay === undefined) continue;
    const { phase, sinceMs } = stay;
    const id = JSON.stringify([namespace, config, phase]);
    const known = oldest.get(id);
    if (known === undefined) oldest.set(id, { labels: { namespace, name: config, phase }, sinceMs });
    else known.sinceMs = Math.min(known.sinceMs, sinceMs);
  }
  for (const { labels, sinceMs } of oldest.values()) {
    const value = Math.max(0, (now.getTime() - sinceMs) / 1000);
    yield { name: "kopiur_backup_stuck_seconds", labels, value };
  }
}

/** Deleted Backups whose snapshots wait for a person, by namespace. */
function* heldSamples(backups: Iterable<KubeObject>): Iterable<StateSample> {
  const counts = new Map<string, number>();
  for (const backup of backups) {
    const { namespace, isDeleting, isHeld } = runFacts(backup);
    if (!isDeleting || !isHeld) continue;
    counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  }
  for (const [namespace, value] of counts) {
    yield { name: "kopiur_deletions_held", labels: { namespace }, value };
  }
}

/** Undefined for a Backup in a final phase, and when the time is unknown. */
function stayOf(backup: KubeObject): { readonly phase: Phase; readonly sinceMs: number } | undefined {
  const { phase, createdMs, startedMs } = runFacts(backup);
  const { deletionTimestamp } = backup.metadata;
  if (deletionTimestamp !== undefined) return stay("Deleting", Date.parse(deletionTimestamp));
  if (phase === "Pending") return stay("Pending", createdMs);
  return phase === "Running" ? stay("Running", startedMs) : undefined;
}

function stay(phase: Phase, sinceMs: number): ReturnType<typeof stayOf> {
  return sinceMs > 0 ? { phase, sinceMs } : undefined;
}
