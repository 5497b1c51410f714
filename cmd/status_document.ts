import {
  API_VERSION,
  type BackupConfigStatus,
  backupConfigStatus,
  type BackupStatus,
  backupStatus,
  type Condition,
  findCondition,
  type RepositoryStatus,
  repositoryStatus,
} from "../api/mod.ts";
import * as z from "zod";
import type { KubeObject } from "../kube/types.ts";

/** All objects of a kind, or that they may not be seen. */
export type Listing =
  | { readonly kind: "listed"; readonly objects: readonly KubeObject[] }
  | { readonly kind: "forbidden" };

/** What `status` looks at. */
export interface Listings {
  readonly repositories: Listing;
  readonly configs: Listing;
  readonly backups: Listing;
}

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
}

/** A BackupConfig with its newest backups, in one row. */
export interface ConfigRow {
  readonly namespace: string;
  readonly name: string;
  readonly repository?: string;
  readonly ready?: "True" | "False" | "Unknown";
  readonly reason?: string;
  readonly consecutiveFailures?: number;
  readonly lastBackup?: BackupConfigStatus["lastBackup"];
  readonly lastSuccessfulBackup?: BackupConfigStatus["lastSuccessfulBackup"];
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
}

/** Something that cannot go on, and why. */
export interface WaitingRow {
  readonly kind: "Repository" | "BackupConfig" | "Backup";
  readonly namespace: string;
  readonly name: string;
  readonly reason: string;
  readonly message: string;
  readonly since?: string;
}

/** Something a person should look at. */
export type Complaint = Omit<WaitingRow, "since">;

/** How kopiur stands: what `-o json` and `-o yaml` print. Stable: fields are added, never changed. */
export interface StatusDocument {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "StatusReport";
  /** Empty for all namespaces. */
  readonly namespace: string;
  readonly time: string;
  /** True when nothing is unhealthy and everything could be seen. */
  readonly healthy: boolean;
  readonly repositories: readonly RepositoryRow[];
  readonly configs: readonly ConfigRow[];
  readonly inFlight: readonly RunRow[];
  readonly waiting: readonly WaitingRow[];
  readonly unhealthy: readonly Complaint[];
  /** Kinds that may not be listed; what is said of them above is incomplete. */
  readonly forbidden: readonly ("repositories" | "configs" | "backups")[];
}

/** How long something may be on its way to ready before it counts as unhealthy. */
const GRACE_SECONDS = 15 * 60;

/** The whole document. Pure; an object this program cannot understand becomes a complaint, not an error. */
export function buildStatus(listings: Listings, namespace: string, now: Date): StatusDocument {
  const repositories = readAll("Repository", listings.repositories, repositoryStatus);
  const configs = readAll("BackupConfig", listings.configs, backupConfigStatus);
  const backups = readAll("Backup", listings.backups, backupStatus);
  const waiting = [
    ...repositories.filter((each) => !isReady(each)).map(describeWait),
    ...configs.filter((each) => !isReady(each)).map(describeWait),
    ...backups.filter(runWaits).map(describeWait),
  ];
  const unhealthy = [
    ...[...repositories, ...configs, ...backups].filter(isUnreadable).map(describeWait),
    ...repositories.filter((each) => !isReady(each) && needsAttention(each, now)).map(describeWait),
    ...configs.filter((each) => !isReady(each) && needsAttention(each, now)).map(describeWait),
    ...configs.flatMap(describeBadBackup),
    ...backups.filter((each) => runWaits(each) && needsAttention(each, now)).map(describeWait),
  ].map(({ kind, namespace, name, reason, message }) => ({ kind, namespace, name, reason, message }));
  const forbidden = (["repositories", "configs", "backups"] as const).filter((kind) =>
    listings[kind].kind === "forbidden"
  );
  return {
    apiVersion: API_VERSION,
    kind: "StatusReport",
    namespace,
    time: now.toISOString(),
    healthy: unhealthy.length === 0 && forbidden.length === 0,
    repositories: repositories.map(repositoryRow),
    configs: configs.map(configRow),
    inFlight: backups.filter(runIsInFlight).map(runRow),
    waiting,
    unhealthy,
    forbidden,
  };
}

/** An object as read: its status, or that it cannot be understood. */
interface Seen<S> {
  readonly kind: WaitingRow["kind"];
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly status: S | undefined;
  readonly ready: Condition | undefined;
  readonly stalled: Condition | undefined;
  readonly unreadable: boolean;
}

interface AnyStatus {
  readonly conditions?: readonly Condition[] | undefined;
}

