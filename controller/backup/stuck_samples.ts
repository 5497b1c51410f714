import type { KubeObject } from "../../kube/types.ts";
import type { StateSample } from "../runtime/kind.ts";
import { runFacts } from "../shared/mod.ts";

/** The phases a Backup should leave. */
type Phase = "Pending" | "Running" | "Deleting";

interface Oldest {
  readonly labels: { readonly namespace: string; readonly name: string; readonly phase: Phase };
  sinceMs: number;
}

/**
 * How long the oldest Backup of each recipe has been in a phase it should leave: Pending since it was made, Running
 * since its first mover was, Deleting since it was deleted, also while that is held.
 */
export function* stuckSamples(backups: Iterable<KubeObject>, now: Date): Iterable<StateSample> {
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
export function* heldSamples(backups: Iterable<KubeObject>): Iterable<StateSample> {
  const held = new Map<string, number>();
  for (const backup of backups) {
    const { namespace, isDeleting, isHeld } = runFacts(backup);
    if (!isDeleting || !isHeld) continue;
    held.set(namespace, (held.get(namespace) ?? 0) + 1);
  }
  for (const [namespace, value] of held) {
    yield { name: "kopiur_deletions_held", labels: { namespace }, value };
  }
}

/** Undefined for a Backup that may stay as it is, and for one that does not say since when. */
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
