/** The rows of the status report, each from one object. Pure. */
import * as z from "zod";
import { backupStatus } from "../../../api/kinds/backup.ts";
import { type BackupConfigStatus, lackingSources } from "../../../api/kinds/backup_config.ts";
import type { BackupScheduleStatus } from "../../../api/kinds/backup_schedule.ts";
import { findCondition } from "../../../api/conditions.ts";
import type { RepositoryStatus } from "../../../api/kinds/repository.ts";
import { textAt } from "../../../controller/shared/objects/field_at.ts";
import { type HeldDeletion, isHeldByPin } from "../deletions/held.ts";
import { type RunProgress, sumProgress } from "../progress.ts";
import { type Seen, withoutAbsent } from "./objects.ts";

/** A repository, in one row. */
export interface RepositoryRow {
  readonly namespace: string;
  readonly name: string;
  readonly phase?: string;
  readonly backend?: string;
  readonly reason?: string;
  readonly snapshotCount?: number;
  readonly totalSizeBytes?: number;
  readonly lastObservedAt?: string;
  readonly uniqueId?: string;
  /** Discovered Backups. */
  readonly discoveredCount?: number;
  /** Snapshots of our Backups that are gone from the repository. */
  readonly missingCount?: number;
  /** The snapshots that killed and cancelled uploads left. */
  readonly unfinished?: NonNullable<RepositoryStatus["storageStats"]>["unfinished"];
}

/** A BackupConfig with its newest backups, in one row. */
export interface ConfigRow {
  readonly namespace: string;
  readonly name: string;
  readonly repository?: string;
  readonly ready?: "True" | "False" | "Unknown";
  readonly reason?: string;
  readonly consecutiveFailures?: number;
  /** Backups since the newest one that lacks nothing. */
  readonly consecutiveIncomplete?: number;
  /** Sources that were not saved by the newest Backup that tried them. */
  readonly lackingSources?: readonly LackingSource[];
  /** Snapshots that are not whole, so that retention does not count them. */
  readonly notWhole?: NonNullable<BackupConfigStatus["retention"]>["notWhole"];
  readonly lastBackup?: BackupConfigStatus["lastBackup"];
  readonly lastSuccessfulBackup?: BackupConfigStatus["lastSuccessfulBackup"];
  /** Succeeded Backups that are kept. */
  readonly keptCount?: number;
  /** Backups retention is about to delete. */
  readonly pruneCount?: number;
  /** The first of them. */
  readonly pruneNext?: readonly string[];
}

/** A source that is not backed up as it should be. */
export interface LackingSource {
  readonly pvc: string;
  /** Absent when it was never backed up. */
  readonly lastSuccessTime?: string;
}

/** A {@link LackingSource} of a recipe, in one row. */
export interface LackingRow extends LackingSource {
  readonly namespace: string;
  readonly config: string;
}

/** A BackupSchedule, in one row. */
export interface ScheduleRow {
  readonly namespace: string;
  readonly name: string;
  readonly config?: string;
  readonly cron?: string;
  readonly timezone?: string;
  readonly suspended: boolean;
  readonly ready?: "True" | "False" | "Unknown";
  readonly reason?: string;
  /** Slot and Backup of the last run it started. */
  readonly lastAt?: string;
  readonly lastBackup?: string;
  readonly lastSuccessfulAt?: string;
  /** The next slot, and when its Backup is made: the slot with its jitter. */
  readonly nextAt?: string;
  readonly nextStartAt?: string;
  readonly consecutiveFailures?: number;
  /** Slots that passed without a Backup, and the newest of them. */
  readonly missedCount?: number;
  readonly lastMissedAt?: string;
  /** Slots that were left out on purpose, and the newest of them. */
  readonly skippedCount?: number;
  readonly lastSkippedAt?: string;
  readonly lastSkippedReason?: string;
}

/** A Backup that has begun and not ended, in one row. */
export interface RunRow {
  readonly namespace: string;
  readonly name: string;
  readonly config?: string;
  readonly phase: string;
  readonly startTime?: string;
  readonly traceId?: string;
  readonly sources: { readonly done: number; readonly total: number };
  /** The progress of the working movers; absent while they report none. */
  readonly progress?: RunProgress;
}

/** The held deletions of a namespace, in one row. */
export interface HeldRow {
  readonly namespace: string;
  readonly count: number;
  readonly snapshotCount: number;
  /** Since when the first of them is held. */
  readonly since: string;
  readonly backups: readonly string[];
  /** Why they are held, as `MassDeletionHeld`; each reason once. */
  readonly reasons: readonly string[];
  /** The command that releases them; absent where all are held by their pin, which no command removes. */
  readonly release?: string;
}

/** A Backup some of whose snapshots are gone from the repository, in one row. */
export interface MissingRow {
  readonly namespace: string;
  readonly name: string;
  readonly origin?: string;
  readonly config?: string;
  readonly repository?: string;
  readonly since: string;
  readonly message: string;
}

/** The PersistentVolumeClaims of a namespace that no BackupConfig covers, in one row. */
export interface UnprotectedRow {
  readonly namespace: string;
  readonly claims: readonly string[];
}

/** The part of a Backup's status that is parsed for every Backup; parsing all of thousands would be slow. */
export const backupGlance = backupStatus.pick({ phase: true, origin: true, traceId: true, conditions: true });
export type BackupGlance = z.infer<typeof backupGlance>;