function readAll<S extends AnyStatus>(
  kind: WaitingRow["kind"],
  listing: Listing,
  schema: z.ZodType<S>,
): readonly Seen<S>[] {
  if (listing.kind === "forbidden") return [];
  return listing.objects.map((object) => {
    const { name, namespace = "" } = object.metadata;
    const parsed = schema.optional().safeParse(object["status"]);
    const status = parsed.success ? parsed.data : undefined;
    const ready = findCondition(status?.conditions, "Ready");
    const stalled = findCondition(status?.conditions, "Stalled");
    return { kind, object, namespace, name, status, ready, stalled, unreadable: !parsed.success };
  }).sort(byName);
}

function byName(
  a: { readonly namespace: string; readonly name: string },
  b: { readonly namespace: string; readonly name: string },
): number {
  const [left, right] = [`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

function isUnreadable(seen: Seen<unknown>): boolean {
  return seen.unreadable;
}

function isReady(seen: Seen<unknown>): boolean {
  return seen.unreadable || seen.ready?.status === "True";
}

/** False at once, anything that may still come right after a while. */
function needsAttention(seen: Seen<unknown>, now: Date): boolean {
  if (seen.stalled?.status === "True" || seen.ready?.status === "False") return true;
  const since = Date.parse(describeWait(seen).since ?? "");
  return now.getTime() - since > GRACE_SECONDS * 1000;
}

function describeWait(seen: Seen<unknown>): WaitingRow {
  const { kind, namespace, name, ready, stalled, object } = seen;
  const why = seen.unreadable
    ? { reason: "Unreadable", message: "Its status is of a form this version of kopiur does not know" }
    : stalled?.status === "True"
    ? stalled
    : ready ?? { reason: "NotObserved", message: "No controller has looked at it yet" };
  const since = ready?.lastTransitionTime ?? object.metadata.creationTimestamp;
  const row = { kind, namespace, name, reason: why.reason, message: why.message };
  return since === undefined ? row : { ...row, since };
}

function describeBadBackup(seen: Seen<BackupConfigStatus>): readonly WaitingRow[] {
  const last = seen.status?.lastBackup;
  if (last === undefined || last.outcome === "success") return [];
  const reason = last.outcome === "partial" ? "BackupPartial" : "BackupFailed";
  const message = `Backup "${last.backupRef.name}": ${last.message}`;
  return [{ kind: seen.kind, namespace: seen.namespace, name: seen.name, reason, message, since: last.time }];
}

/** A run that has not begun, or has begun and is held up by something. */
function runWaits(seen: Seen<BackupStatus>): boolean {
  switch (seen.status?.phase) {
    case undefined:
    case "Pending":
      return !seen.unreadable;
    case "Running":
      return seen.ready !== undefined && seen.ready.reason !== "Running";
    case "Deleting":
      return seen.ready !== undefined && seen.ready.reason !== "Deleting";
    case "Succeeded":
    case "Failed":
      return false;
  }
}

function runIsInFlight(seen: Seen<BackupStatus>): boolean {
  return seen.status?.phase === "Running" || seen.status?.phase === "Deleting";
}

function repositoryRow(seen: Seen<RepositoryStatus>): RepositoryRow {
  const { phase, backend, uniqueId, storageStats } = seen.status ?? {};
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
  });
}

const namesRepository = z.object({ spec: z.object({ repository: z.object({ name: z.string() }) }) });
const namesConfig = z.object({ spec: z.object({ configRef: z.object({ name: z.string() }) }) });

function configRow(seen: Seen<BackupConfigStatus>): ConfigRow {
  const { consecutiveFailures, lastBackup, lastSuccessfulBackup } = seen.status ?? {};
  return withoutAbsent({
    namespace: seen.namespace,
    name: seen.name,
    repository: namesRepository.safeParse(seen.object).data?.spec.repository.name,
    ready: seen.ready?.status,
    reason: seen.ready?.reason,
    consecutiveFailures,
    lastBackup,
    lastSuccessfulBackup,
  });
}

function runRow(seen: Seen<BackupStatus>): RunRow {
  const snapshots = seen.status?.snapshots ?? [];
  const done = snapshots.filter(({ phase }) => phase === "Succeeded" || phase === "Failed").length;
  return withoutAbsent({
    namespace: seen.namespace,
    name: seen.name,
    config: namesConfig.safeParse(seen.object).data?.spec.configRef.name,
    phase: seen.status?.phase ?? "Pending",
    startTime: seen.status?.timing?.startTime,
    traceId: seen.status?.traceId,
    sources: { done, total: snapshots.length },
  });
}

type Present<T> =
  & {
    [K in keyof T as undefined extends T[K] ? never : K]: T[K];
  }
  & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/** Fields that hold nothing are left out: absent is absent in every format. */
function withoutAbsent<T extends object>(row: T): Present<T> {
  const entries = Object.entries(row).filter(([, value]) => value !== undefined);
  // Exactly the fields whose value is undefined are gone.
  return Object.fromEntries(entries) as Present<T>;
}
