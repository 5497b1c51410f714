import { ANNOTATION } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { type RunFacts, runFacts } from "../shared/mod.ts";
import { slotOfRun } from "./run_name.ts";

/** What a schedule needs to know of a Backup that carries its label. */
export interface ScheduleRun {
  readonly name: string;
  readonly uid: string;
  /** The version at which the API server was asked for it; undefined for what only a cache says. */
  readonly resourceVersion?: string;
  /** Name of its BackupConfig. */
  readonly config: string | undefined;
  /** The slot it was made for; of one a person labelled, when it was made. Milliseconds since the epoch. */
  readonly slotMs: number;
  /** False for one that waits and was made long after its slot: somebody may have put it back, and it runs no mover. */
  readonly isOfItsTime: boolean;
  /** How it stands: `active` may still write a snapshot; `putBack` runs nothing by itself. */
  readonly state: "active" | "Succeeded" | "Failed" | "leaving" | "putBack";
  /**
   * True when a source was saved in it, which makes it the business of the recipe's retention; also when that snapshot
   * is gone from the repository, for then a person should look.
   */
  readonly hasSnapshot: boolean;
  /**
   * True when a person said of it that it stays, or that it is right; and of one that was put back, for its deletion would
   * be held.
   */
  readonly isKept: boolean;
  /** Why it is being stopped, if it is. */
  readonly cancelled: string | undefined;
}

/** A schedule makes its Backups later than this only after an absence, or by a long jitter. */
const LATEST_MS = 3_600_000;

/** A Backup as its schedule sees it. */
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

/** True for a run that has not ended and is not being stopped, when it is to give way to the one of a later slot. */
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
