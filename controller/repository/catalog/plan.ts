import {
  CATALOG_MAX_SNAPSHOTS,
  type ConditionChange,
  findCondition,
  type Reason,
  REASONS,
  type RepositoryStatus,
} from "../../../api/mod.ts";
import type { Annotating, DesiredObject, Removal } from "../../../kube/types.ts";
import type { PlannedEvent } from "../../runtime/plan.ts";
import { BACKUP, type DiscoveredBackup } from "./backups_seen.ts";
import { discover, offerDiscovered } from "./discover.ts";
import { missingSnapshots, noting, type Shortfall } from "./missing_snapshots.ts";
import type { RepositoryObject } from "../repository_object.ts";
import type { Listing } from "./listing.ts";
import type { Catalog } from "./world.ts";

/** The most writes of one pass: five thousand snapshots must not occupy a worker for minutes. */
const WRITES_PER_PASS = 50;
const NEXT_PASS_SECONDS = 1;
/** How long a missing log is waited for: it may come a moment after the end of its pod. */
const LOG_GRACE_MS = 20_000;
const LOG_RETRY_SECONDS = 5;

/** The listing in a pass. */
interface SeenCatalog {
  readonly repository: RepositoryObject;
  readonly listing: Listing;
  /** Undefined without a readable listing. */
  readonly catalog: Catalog | undefined;
}

/** The part of a plan about the listing. */
interface CatalogPlan {
  readonly annotate: readonly Annotating[];
  readonly offer: readonly DesiredObject[];
  readonly remove: readonly Removal[];
  readonly conditions: readonly ConditionChange[];
  readonly events: readonly PlannedEvent[];
  /** Set while something is left to do. */
  readonly recheckAfterSeconds?: number;
  /** How far the listing is processed when this pass succeeds. */
  readonly end?: CatalogEnd;
}

/** How far a listing is: processed, or unreadable, which leaves the known facts. */
export type CatalogEnd =
  | { readonly kind: "lost" }
  | {
    readonly kind: "worked";
    /** False when another pass must follow, unless the offers of this one are refused. */
    readonly isLast: boolean;
    /** Counts the existing discovered Backups, without those of `offer`. */
    readonly catalog: NonNullable<RepositoryStatus["catalog"]>;
  };

/** Processes as much of a listing as one pass may. */
export function planCatalog({ repository, listing, catalog }: SeenCatalog, now: Date): CatalogPlan {
  if (catalog !== undefined) return workThrough(repository, catalog);
  const { status } = repository;
  if (listing.kind === "unreadable") {
    const age = Math.abs(now.getTime() - Date.parse(listing.endedAt ?? ""));
    if (age < LOG_GRACE_MS) return { ...NOTHING, recheckAfterSeconds: LOG_RETRY_SECONDS };
    const reported = tell(
      status,
      "UnexpectedOutput",
      "The listing of the snapshots could not be read",
      listing.why,
    );
    return { ...NOTHING, ...reported, end: { kind: "lost" }, recheckAfterSeconds: NEXT_PASS_SECONDS };
  }
  return { ...NOTHING, ...afterOffers(status) };
}

const NOTHING: CatalogPlan = { annotate: [], offer: [], remove: [], conditions: [], events: [] };

function workThrough(repository: RepositoryObject, catalog: Catalog): CatalogPlan {
  const { unnoted, count, shortfall } = missingSnapshots(catalog);
  const saysWhatIsGone = !catalog.listing.truncated && shortfall === undefined;
  const { lacking, drop, stay } = discover(repository, catalog, { saysWhatIsGone });
  const room = { writes: WRITES_PER_PASS };
  const said = take(unnoted, room);
  const dropped = take(drop, room);
  const offer = offerDiscovered(repository, { lacking, namesInUse: catalog.namesInUse }, room.writes);
  const isLast = said.length === unnoted.length && dropped.length === drop.length && offer.isWhole;
  const { endedAt, truncated } = catalog.listing;
  // While some offers were refused and more are made now, it is too early for CatalogRead=True.
  const isTooEarly = !isLast ||
    (offer.objects.length > 0 && repository.status.catalog?.refused !== undefined);
  return {
    ...NOTHING,
    annotate: said.map((each) => noting(each, catalog.listing)),
    remove: dropped.map(removalOf),
    offer: offer.objects,
    ...(isTooEarly ? {} : reported(repository.status, { truncated, skipped: offer.skipped, shortfall })),
    end: {
      kind: "worked",
      isLast,
      catalog: {
        discoveredBackupCount: stay,
        missingSnapshotCount: count,
        lastRefreshAt: endedAt,
        truncated,
      },
    },
    recheckAfterSeconds: NEXT_PASS_SECONDS,
  };
}

/** The report of a completely processed listing. */
function reported(
  status: RepositoryStatus,
  { truncated, skipped, shortfall }: {
    readonly truncated: boolean;
    readonly skipped: number;
    readonly shortfall: Shortfall | undefined;
  },
): Pick<CatalogPlan, "conditions" | "events"> {
  if (shortfall === undefined) return { conditions: [readCondition(truncated, skipped)], events: [] };
  const { missing, expected } = shortfall;
  const message =
    `${REASONS.CatalogShrunk}: ${missing} of ${expected} are missing, and nothing is removed for ` +
    "that: look whether it is the right storage and whether kopia can list it; discovered Backups whose snapshots " +
    "are really gone are yours to delete";
  return tell(status, "CatalogShrunk", message, message);
}

function removalOf({ key, uid }: DiscoveredBackup): Removal {
  return { resource: BACKUP, key, uid, propagation: "Background" };
}

function take<T>(from: readonly T[], room: { writes: number }): readonly T[] {
  const namesInUse = from.slice(0, room.writes);
  room.writes -= namesInUse.length;
  return namesInUse;
}

/** The report after the offers: whether all were accepted. */
function afterOffers(status: RepositoryStatus): Partial<CatalogPlan> {
  if (status.catalog === undefined) return {};
  const { refused, truncated } = status.catalog;
  if (refused !== undefined) return tell(status, "Forbidden", refused, refused);
  const before = findCondition(status.conditions, "CatalogRead");
  const wasRefused = before?.status === "False" && before.reason === "Forbidden";
  return wasRefused ? { conditions: [readCondition(truncated, 0)] } : {};
}

function readCondition(truncated: boolean, skipped: number): ConditionChange {
  const parts = [
    REASONS.CatalogRead,
    ...(truncated
      ? [
        `the repository holds more (a listing has ${CATALOG_MAX_SNAPSHOTS} at most), so none is said to be gone`,
      ]
      : []),
    ...(skipped > 0 ? [`no discovered Backup can be made for ${skipped} of the snapshots`] : []),
  ];
  const value = { type: "CatalogRead", status: "True", reason: "CatalogRead" } as const;
  return { kind: "set", value: { ...value, message: parts.join("; ") } };
}

/** The condition has a stable sentence; the Event, sent once, has the original text. */
function tell(
  { conditions }: RepositoryStatus,
  reason: Reason,
  message: string,
  note: string,
): Pick<CatalogPlan, "conditions" | "events"> {
  const before = findCondition(conditions, "CatalogRead");
  const isReported = before?.status === "False" && before.reason === reason;
  return {
    conditions: [{ kind: "set", value: { type: "CatalogRead", status: "False", reason, message } }],
    events: isReported ? [] : [{ type: "Warning", reason, action: "ReadCatalog", note }],
  };
}
