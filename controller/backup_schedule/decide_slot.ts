import { runName } from "./run_name.ts";
import { isReplaceable, type ScheduleRun } from "./schedule_run.ts";
import type { Timetable } from "../../api/cron/mod.ts";
import { type BackupScheduleWorld, timeOf } from "./world.ts";

/** What becomes of a slot that is due. */
export type SlotDecision =
  /** It waits, as the BackupConfig does not exist. */
  | { readonly kind: "waiting"; readonly slotMs: number }
  /** Its Backup is made, and the runs it replaces are stopped. `isThere`: an earlier pass made it but could not record it. */
  | {
    readonly kind: "made";
    readonly slotMs: number;
    readonly name: string;
    readonly lateSeconds: number;
    readonly isThere: boolean;
    readonly replaces: readonly ScheduleRun[];
  }
  /** It is skipped. */
  | {
    readonly kind: "skipped";
    readonly slotMs: number;
    readonly reason: "StartingDeadline";
    readonly lateSeconds: number;
  }
  | { readonly kind: "skipped"; readonly slotMs: number; readonly reason: "Forbid"; readonly by: string }
  /** It had its Backup long ago: the clock was set back. */
  | { readonly kind: "known"; readonly slotMs: number };

/** Decides what becomes of the due slot. A slot that has a Backup never gets another one. */
export function decideSlot(
  world: BackupScheduleWorld,
  { slotMs, repeatsUntilMs = 0 }: { readonly slotMs: number; readonly repeatsUntilMs: number | undefined },
  timetable: Timetable,
  nowMs: number,
): SlotDecision {
  const { status, runs, hasConfig, key, spec: { schedule } } = world;
  const name = runName(key.name, slotMs);
  const isThere = runs.some((run) => run.name === name);
  if (slotMs === timeOf(status.lastSchedule?.at) || (isThere && slotMs <= repeatsUntilMs)) {
    return { kind: "known", slotMs };
  }
  const lateSeconds = Math.max(0, Math.floor((nowMs - timetable.startOf(slotMs)) / 1000));
  const { startingDeadlineSeconds, concurrencyPolicy } = schedule;
  const active = runs.filter(({ state }) => state === "active");
  const replaces = concurrencyPolicy === "Replace" ? active.filter((run) => isReplaceable(run, slotMs)) : [];
  const made = { kind: "made", slotMs, name, lateSeconds, isThere, replaces } as const;
  if (isThere) return made;
  if (!hasConfig) return { kind: "waiting", slotMs };
  if (startingDeadlineSeconds !== undefined && lateSeconds > startingDeadlineSeconds) {
    return { kind: "skipped", slotMs, reason: "StartingDeadline", lateSeconds };
  }
  switch (concurrencyPolicy) {
    case "Allow":
    case "Replace":
      return made;
    case "Forbid": {
      const [first] = active.toSorted((a, b) => a.slotMs - b.slotMs);
      return first === undefined ? made : { kind: "skipped", slotMs, reason: "Forbid", by: first.name };
    }
  }
}
