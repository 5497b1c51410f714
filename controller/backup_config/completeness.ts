import { type BackupConfigStatus, type ConditionChange, lackingSources, SOURCES_MAX } from "../../api/mod.ts";
import type { RunFacts } from "../shared/mod.ts";
import type { BackupConfigWorld } from "./world.ts";

const CONDITION = "Complete";
/** The most sources named in the message. */
const MOST_NAMED = 5;

/** The condition whether the newest Backups saved every source completely; none before the first one ended. */
export function completeCondition(
  { lastBackup, consecutiveIncomplete = 0, sources = [] }: BackupConfigStatus,
): ConditionChange {
  if (lastBackup === undefined) return { kind: "remove", type: CONDITION };
  const lacking = lackingSources(sources);
  if (consecutiveIncomplete === 0 && lacking.length === 0) {
    const message = "The newest Backup lacks nothing";
    return { kind: "set", value: { type: CONDITION, status: "True", reason: "Complete", message } };
  }
  const texts = lacking.slice(0, MOST_NAMED).map(({ pvc, lastSuccessTime }) =>
    lastSuccessTime === undefined
      ? `"${pvc}" was never backed up`
      : `"${pvc}" was last backed up at ${lastSuccessTime}`
  );
  const more = lacking.length > MOST_NAMED ? [`and ${lacking.length - MOST_NAMED} more`] : [];
  const runs = consecutiveIncomplete === 1
    ? "The newest Backup is not complete"
    : `The newest ${consecutiveIncomplete} Backups are not complete`;
  const message = [consecutiveIncomplete === 0 ? [] : [runs], texts, more].flat().join("; ");
  const reason = lastBackup.phase === "Failed" ? "BackupFailed" : "BackupPartial";
  return { kind: "set", value: { type: CONDITION, status: "False", reason, message } };
}

/** Times of one source, in milliseconds since the epoch. */
interface Times {
  successMs?: number;
  attemptMs?: number;
}

/**
 * When each current source of the recipe was last saved, and last tried. The recorded times are kept until a newer run is
 * there; the times of a source that is back come from the existing Backups.
 */
export function sourceHistory(
  { sources, runs, status }: BackupConfigWorld,
  now: Date,
): Required<Pick<BackupConfigStatus, "sources">> {
  const shown = sources.slice(0, SOURCES_MAX);
  const found = timesOf(shown.map(({ sourcePath }) => sourcePath), runs);
  const remembered = new Map(status.sources?.map((each) => [each.sourcePath, each]));
  return {
    sources: shown.map(({ source, sourcePath }) => {
      const { successMs, attemptMs } = found.get(sourcePath) ?? {};
      const before = remembered.get(sourcePath);
      const success = newer(successMs, before?.lastSuccessTime, now);
      const attempt = newer(attemptMs, before?.lastAttemptTime, now);
      return {
        sourcePath,
        pvc: source,
        ...(success === undefined ? {} : { lastSuccessTime: success }),
        ...(attempt === undefined ? {} : { lastAttemptTime: attempt }),
      };
    }),
  };
}

/** Reads runs, newest first, until every source is known. */
function timesOf(paths: readonly string[], runs: readonly RunFacts[]): ReadonlyMap<string, Times> {
  const times = new Map(paths.map((path): [string, Times] => [path, {}]));
  let unknown = times.size;
  for (const { timeMs, saved, unchanged, failed, isGone } of runs) {
    if (unknown === 0) break;
    for (const { path, isMissing } of saved) unknown -= note(times.get(path), timeMs, !isMissing);
    for (const path of unchanged) unknown -= note(times.get(path), timeMs, !isGone);
    for (const path of failed) unknown -= note(times.get(path), timeMs, false);
  }
  return times;
}

/** Records a try; returns 1 when it is the newest success of its source, else 0. */
function note(times: Times | undefined, timeMs: number, isSuccess: boolean): number {
  if (times === undefined) return 0;
  times.attemptMs ??= timeMs;
  if (!isSuccess || times.successMs !== undefined) return 0;
  times.successMs = timeMs;
  return 1;
}

function newer(foundMs: number | undefined, remembered: string | undefined, now: Date): string | undefined {
  const rememberedMs = Date.parse(remembered ?? "");
  const found = foundMs === undefined ? undefined : new Date(foundMs).toISOString();
  if (Number.isNaN(rememberedMs) || rememberedMs > now.getTime()) return found;
  return foundMs === undefined || rememberedMs > foundMs ? remembered : found;
}
