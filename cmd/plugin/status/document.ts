import { backupConfigStatus } from "../../../api/kinds/backup_config.ts";
import { backupScheduleStatus } from "../../../api/kinds/backup_schedule.ts";
import { API_VERSION } from "../../../api/meta.ts";
import { repositoryStatus } from "../../../api/kinds/repository.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { heldDeletions } from "../deletions/held.ts";
import { type Complaint, complaintsOf } from "./health.ts";
import {
  describeWait,
  isReady,
  type Listing,
  type Listings,
  readAll,
  type Seen,
  type WaitingRow,
} from "./objects.ts";
import {
  type BackupGlance,
  backupGlance,
  type ConfigRow,
  configRow,
  type HeldRow,
  heldRows,
  isSuspended,
  type MissingRow,
  missingRow,
  type RepositoryRow,
  repositoryRow,
  type RunRow,
  runRow,
  type ScheduleRow,
  scheduleRow,
  type UnprotectedRow,
} from "./rows.ts";
import { unprotectedRows } from "./unprotected_rows.ts";

/** The status as `-o json` and `-o yaml` print it. Stable: fields are added, never changed. */
export interface StatusDocument {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "StatusReport";
  /** Empty for all namespaces. */
  readonly namespace: string;
  readonly time: string;
  /** True when nothing is unhealthy and every kind of ours could be seen. */
  readonly healthy: boolean;
  readonly repositories: readonly RepositoryRow[];
  readonly configs: readonly ConfigRow[];
  readonly schedules: readonly ScheduleRow[];
  readonly inFlight: readonly RunRow[];
  readonly waiting: readonly WaitingRow[];
  /** Deletions that wait for a person, by namespace. */
  readonly deletionsHeld: readonly HeldRow[];
  /** Backups whose snapshots are gone from their repository. */
  readonly missingSnapshots: readonly MissingRow[];
  /** Claims that no BackupConfig covers, by namespace; they are not unhealthy. */
  readonly unprotected: readonly UnprotectedRow[];
  readonly unhealthy: readonly Complaint[];
  /** Kinds that the user may not list; the fields above are incomplete for them. */
  readonly forbidden: readonly (keyof Listings)[];
}

/** The kinds that must be listed for `healthy`. */
export const OUR_KINDS = ["repositories", "configs", "schedules", "backups"] as const;

/** Builds the document. Pure; an object that this release cannot read becomes a complaint, not an error. */
export function buildStatus(listings: Listings, namespace: string, now: Date): StatusDocument {
  const repositories = readAll("Repository", listings.repositories, repositoryStatus);
  const configs = readAll("BackupConfig", listings.configs, backupConfigStatus);
  const schedules = readAll("BackupSchedule", listings.schedules, backupScheduleStatus);
  const backups = readAll("Backup", listings.backups, backupGlance);
  const held = heldDeletions(objectsOf(listings.backups));
  const isHeld = new Set(held.map(({ uid }) => uid));
  // Held deletions have their own section, and discovered Backups are no runs.
  const runs = backups.filter(({ object }) =>
    !isHeld.has(object.metadata.uid ?? "") && !isDiscovered(object)
  );
  const deletionsHeld = heldRows(held);
  const missingSnapshots = backups.flatMap((seen) => missingRow(seen) ?? []);
  const waits = [
    ...repositories.filter((each) => !isReady(each)),
    ...configs.filter((each) => !isReady(each)),
    ...schedules.filter((each) => !isReady(each) && (!isSuspended(each) || each.stalled?.status === "True")),
    ...runs.filter(runWaits),
  ];
  const unhealthy = complaintsOf({
    unreadable: [...repositories, ...configs, ...schedules, ...backups],
    waits,
    repositories,
    configs,
    schedules,
    deletionsHeld,
    missingSnapshots,
  }, now);
  const forbidden = ([...OUR_KINDS, "claims", "namespaces"] as const).filter((kind) =>
    listings[kind].kind === "forbidden"
  );
  return {
    apiVersion: API_VERSION,
    kind: "StatusReport",
    namespace,
    time: now.toISOString(),
    healthy: unhealthy.length === 0 && OUR_KINDS.every((kind) => listings[kind].kind === "listed"),
    repositories: repositories.map(repositoryRow),
    configs: configs.map(configRow),
    schedules: schedules.map(scheduleRow),
    inFlight: runs.filter(runIsInFlight).map(runRow),
    waiting: waits.map(describeWait),
    deletionsHeld,
    missingSnapshots,
    unprotected: unprotectedRows(listings),
    unhealthy,
    forbidden,
  };
}

function objectsOf(listing: Listing): readonly KubeObject[] {
  return listing.kind === "listed" ? listing.objects : [];
}

/** From the spec, so that it is right before the controller has seen it. */
function isDiscovered(backup: KubeObject): boolean {
  const { spec } = backup;
  return typeof spec === "object" && spec !== null && "discovered" in spec && spec.discovered !== undefined;
}

/** True for a run that waits before its start, while running, or while it is being deleted. */
function runWaits(seen: Seen<BackupGlance>): boolean {
  const phase = seen.status?.phase;
  switch (phase) {
    case undefined:
    case "Pending":
      return !seen.unreadable;
    case "Running":
      return seen.ready !== undefined && seen.ready.reason !== "Running";
    case "Deleting":
      return seen.ready !== undefined && seen.ready.reason !== "Deleting";
    case "Succeeded":
    case "Failed":
    case "Discovered":
      return false;
    default:
      return phase satisfies never;
  }
}

function runIsInFlight(seen: Seen<BackupGlance>): boolean {
  return seen.status?.phase === "Running" || seen.status?.phase === "Deleting";
}
