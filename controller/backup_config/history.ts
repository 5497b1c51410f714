import type { BackupConfigStatus } from "../../api/mod.ts";
import { lastBackup } from "./last_backup.ts";
import { lastSuccess } from "./last_success.ts";
import type { RecipeRun } from "./recipe_run.ts";
import type { BackupConfigWorld } from "./world.ts";

/** What became of a recipe's runs. */
export type History = Pick<
  BackupConfigStatus,
  "consecutiveFailures" | "lastBackup" | "lastSuccessfulBackup"
>;

type Told = { readonly backupRef: { readonly name: string }; readonly time: string };

/**
 * What became of a recipe's runs, also of those that were deleted since: what status says is kept until a newer run
 * is there. Only an end that is still to come, by a wrong clock, is forgotten with its run: it would stay the
 * newest for ever.
 */
export function historyOf(world: BackupConfigWorld, now: Date): History {
  const { status, newest, newestSuccess, runs } = world;
  const last = newer(newest && lastBackup(newest), status.lastBackup, now);
  const { lastSuccessfulBackup: known } = status;
  // What the repository holds no longer was a success, and is none.
  const isLost = runs.some(({ name, isGone }) => isGone && name === known?.backupRef.name);
  const success = newer(newestSuccess && lastSuccess(newestSuccess, known), isLost ? undefined : known, now);
  return {
    consecutiveFailures: consecutiveFailures(world, success),
    ...(last === undefined ? {} : { lastBackup: last }),
    ...(success === undefined ? {} : { lastSuccessfulBackup: success }),
  };
}

function newer<T extends Told>(found: T | undefined, remembered: T | undefined, now: Date): T | undefined {
  if (remembered === undefined || found?.backupRef.name === remembered.backupRef.name) return found;
  const rememberedMs = Date.parse(remembered.time);
  if (rememberedMs > now.getTime()) return found;
  return found === undefined || rememberedMs > Date.parse(found.time) ? remembered : found;
}

/**
 * Failed runs since the newest success (domain.md §3.2). Those that status counted still count when they were deleted
 * meanwhile: a failure that nobody mended does not mend itself by being tidied away.
 */
function consecutiveFailures({ runs, status }: BackupConfigWorld, success: Told | undefined): number {
  const failed = runs.filter(({ phase }) => phase === "Failed");
  const sinceMs = success === undefined ? -Infinity : Date.parse(success.time);
  const there = endedAfter(failed, sinceMs).length;
  const { consecutiveFailures: counted = 0, lastBackup, lastSuccessfulBackup } = status;
  if (success?.backupRef.name !== lastSuccessfulBackup?.backupRef.name) return there;
  const countedMs = lastBackup === undefined ? -Infinity : Date.parse(lastBackup.time);
  const fresh = endedAfter(failed, Math.max(sinceMs, countedMs))
    .filter(({ name }) => name !== lastBackup?.backupRef.name);
  return Math.max(there, counted + fresh.length);
}

function endedAfter(runs: readonly RecipeRun[], timeMs: number): readonly RecipeRun[] {
  return runs.filter((run) => run.timeMs > timeMs);
}
