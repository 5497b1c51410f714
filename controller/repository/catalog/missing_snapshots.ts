import { ANNOTATION } from "../../../api/mod.ts";
import type { Annotating } from "../../../kube/types.ts";
import { missingIds, missingNoteText } from "../../shared/mod.ts";
import { BACKUP, type EndedRun } from "./backups_seen.ts";
import type { Catalog } from "./world.ts";
import type { ReadListing } from "./listing.ts";

/** Clocks of nodes differ a little. */
const CLOCK_SKEW_MS = 60_000;

/** A run whose note must change. */
export interface UnnotedRun {
  readonly run: EndedRun;
  /** Ids of the missing snapshots; empty to remove the note. */
  readonly missing: readonly string[];
}

/** The missing snapshots of all runs. */
export interface MissingSnapshots {
  readonly unnoted: readonly UnnotedRun[];
  /** The number of missing snapshots. */
  readonly count: number;
  /** Set when most of what a whole listing should show is missing: nothing is removed then. */
  readonly shortfall: Shortfall | undefined;
}

/** How many of the expected snapshots a listing does not show. */
export interface Shortfall {
  readonly missing: number;
  readonly expected: number;
}

/**
 * Compares the snapshots of our own runs with a listing. One is missing when a whole listing that began after the
 * run had ended does not show it; one that is shown is there, whatever the listing leaves out.
 */
export function missingSnapshots(catalog: Catalog): MissingSnapshots {
  const { listing, runs } = catalog;
  const unnoted: UnnotedRun[] = [];
  // Many runs may rely on one snapshot.
  const gone = new Set<string>();
  for (const run of runs) {
    const missing = missingOf(run, listing);
    for (const id of missing) gone.add(id);
    if (!isNoted(run.note, missing)) unnoted.push({ run, missing });
  }
  return { unnoted, count: gone.size, shortfall: shortfallOf(catalog) };
}

/**
 * Single snapshots may be deleted by hand. But a listing that lacks most of the known snapshots
 * means more likely that the storage changed, or that something is wrong.
 */
function shortfallOf({ listing, runs, discovered }: Catalog): Shortfall | undefined {
  if (listing.truncated) return undefined;
  const judged = runs.filter((run) => canJudge(run, listing)).flatMap(({ snapshotIds }) => snapshotIds);
  const ids = new Set([...judged, ...discovered.map(({ snapshotId }) => snapshotId)]);
  const missing = [...ids].filter((id) => !listing.snapshots.has(id)).length;
  return missing > 1 && missing * 2 > ids.size ? { missing, expected: ids.size } : undefined;
}

/** The annotation with the note. */
export function noting({ run: { key, uid }, missing }: UnnotedRun, { endedAt }: ReadListing): Annotating {
  const note = missing.length === 0 ? null : missingNoteText({ at: endedAt, ids: [...missing] });
  return { resource: BACKUP, key, uid, annotations: { [ANNOTATION.snapshotMissing]: note } };
}

function missingOf(run: EndedRun, listing: ReadListing): readonly string[] {
  const absent = run.snapshotIds.filter((id) => !listing.snapshots.has(id));
  return canJudge(run, listing) ? absent : absent.filter((id) => missingIds(run.note).includes(id));
}

function canJudge({ endMs }: EndedRun, { truncated, startedMs }: ReadListing): boolean {
  return !truncated && endMs + CLOCK_SKEW_MS < startedMs;
}

/** True when the note is already right; an empty or unreadable note never is. */
function isNoted(note: EndedRun["note"], missing: readonly string[]): boolean {
  if (note === undefined) return missing.length === 0;
  const said = missingIds(note);
  return said.length > 0 && said.length === missing.length && missing.every((id) => said.includes(id));
}