/** The row of a Repository. */
export function repositoryRow(seen: Seen<RepositoryStatus>): RepositoryRow {
  const { phase, backend, uniqueId, storageStats, catalog } = seen.status ?? {};
  return withoutAbsent({
    namespace: seen.namespace,
    name: seen.name,
    phase,
    backend,
    reason: seen.ready?.reason,
    snapshotCount: storageStats?.snapshotCount,
    totalSizeBytes: storageStats?.totalSizeBytes,
    lastObservedAt: storageStats?.lastObservedAt,
    uniqueId,
    discoveredCount: catalog?.discoveredBackupCount,
    missingCount: catalog?.missingSnapshotCount,
    unfinished: storageStats?.unfinished,
  });
}

/** The row of a BackupConfig. */
export function configRow(seen: Seen<BackupConfigStatus>): ConfigRow {
  const { consecutiveFailures, consecutiveIncomplete, lastBackup, lastSuccessfulBackup, retention, sources } =
    seen.status ?? {};
  const lacking = lackingSources(sources).map(({ pvc, lastSuccessTime }) =>
    withoutAbsent({ pvc, lastSuccessTime })
  );
  const next = retention?.pending?.map(({ name }) => name) ?? [];
  return withoutAbsent({
    namespace: seen.namespace,
    name: seen.name,
    repository: textAt(seen.object, "spec", "repository", "name"),
    ready: seen.ready?.status,
    reason: seen.ready?.reason,
    consecutiveFailures,
    consecutiveIncomplete,
    lackingSources: lacking.length === 0 ? undefined : lacking,
    notWhole: retention?.notWhole,
    lastBackup,
    lastSuccessfulBackup,
    keptCount: retention?.activeBackupCount,
    pruneCount: retention?.pendingCount,
    pruneNext: next.length === 0 ? undefined : next,
  });
}

const scheduleSpec = z.object({
  spec: z.object({
    schedule: z.object({
      cron: z.string(),
      timezone: z.string().optional(),
      suspend: z.boolean().optional(),
    }),
  }),
});

/** Whether a person suspended a schedule; one that cannot be understood was not. */
export function isSuspended(seen: Pick<Seen<unknown>, "object">): boolean {
  return scheduleSpec.safeParse(seen.object).data?.spec.schedule.suspend === true;
}

/** The row of a BackupSchedule. */
export function scheduleRow(seen: Seen<BackupScheduleStatus>): ScheduleRow {
  const {
    lastSchedule,
    lastSuccessfulSchedule,
    nextSchedule,
    consecutiveFailures,
    missedSlots,
    skippedSlots,
  } = seen.status ?? {};
  const { cron, timezone } = scheduleSpec.safeParse(seen.object).data?.spec.schedule ?? {};
  return withoutAbsent({
    namespace: seen.namespace,
    name: seen.name,
    config: configName(seen),
    cron,
    timezone,
    suspended: isSuspended(seen),
    ready: seen.ready?.status,
    reason: seen.ready?.reason,
    lastAt: lastSchedule?.at,
    lastBackup: lastSchedule?.backupRef.name,
    lastSuccessfulAt: lastSuccessfulSchedule?.at,
    nextAt: nextSchedule?.at,
    nextStartAt: nextSchedule?.startAt,
    consecutiveFailures,
    missedCount: missedSlots?.total,
    lastMissedAt: missedSlots?.lastAt,
    skippedCount: skippedSlots && skippedSlots.forbid + skippedSlots.startingDeadline,
    lastSkippedAt: skippedSlots?.lastAt,
    lastSkippedReason: skippedSlots?.lastReason,
  });
}

/** A row for each source of a recipe that is not backed up as it should be. */
export function lackingRows({ namespace, name, lackingSources = [] }: ConfigRow): readonly LackingRow[] {
  return lackingSources.map((source) => ({ namespace, config: name, ...source }));
}

/** The row of a Backup that runs or is being deleted. */
export function runRow(seen: Seen<BackupGlance>): RunRow {
  const { snapshots = [], timing, progress = [] } = backupStatus.safeParse(seen.object.status).data ?? {};
  const done = snapshots.filter(({ phase }) => phase === "Succeeded" || phase === "Failed").length;
  return withoutAbsent({
    namespace: seen.namespace,
    name: seen.name,
    config: configName(seen),
    phase: seen.status?.phase ?? "Pending",
    startTime: timing?.startTime,
    traceId: seen.status?.traceId,
    sources: { done, total: snapshots.length },
    progress: sumProgress(progress),
  });
}

/** A row for each namespace in which deletions are held. */
export function heldRows(held: readonly HeldDeletion[]): readonly HeldRow[] {
  return [...Map.groupBy(held, ({ namespace }) => namespace)].map(([namespace, inside]) => ({
    namespace,
    count: inside.length,
    snapshotCount: inside.reduce((sum, { snapshots }) => sum + snapshots.length, 0),
    since: inside.map(({ since }) => since).toSorted((a, b) => Date.parse(a) - Date.parse(b))[0] ?? "",
    backups: inside.map(({ name }) => name),
    reasons: [...new Set(inside.map(({ reason }) => reason))],
    ...(inside.every(isHeldByPin)
      ? {}
      : { release: `kubectl kopiur deletions release --all -n ${namespace}` }),
  }));
}

/** The row of a Backup whose snapshots are gone; undefined for any other. */
export function missingRow(seen: Seen<BackupGlance>): MissingRow | undefined {
  const present = findCondition(seen.status?.conditions, "SnapshotPresent");
  if (present?.status !== "False" || seen.object.metadata.deletionTimestamp !== undefined) return undefined;
  const { resolved } = backupStatus.safeParse(seen.object.status).data ?? {};
  return withoutAbsent({
    namespace: seen.namespace,
    name: seen.name,
    origin: seen.status?.origin,
    config: resolved?.config ?? configName(seen),
    repository: resolved?.repository.name,
    since: present.lastTransitionTime,
    message: present.message,
  });
}

function configName(seen: Seen<unknown>): string | undefined {
  return textAt(seen.object, "spec", "configRef", "name");
}
