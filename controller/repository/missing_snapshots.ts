import { ANNOTATION } from "../../api/mod.ts";
import type { Annotating } from "../../kube/types.ts";
import { missingIds, missingNoteText } from "../shared/mod.ts";
import { BACKUP, type EndedRun } from "./backups_seen.ts";
import type { Catalog } from "./catalog_world.ts";
import type { ReadListing } from "./listing.ts";

/** Clocks of nodes differ a little. */
const CLOCK_SKEW_MS = 60_000;

/** What is to be said to runs about their snapshots. */
export interface MissingSnapshots {
  readonly annotate: readonly Annotating[];
  /** Snapshots that are missing, of all runs. */
  readonly count: number;
}

/**
 * Compares the snapshots of our own runs with a listing. One is missing when a whole listing that began after the
 * run had ended does not show it; one that is shown is there, whatever the listing leaves out.
 */
export function missingSnapshots({ listing, runs }: Catalog): MissingSnapshots {
  const listed = new Set(listing.entries.map(({ id }) => id));
  const annotate: Annotating[] = [];
  let count = 0;
  for (const run of runs) {
    const missing = missingOf(run, listing, listed);
    count += missing.length;
    const note = missing.length === 0 ? null : missingNoteText({ at: listing.endedAt, ids: [...missing] });
    if (isSaid(run.note, missing)) continue;
    const { key, uid } = run;
    annotate.push({ resource: BACKUP, key, uid, annotations: { [ANNOTATION.snapshotMissing]: note } });
  }
  return { annotate, count };
}

function missingOf(
  { endMs, snapshotIds, note }: EndedRun,
  { truncated, startedMs }: ReadListing,
  listed: ReadonlySet<string>,
): readonly string[] {
  const absent = snapshotIds.filter((id) => !listed.has(id));
  const canTell = !truncated && endMs + CLOCK_SKEW_MS < startedMs;
  return canTell ? absent : absent.filter((id) => missingIds(note).includes(id));
}

/** A note that names nothing, or that nobody can read, is written anew or taken off. */
function isSaid(note: EndedRun["note"], missing: readonly string[]): boolean {
  if (note === undefined) return missing.length === 0;
  const said = missingIds(note);
  return said.length > 0 && said.length === missing.length && missing.every((id) => said.includes(id));
}
