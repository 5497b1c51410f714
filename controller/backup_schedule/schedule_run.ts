import { ANNOTATION } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { type RunFacts, runFacts } from "../shared/mod.ts";
import { slotOfRun } from "./run_name.ts";

/** What a schedule needs to know about a Backup with its label. */
export interface ScheduleRun {
  readonly name: string;
  readonly uid: string;
  /** The version that was read live; undefined for one from the cache. */
  readonly resourceVersion?: string;
  /** Name of its BackupConfig. */
  readonly config: string | undefined;
  /** Its slot; for one that a person labelled, when it was made. Milliseconds since the epoch. */
  readonly slotMs: number;
  /** False for a waiting Backup that was made long after its slot: it may have been put back, and then runs no mover. */
  readonly isOfItsTime: boolean;
  /** `active` may still write a snapshot; `leaving` is being deleted; `putBack` runs nothing by itself. */
  readonly state: "active" | "Succeeded" | "Failed" | "leaving" | "putBack";
  /**
   * True when it saved a source, so that the recipe's retention decides about it; also when that snapshot
   * is gone from the repository, for then a person should look.
   */
  readonly hasSnapshot: boolean;
  /**
   * True when a person pinned or accepted it; and for one that was put back, as its deletion would
   * be held.
   */
  readonly isKept: boolean;
  /** Why it is being stopped, if so. */
  readonly cancelled: string | undefined;
}

/** A Backup is made later than this only after an absence, or with a long jitter. */
const LATEST_MS = 3_600_000;

/** The run of a Backup. */
export function scheduleRun(backup: KubeObject): ScheduleRun {
  const next = runFacts(backup);
  const { name, uid, config, createdMs, phase, hasSaved, isExempt, isAccepted, isInherited, cancelled } =
    next;
  const slotMs = slotOfRun(name) ?? createdMs;
  const madeMs = Math.max(slotMs, Date.parse(backup.metadata.annotations?.[ANNOTATION.madeAt] ?? "") || 0);
  return {
    name,
    uid,
    config,
    slotMs,
    isOfItsTime: createdMs - madeMs <= LATEST_MS || phase === "Running",
    state: stateOf(next),
    hasSnapshot: hasSaved,
    isKept: isExempt || isAccepted || isInherited,
    cancelled,
  };
}

/** True for a run that has not ended, is not being stopped, and is older than the given slot. */
export function isReplaceable(
  { state, cancelled, slotMs, isOfItsTime }: ScheduleRun,
  laterMs: number,
): boolean {
  return state === "active" && cancelled === undefined && slotMs < laterMs && isOfItsTime;
}

function stateOf({ isDeleting, phase, putBack }: RunFacts): ScheduleRun["state"] {
  if (isDeleting) return "leaving";
  if (phase === "Succeeded" || phase === "Failed") return phase;
  if (putBack !== undefined) return "putBack";
  return phase === "Pending" || phase === "Running" ? "active" : "leaving";
}
