import { type BackupConfigStatus, backupStatus, findCondition, type SnapshotEntry } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import type { RunFacts } from "../shared/mod.ts";
import { sourceHistory } from "./completeness.ts";
import type { BackupConfigWorld } from "./world.ts";

/** The history of a recipe's runs. */
export type History = Pick<
  BackupConfigStatus,
  | "consecutiveFailures"
  | "consecutiveIncomplete"
  | "lastBackup"
  | "lastSuccessfulBackup"
  | "lastCompleteBackup"
  | "sources"
>;

type RunRef = { readonly backupRef: { readonly name: string }; readonly time: string };

/**
 * The history of a recipe's runs, including deleted ones: the recorded values are kept until a newer run
 * is there. Only an end in the future, of a wrong clock, is forgotten with its run: it would stay the
 * newest for ever.
 */
export function historyOf(world: BackupConfigWorld, now: Date): History {
  const { status, newest, newestSuccess, runs } = world;
  const last = newer(newest && lastBackup(newest), status.lastBackup, now);
  const { lastSuccessfulBackup: known } = status;
  // A success whose snapshot is gone from the repository counts no more.
  const isLost = runs.some(({ name, isGone }) => isGone && name === known?.backupRef.name);
  const success = newer(newestSuccess && lastSuccess(newestSuccess, known), isLost ? undefined : known, now);
  const complete = newer(runRef(runs.find(({ isComplete }) => isComplete)), status.lastCompleteBackup, now);
  return {
    ...sourceHistory(world, now),
    consecutiveFailures: inARow(runs.filter(({ phase }) => phase === "Failed"), {
      end: success,
      endBefore: status.lastSuccessfulBackup,
      counted: status.consecutiveFailures,
      lastCounted: status.lastBackup,
    }),
    consecutiveIncomplete: inARow(runs.filter(({ isComplete }) => !isComplete), {
      end: complete,
      endBefore: status.lastCompleteBackup,
      counted: status.consecutiveIncomplete,
      lastCounted: status.lastBackup,
    }),
    ...(last === undefined ? {} : { lastBackup: last }),
    ...(success === undefined ? {} : { lastSuccessfulBackup: success }),
    ...(complete === undefined ? {} : { lastCompleteBackup: complete }),
  };
}

function runRef(run: RunFacts | undefined): RunRef | undefined {
  return run && { backupRef: { name: run.name }, time: new Date(run.timeMs).toISOString() };
}

function newer<T extends RunRef>(found: T | undefined, remembered: T | undefined, now: Date): T | undefined {
  if (remembered === undefined || found?.backupRef.name === remembered.backupRef.name) return found;
  const rememberedMs = Date.parse(remembered.time);
  if (rememberedMs > now.getTime()) return found;
  return found === undefined || rememberedMs > Date.parse(found.time) ? remembered : found;
}

/** A row of runs of one kind (failed or incomplete), up to now. */
interface Row {
  /** The newest run of the other kind, and the recorded one. */
  readonly end: RunRef | undefined;
  readonly endBefore: RunRef | undefined;
  /** The recorded count, and the newest run at that time. */
  readonly counted: number | undefined;
  readonly lastCounted: RunRef | undefined;
}

/**
 * Runs since the newest of the other kind. Recorded ones still count when they were deleted
 * meanwhile: deleting a failed Backup does not correct the failure.
 */
function inARow(runs: readonly RunFacts[], { end, endBefore, counted = 0, lastCounted }: Row): number {
  const sinceMs = end === undefined ? -Infinity : Date.parse(end.time);
  const there = endedAfter(runs, sinceMs).length;
  if (end?.backupRef.name !== endBefore?.backupRef.name) return there;
  const countedMs = lastCounted === undefined ? -Infinity : Date.parse(lastCounted.time);
  const fresh = endedAfter(runs, Math.max(sinceMs, countedMs))
    .filter(({ name }) => name !== lastCounted?.backupRef.name);
  return Math.max(there, counted + fresh.length);
}

function endedAfter(runs: readonly RunFacts[], timeMs: number): readonly RunFacts[] {
  return runs.filter((run) => run.timeMs > timeMs);
}

type LastBackup = NonNullable<BackupConfigStatus["lastBackup"]>;

/** `lastBackup` for the newest finished Backup; undefined when it cannot be read. */
function lastBackup(backup: KubeObject): LastBackup | undefined {
  const status = backupStatus.safeParse(backup.status ?? {}).data;
  const phase = status?.phase;
  if (status === undefined || (phase !== "Succeeded" && phase !== "Failed")) return undefined;
  const { snapshots = [], stats, timing, conditions, message = "" } = status;
  const isPartial = findCondition(conditions, "Complete")?.status === "False";
  const { sizeBytes, bytesNew, filesNew, filesUnchanged, renamed = 0, lost = 0 } = stats ?? {};
  return {
    backupRef: { name: backup.metadata.name },
    phase,
    outcome: phase === "Failed" ? "failure" : isPartial ? "partial" : "success",
    time: timing?.endTime ?? timing?.startTime ?? backup.metadata.creationTimestamp ?? "1970-01-01T00:00:00Z",
    message,
    snapshotIDs: snapshots.flatMap(({ kopiaSnapshotID }) =>
      kopiaSnapshotID === undefined ? [] : [kopiaSnapshotID]
    ),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(bytesNew === undefined ? {} : { bytesNew }),
    ...(filesNew === undefined ? {} : { filesNew }),
    ...(filesUnchanged === undefined ? {} : { filesUnchanged }),
    // Unknown for a run that saved nothing.
    ...(stats === undefined ? {} : { unreadable: stats.unreadable ?? 0 }),
    ...(renamed === 0 ? {} : { renamed }),
    ...(lost === 0 ? {} : { lost }),
    ...(timing?.durationSeconds === undefined ? {} : { durationSeconds: timing.durationSeconds }),
    ...(status.traceId === undefined ? {} : { traceId: status.traceId }),
  };
}

type LastSuccess = NonNullable<BackupConfigStatus["lastSuccessfulBackup"]>;

/**
 * `lastSuccessfulBackup` for the newest Succeeded Backup; undefined when it cannot be read. A run that
 * found nothing changed did not measure it: size and files are then those of the previous success.
 */
function lastSuccess(backup: KubeObject, before: LastSuccess | undefined): LastSuccess | undefined {
  const status = backupStatus.safeParse(backup.status ?? {}).data;
  if (status === undefined) return undefined;
  const { snapshots = [], stats, timing } = status;
  const whole = snapshots.some(isUnmeasured) ? before : stats;
  const { bytesNew, filesNew, filesUnchanged } = stats ?? {};
  return {
    backupRef: { name: backup.metadata.name },
    time: timing?.endTime ?? backup.metadata.creationTimestamp ?? "1970-01-01T00:00:00Z",
    ...(whole?.sizeBytes === undefined ? {} : { sizeBytes: whole.sizeBytes }),
    ...(whole?.files === undefined ? {} : { files: whole.files }),
    ...(bytesNew === undefined ? {} : { bytesNew }),
    ...(filesNew === undefined ? {} : { filesNew }),
    ...(filesUnchanged === undefined ? {} : { filesUnchanged }),
    ...(timing?.durationSeconds === undefined ? {} : { durationSeconds: timing.durationSeconds }),
  };
}

function isUnmeasured({ unchanged, sizeBytes }: SnapshotEntry): boolean {
  return unchanged === true && sizeBytes === undefined;
}
